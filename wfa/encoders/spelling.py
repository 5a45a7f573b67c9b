"""Texts as token ids and back, whole: nothing cut, nothing put around them."""

import re
from collections.abc import Sequence
from typing import Any

_TIDY = (
    (re.compile(r"(?<=\d) (?=\d)"), ""),  # 3 4 2 -> 342
    (re.compile(r"(?<=\d) , (?=\d{3}(?!\d))"), ","),  # 342 , 000
    (re.compile(r"(?<=\d) \. (?=\d)"), "."),  # 0 . 5
    (re.compile(r"(?<=\w) ([-/]) (?=\w)"), r"\1"),  # broad - leaved
    (re.compile(r" '(?=\w)"), "'"),  # region 's
    (re.compile(r" ([.,;:!?%)\]]+)"), r"\1"),
    (re.compile(r"([(\[~]) "), r"\1"),
    (re.compile(r'" (.*?) ?"'), r'"\1"'),
)
"""CLIP's tokens know no spaces: where English has none beside a sign, it is taken out."""


class Spelling:
    """Turns a text into the tokens of an open_clip tokenizer and those into a text.

    Args:
        tokenizer: The tokenizer: CLIP's own, or one around a tokenizer of Hugging Face's.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._inner = getattr(tokenizer, "tokenizer", None)

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a text, without a start or an end."""
        text = text.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates
        if self._inner is not None:
            return list(self._inner.encode(text, add_special_tokens=False))
        return list(self._tokenizer.encode(text))

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of tokens; CLIP's have lower-case letters only."""
        if self._inner is not None:
            return str(self._inner.decode(list(ids), skip_special_tokens=True)).strip()
        text = " ".join(self._tokenizer.decode(list(ids)).split())
        for pattern, tidied in _TIDY:
            text = pattern.sub(tidied, text)
        return text
