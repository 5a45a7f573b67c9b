"""Folding: the form in which two captions count as the same caption."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from wfa.captions.characters import latin_1, lines_at, table_of
from wfa.numbering import distinct

# What may end or separate clauses, in the scripts that captions are written in. Signs that carry
# meaning at the end of a caption ("50 %", "5 m (approx)", quotes) are left alone.
FINAL_PUNCTUATION = (
    ".,;:!?\u2026"
    "\u3002\uff0e\uff61\uff0c\u3001\uff1b\uff1a\uff01\uff1f"  # Chinese, Japanese
    "\u060c\u061b\u061f\u06d4\u0964\u0965"  # Arabic, Urdu, Hindi
)
_STRIPPED = FINAL_PUNCTUATION + " "

# White space but the space, what is not ASCII, and "?", which stands for what is not Latin-1.
_ODD = table_of("?" + "".join(map(chr, [*range(32), *range(127, 256)])))
_SPACE = ord(" ")


def fold(text: str, lowercase: bool = True) -> str:
    """Fold case, white space and final punctuation.

    White space is what Unicode calls so; runs of it become one space and none is left at either
    end. Every string has a folded form (possibly empty), and folding it again changes nothing.

    Args:
        text: A caption; a lone surrogate stays as it is.
        lowercase: Fold case too, by Unicode case folding.
    """
    return " ".join((text.casefold() if lowercase else text).split()).rstrip(_STRIPPED)


def fold_all(texts: Sequence[str], lowercase: bool = True) -> list[str]:
    """Fold many texts at once; the same as `fold` of each."""
    characters = latin_1(texts)
    odd = _ODD[characters]
    odd[1:] |= (characters[1:] == _SPACE) & (characters[:-1] == _SPACE)
    lines = list(texts)
    # ASCII lines with single spaces are folded together, the odd ones by themselves.
    alone = {place: fold(lines[place], lowercase) for place in lines_at(lines, odd)}
    for place in alone:
        lines[place] = ""
    joined = "\n".join(lines)
    folded = (joined.lower() if lowercase else joined).split("\n")[: len(lines)]
    folded = [line.lstrip(" ").rstrip(_STRIPPED) for line in folded]
    for place, text in alone.items():
        folded[place] = text
    return folded


def caption_ids(captions: Sequence[str], lowercase: bool = True) -> NDArray[np.int64]:
    """Number captions so that those equal after folding share one id.

    Args:
        captions: N captions.
        lowercase: Fold case too.

    Returns:
        Ids (N,), 0, 1, 2, ... in the order in which a folded caption is first seen.
    """
    spellings, spelling = distinct(captions)
    return distinct(fold_all(spellings, lowercase))[1][spelling]


@lru_cache(maxsize=1 << 18)
def caption_key(text: str) -> int:
    """Return the identity of a caption, in [0, 2^63): equal for those that are equal once folded.

    A hash, so that it is the same in every process and data set, and needs no table of millions of
    texts: among the 100,000 captions of a large batch, one batch in a billion confuses two.
    """
    digest = blake2b(fold(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
