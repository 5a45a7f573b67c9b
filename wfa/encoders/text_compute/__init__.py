"""The text towers of open_clip, computed for the tokens that captions have and no others."""

from wfa.encoders.text_compute.routes import encode_text, tokens_computed, trims

__all__ = ["encode_text", "tokens_computed", "trims"]
