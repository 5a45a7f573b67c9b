"""The tokens that sacrebleu's 13a tokenizer gives, for many captions at once."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import cast

import numpy as np

from wfa.captions.characters import latin_1, lines_at, table_of
from wfa.captions.segments import Ints, ranges, starts_of

# 13a pads every sign of `{-~ [-` !-& (-+ :-@ /` with spaces, and every `.` and `,` but those
# between digits; `-` is split off after a digit; a line end after `-` is dropped. So where nothing
# below occurs, padding `.` and `,` is all it does.
_HARD = re.compile(r"[{-~\[-`!-&(-+:-@/]|[0-9][.,\-]|[.,][0-9]|-\n").search
# Every match of `_HARD` holds one of these characters, which a table finds faster.
_SUSPECT = table_of('{|}~[\\]^_`!"#$%&()*+:;<=>?@/0123456789\n')

# Never a token: 13a puts spaces on both sides of every bar.
_BREAK = "||"


@dataclass(frozen=True, slots=True)
class TokenTable:
    """U texts as integers.

    Attributes:
        ids: Token ids (T,) int64 in 0..vocabulary-1, one text after the other.
        lengths: Tokens of each text (U,) int64; they sum to T.
        vocabulary: Number of distinct tokens.
    """

    ids: Ints
    lengths: Ints
    vocabulary: int


def tokenize_13a(text: str, lowercase: bool = True) -> str:
    """Give the tokens of `text` joined by spaces, as sacrebleu's BLEU prepares a segment."""
    if lowercase:
        text = text.lower()
    return _peer()(text.rstrip())


def word_tokens(texts: Sequence[str], lowercase: bool = True) -> TokenTable:
    """Tokenize U texts as sacrebleu's 13a does; pass each distinct text once.

    Equal tokens have equal ids, so n-grams can be compared as integers without any collision.
    """
    lines = list(map(str.lower, texts) if lowercase else texts)
    # "?" is suspect, so lines with a character outside Latin-1 are too.
    suspects = lines_at(lines, _SUSPECT[latin_1(lines)])
    peer = {p: tokenize_13a(lines[p], lowercase=False) for p in suspects if _HARD(lines[p])}
    for place in peer:
        lines[place] = ""
    joined = f" {_BREAK} ".join(lines).replace(".", " . ").replace(",", " , ")
    # The hard lines come last; below they take the places of the gaps that they left.
    tokens = " ".join([joined, *(f"{_BREAK} {line}" for line in peer.values()), _BREAK]).split()
    number: defaultdict[str, int] = defaultdict(count().__next__)
    number[_BREAK] = -1
    ids = np.fromiter(map(number.__getitem__, tokens), np.int64, len(tokens))
    lengths = np.diff(np.flatnonzero(ids < 0), prepend=-1) - 1
    source = np.arange(len(texts))
    source[list(peer)] = np.arange(len(texts), len(texts) + len(peer))
    ids = ids[ids >= 0][ranges(starts_of(lengths)[source], lengths[source])]
    return TokenTable(ids, lengths[source], len(number) - 1)


def character_tokens(texts: Sequence[str], lowercase: bool = True) -> TokenTable:
    """Take the characters of U texts, white space left out, as chrF does.

    Ids are dense, not code points; a lone surrogate is a character like any other.
    """
    lines = ["".join((text.lower() if lowercase else text).split()) for text in texts]
    points = np.frombuffer("".join(lines).encode("utf-32-le", "surrogatepass"), np.uint32)
    distinct, ids = np.unique(points, return_inverse=True)
    lengths = np.fromiter(map(len, lines), np.int64, len(lines))
    return TokenTable(ids.astype(np.int64, copy=False), lengths, len(distinct))


@cache
def _peer() -> Callable[[str], str]:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    # The tokenizer keeps 65,536 lines alive in a cache of its own; each text comes here once.
    return cast(Callable[[str], str], Tokenizer13a())  # type: ignore[no-untyped-call]
