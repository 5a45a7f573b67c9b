"""For every right pair: how many images, and how many texts, score higher or as high as it does.

All retrieval metrics follow from these counts. The matrix of scores is passed once, a few images
at a time, and never kept. A BLAS product is only a filter: its rounding depends on the shape and
place of a block, so whatever it puts within rounding of a threshold is decided by the pair's own
score, the float64 inner product rounded to float32. Counts therefore depend neither on the block
size, nor on the order of rows, nor on the machine's BLAS, and equal features tie exactly.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import numpy.typing as npt

from wfa.errors import ConfigError
from wfa.progress import track
from wfa.retrieval.embeddings import Floats, Integers
from wfa.retrieval.ranks import Reached
from wfa.retrieval.relevance import Pairs, Texts

CHUNK = 256
"""Images scored at once: twice as many pack the texts half as often and leave the cache."""

_GALLERY_AT_ONCE = 4096
_DOTS_AT_ONCE = 1024  # two blocks of 1024 x 512 float64 stay in a core's cache
_COLUMNS_AT_ONCE = 8192
_ROWS_IN_A_BYTE = 255


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts for P right pairs.

    Attributes:
        scores: (P,) float32, the score of each pair.
        images: Images that reach it for the pair's text.
        distinct_texts: Distinct texts that reach it for the pair's image.
        texts: The same with every item counted, equal ones too.
    """

    scores: Floats
    images: Reached
    distinct_texts: Reached
    texts: Reached


def count_reached(images: Floats, texts: Texts, pairs: Pairs, chunk: int = CHUNK) -> Counts:
    """Count what scores higher than each right pair, and what scores at least as high.

    The time is that of one product of (M, D) and (U, D) and little more, unless very many scores
    lie within rounding of each other, as those of a collapsed model do: each costs an inner
    product of its own.

    Args:
        images: (M, D) float32 image features.
        texts: N text items with U distinct rows of features.
        pairs: The right pairs, sorted by image.
        chunk: Images scored at once. Memory is about 9 bytes x chunk x U.

    Raises:
        ConfigError: `chunk` is below 1.
    """
    if chunk < 1:
        raise ConfigError(f"retrieval.chunk is {chunk}: at least 1 image must be scored at once")
    return _Pass(images, texts, pairs).run(chunk)


def pair_scores(images: Floats, texts: Floats, image_rows: Integers, text_rows: Integers) -> Floats:
    """Give the score of each pair of rows: the float64 inner product, rounded to float32.

    Args:
        images: (M, D) float32.
        texts: (U, D) float32.
        image_rows: (P,) rows of `images`.
        text_rows: (P,) rows of `texts`.

    Returns:
        (P,) float32; a value depends on its two rows only.
    """
    scores = np.empty(len(image_rows), np.float32)
    for start in range(0, len(scores), _DOTS_AT_ONCE):
        part = slice(start, start + _DOTS_AT_ONCE)
        scores[part] = np.einsum(
            "pd,pd->p", images[image_rows[part]], texts[text_rows[part]], dtype=np.float64
        )
    return scores


def score_matrix(queries: Floats, gallery: Floats) -> Floats:
    """Give (Q, G) scores as `pair_scores` defines them, in float64 blocks: for few queries.

    Args:
        queries: (Q, D) float32.
        gallery: (G, D) float32.
    """
    scores = np.empty((len(queries), len(gallery)), np.float32)
    exact = queries.astype(np.float64)
    for start in range(0, len(gallery), _GALLERY_AT_ONCE):
        part = slice(start, start + _GALLERY_AT_ONCE)
        scores[:, part] = exact @ gallery[part].T.astype(np.float64)
    return scores


def rounding_bound(images: Floats, texts: Floats) -> np.float32:
    """Bound how far a float32 product may put a score from that of `pair_scores`.

    The error of an inner product of length D grows as sqrt(D) unit roundoffs times |x| |y|
    (Higham and Mary 2019, A New Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci.
    Comput. 41(5)), twice that is taken, and 2 more roundoffs for what is rounded afterwards.
    Over 5e7 inner products of several kinds and lengths the largest was 0.62 sqrt(D).
    """
    unit = 2.0**-24
    longest = np.sqrt(_largest_square(images) * _largest_square(texts))
    return np.float32((2 * np.sqrt(images.shape[1]) + 2) * unit * longest)


def _largest_square(features: Floats) -> float:
    return float(np.einsum("nd,nd->n", features, features).max())


