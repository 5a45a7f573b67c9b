"""Tokens of texts, each text tokenised once."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MOST_REMEMBERED = 1_000_000
"""Texts whose tokens are kept; random mixtures of captions would otherwise fill the memory."""


class TokenTable:
    """Turns texts into rows of tokens and remembers them.

    Args:
        tokenizer: U texts -> (U, context length) integer tensor, padded behind the text.
        pad_id: The token that pads.
        context_length: The tokenizer's context length.
        trim: Whether rows may be cut to the longest text of a call.
    """

    def __init__(
        self,
        tokenizer: Callable[[list[str]], Tensor],
        pad_id: int,
        context_length: int,
        trim: bool,
    ) -> None:
        self._tokenizer = tokenizer
        self._pad_id = pad_id
        self._context_length = context_length
        self._trim = trim
        self._rows: dict[str, NDArray[np.int64]] = {}

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Return the tokens of U texts, (U, L) int64, padded behind each text.

        L is the longest text's length, or the context length for a tower that sees its padding.
        """
        rows = self._known(texts)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        width = int(lengths.max(initial=1)) if self._trim else self._context_length
        tokens = np.full((len(rows), width), self._pad_id, np.int64)
        if rows:
            tokens[np.arange(width) < lengths[:, None]] = np.concatenate(rows)
        return torch.from_numpy(tokens)

    def _known(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        missing = list(dict.fromkeys(text for text in texts if text not in self._rows))
        if len(self._rows) + len(missing) > MOST_REMEMBERED:
            self._rows.clear()
            missing = list(dict.fromkeys(texts))
        if missing:
            self._rows.update(zip(missing, self._tokenise(missing), strict=True))
        return [self._rows[text] for text in texts]

    def _tokenise(self, texts: list[str]) -> list[NDArray[np.int64]]:
        # A lone surrogate is no text that any tokenizer can encode.
        encodable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        padded = self._tokenizer(encodable).numpy().astype(np.int64)
        filled = padded != self._pad_id
        # The last token that is no padding: padding's number may also stand inside a text.
        lengths = padded.shape[1] - filled[:, ::-1].argmax(axis=1)
        lengths = np.where(filled.any(axis=1), lengths, 1)
        return [row[:length].copy() for row, length in zip(padded, lengths.tolist(), strict=True)]
