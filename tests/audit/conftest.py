"""Fixtures of captions that audits need."""

from tests.captions.conftest import real_captions

__all__ = ["real_captions"]