class _Pass:
    """One pass over the matrix of scores, images by texts."""

    def __init__(self, images: Floats, texts: Texts, pairs: Pairs) -> None:
        self.images, self.texts, self.pairs = images, texts.features, pairs
        self.copies = texts.copies
        self.repeated = np.repeat(np.arange(len(self.copies)), self.copies)
        self.starts = np.searchsorted(pairs.image, np.arange(len(images) + 1))
        self.scores = pair_scores(images, self.texts, pairs.image, pairs.text)
        bound = rounding_bound(images, self.texts)
        # Below `low` a product surely misses a pair's score, above `high` it surely beats it.
        self.low, self.high = self.scores - bound, self.scores + bound
        # One pair of each text reads the block's columns as they stand, the rest copies of them.
        self.first = np.unique(pairs.text, return_index=True)[1]
        self.rest = np.setdiff1d(np.arange(len(pairs.text)), self.first)
        self.images_found, self.distinct_found, self.copies_found = (
            Reached(np.zeros(len(pairs.text), np.int64), np.zeros(len(pairs.text), np.int64))
            for _ in range(3)
        )

    def run(self, chunk: int) -> Counts:
        """Pass all blocks."""
        for start, block in self._blocks(chunk):
            self._count_images(block, start, self.first)
            for begin in range(0, len(self.rest), _COLUMNS_AT_ONCE):
                chosen = self.rest[begin : begin + _COLUMNS_AT_ONCE]
                self._count_images(block[:, self.pairs.text[chosen]], start, chosen)
            self._count_texts(block, start)
        return Counts(
            scores=self.scores,
            images=self.images_found,
            distinct_texts=self.distinct_found,
            texts=self.distinct_found + self.copies_found,
        )

    def _blocks(self, chunk: int) -> Iterator[tuple[int, Floats]]:
        """Give (first image, (h, U) scores); the right pairs of a block hold their own score.

        The next block is scored while the one that was given is counted.
        """
        shape = (min(chunk, len(self.images)), len(self.texts))
        spaces = cycle(np.empty(shape, np.float32) for _ in range(2))

        def score(start: int) -> Floats:
            rows = self.images[start : start + chunk]
            return np.matmul(rows, self.texts.T, out=next(spaces)[: len(rows)])

        with ThreadPoolExecutor(1) as ahead:
            starts = range(0, len(self.images), chunk)
            block = ahead.submit(score, 0)
            for start in track(starts, "scoring"):
                scored = block.result()
                if start != starts[-1]:
                    block = ahead.submit(score, start + chunk)
                mine = slice(self.starts[start], self.starts[start + len(scored)])
                scored[self.pairs.image[mine] - start, self.pairs.text[mine]] = self.scores[mine]
                yield start, scored

    def _count_images(self, columns: Floats, start: int, chosen: Integers) -> None:
        """Count images for the chosen pairs; column j holds the scores of pair chosen[j]'s text."""
        low, high = self.low[chosen], self.high[chosen]
        at_least = _count_columns(columns >= low)
        above = _count_columns(columns > high)
        self.images_found.above[chosen] += above
        self.images_found.at_least[chosen] += above
        near = np.flatnonzero(at_least != above)
        part = columns[:, near]
        row, column = np.nonzero((part >= low[near]) & (part <= high[near]))
        pair = chosen[near[column]]
        self._add(self.images_found, pair, start + row, self.pairs.text[pair])

    def _count_texts(self, block: Floats, start: int) -> None:
        """Count texts for all pairs of the block's images."""
        near = []
        flags = np.empty(block.shape[1], np.bool_)
        ends = self.starts[start : start + len(block) + 1].tolist()
        first_pair = ends[0]
        lows, highs = (bound[first_pair : ends[-1]].tolist() for bound in (self.low, self.high))
        for row, begin, end in zip(block, ends, ends[1:], strict=False):
            again = row[self.repeated]
            for pair in range(begin, end):
                low, high = lows[pair - first_pair], highs[pair - first_pair]
                above = np.count_nonzero(np.greater(row, high, out=flags))
                at_least = np.count_nonzero(np.greater_equal(row, low, out=flags))
                self.distinct_found.above[pair] = self.distinct_found.at_least[pair] = above
                if again.size:
                    copies = np.count_nonzero(again > high)
                    self.copies_found.above[pair] = self.copies_found.at_least[pair] = copies
                alone = at_least - above == 1  # the pair itself
                near.append(self.pairs.text[pair : pair + 1] if alone else _inside(row, low, high))
        pair_of = np.repeat(first_pair + np.arange(len(near)), [len(texts) for texts in near])
        text_of = np.concatenate(near)
        image_of = self.pairs.image[pair_of]
        reached = self._add(self.distinct_found, pair_of, image_of, text_of)
        for found, which in zip(
            (self.copies_found.above, self.copies_found.at_least), reached, strict=True
        ):
            np.add.at(found, pair_of[which], self.copies[text_of[which]])

    def _add(
        self, found: Reached, pair: Integers, image_rows: Integers, text_rows: Integers
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Count the (image, text) that truly reach the pair named beside them; say which do."""
        scores, own = pair_scores(self.images, self.texts, image_rows, text_rows), self.scores[pair]
        above, at_least = scores > own, scores >= own
        np.add.at(found.above, pair[above], 1)
        np.add.at(found.at_least, pair[at_least], 1)
        return above, at_least


def _inside(row: Floats, low: float, high: float) -> Integers:
    return np.flatnonzero((row >= low) & (row <= high))


def _count_columns(flags: npt.NDArray[np.bool_]) -> Integers:
    """Count the true values of each column; bytes are summed, 255 rows at a time."""
    found = np.zeros(flags.shape[1], np.int64)
    for start in range(0, len(flags), _ROWS_IN_A_BYTE):
        part = flags[start : start + _ROWS_IN_A_BYTE].view(np.uint8)
        found += np.add.reduce(part, axis=0, dtype=np.uint8)
    return found
