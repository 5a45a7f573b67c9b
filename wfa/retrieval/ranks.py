"""Ranks of right answers under every rule of ties, and the file that keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wfa.errors import check_known
from wfa.files import atomic_write
from wfa.retrieval.embeddings import Floats, Integers
from wfa.retrieval.ties import EXPECTED, TIES, WORST, Reals

SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("protocol", pa.string()),
        ("queries", pa.string()),
        ("direction", pa.string()),
        ("query_id", pa.string()),
        ("rank", pa.int64()),
        ("relevant", pa.int64()),
        ("tied_wrong", pa.int64()),
        ("tied_right", pa.int64()),
    ]
)
"""Columns of `ranks.parquet`: the `worst` rank of the best right answer, how many answers are
`relevant`, and how many wrong and right answers have the score of the best right one."""


@dataclass(frozen=True, eq=False)
class Reached:
    """How many items of the gallery reach the score of each of P right pairs.

    Attributes:
        above: (P,) int64, items that score higher.
        at_least: (P,) int64, items that score at least as high, the pair's own among them.
    """

    above: Integers
    at_least: Integers

    def of(self, pairs: Integers) -> "Reached":
        """Give the counts of some pairs."""
        return Reached(self.above[pairs], self.at_least[pairs])

    def __add__(self, other: "Reached") -> "Reached":
        return Reached(self.above + other.above, self.at_least + other.at_least)


@dataclass(frozen=True, eq=False)
class Ranking:
    """How Q queries fared.

    The best right answers of a query score alike: `tied_right` of them, with `tied_wrong` wrong
    answers of the same score, behind `above` answers of higher scores, all of them wrong.

    Attributes:
        above: (Q,) int64.
        tied_wrong: (Q,) int64.
        tied_right: (Q,) int64, at least 1.
        relevant: (Q,) int64, number of right answers, at least 1.
        worst_precision: (Q,) average precision, in (0, 1], under each rule of ties.
        expected_precision: (Q,)
        best_precision: (Q,)
    """

    above: Integers
    tied_wrong: Integers
    tied_right: Integers
    relevant: Integers
    worst_precision: Reals
    expected_precision: Reals
    best_precision: Reals

    @classmethod
    def without_ties(cls, rank: Integers, precision: Reals, relevant: Integers) -> "Ranking":
        """Make the ranking of queries whose best right answers tie with no wrong ones.

        Args:
            rank: (Q,) rank of the best right answer, from 1.
            precision: (Q,) average precision.
            relevant: (Q,) number of right answers.
        """
        return cls(
            rank - 1, np.zeros_like(rank), np.ones_like(rank), relevant,
            precision, precision, precision,
        )  # fmt: skip

    def __getitem__(self, query: Integers) -> "Ranking":
        """Give the rankings of some queries."""
        return Ranking(*(getattr(self, field.name)[query] for field in fields(self)))

    @property
    def rank(self) -> Integers:
        """(Q,) the worst rank of the best right answer, from 1."""
        return self.above + self.tied_wrong + 1

    def ranks(self, ties: str = WORST) -> Reals:
        """Return the rank of the best right answer, (Q,), from 1; `expected` may lie in between.

        The first of o right answers among t wrong ones in random order has t / (o + 1) of them
        before it on average.

        Raises:
            ConfigError: There is no such rule of ties.
        """
        before = _by_rule(
            ties, self.tied_wrong, self.tied_wrong / (self.tied_right + 1),
            np.zeros_like(self.tied_wrong),
        )  # fmt: skip
        return np.asarray(self.above + before + 1, np.float64)

    def precision(self, ties: str = WORST) -> Reals:
        """Return the average precision, (Q,).

        Raises:
            ConfigError: There is no such rule of ties.
        """
        return _by_rule(ties, self.worst_precision, self.expected_precision, self.best_precision)

    def hits(self, k: int, ties: str = WORST) -> Reals:
        """Return the chance, (Q,), that a right answer is among the first `k`.

        Of t wrong and o right answers that tie, the first n in random order are all wrong with
        probability prod_{j<n} (t - j) / (t + o - j).

        Raises:
            ConfigError: There is no such rule of ties.
        """
        if ties != EXPECTED:
            return (self.ranks(ties) <= k).astype(np.float64)
        missed = (self.above < np.inf).astype(np.float64)
        for place in range(k):  # a place counts where the first k reach so far into the tie
            inside = place < k - self.above
            left = np.maximum(self.tied_wrong - place, 0)
            missed *= np.where(inside, left / np.maximum(left + self.tied_right, 1), 1.0)
        return 1.0 - missed


def rank_right_answers(
    query: Integers, scores: Floats, items: Integers, reached: Reached
) -> Ranking:
    """Rank the right answers of each query from counts of what reaches their scores.

    Args:
        query: (P,) the query of each right answer, 0..Q-1, each at least once.
        scores: (P,) score of the right answer.
        items: (P,) how many right items of the gallery stand behind this one score, at least 1.
        reached: Items of the gallery, right and wrong, that reach the score, of P right answers.

    Returns:
        Q rankings. Average precision is the mean over right items of (right items up to here) /
        (rank of this one); its expectation over the orders of a tie is that of McSherry and Najork
        2008, "Computing Information Retrieval Performance Measures Efficiently in the Presence of
        Tied Scores" (ECIR).
    """
    order = np.lexsort((-scores, query))
    query, scores, items = query[order], scores[order], items[order]
    # One row a tie from here on: right answers of one query and one score.
    ties = np.flatnonzero((np.diff(query, prepend=-1) != 0) | _changes(scores))
    above, at_least = reached.above[order][ties], reached.at_least[order][ties]
    right = np.add.reduceat(items, ties)
    starts = np.flatnonzero(np.diff(query[ties], prepend=-1))
    sizes = np.diff(starts, append=len(ties))
    total = np.cumsum(right)
    before = total - right - np.repeat(total[starts] - right[starts], sizes)
    relevant = np.add.reduceat(right, starts)
    wrong = at_least - above - right
    harmonic = _harmonic(int(at_least.max()))
    gained = (
        _precisions(harmonic, above + wrong, before, right),
        _expected_precisions(harmonic, above, before, right, wrong),
        _precisions(harmonic, above, before, right),
    )
    return Ranking(
        above[starts], wrong[starts], right[starts], relevant,
        *(np.add.reduceat(each, starts) / relevant for each in gained),
    )  # fmt: skip


def rank_table(
    split: str, protocol: str, queries: str, direction: str, ids: Sequence[str], ranking: Ranking
) -> pa.Table:
    """Make the rows of one protocol, kind of query and direction, as `SCHEMA` has them."""
    constant = [pa.repeat(value, len(ids)) for value in (split, protocol, queries, direction)]
    found = (ranking.rank, ranking.relevant, ranking.tied_wrong, ranking.tied_right)
    arrays = [*constant, pa.array(ids, pa.string()), *map(pa.array, found)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def write_ranks(path: Path, table: pa.Table) -> None:
    """Write ranks as Parquet, whole or not at all.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _by_rule(
    ties: str, worst: npt.NDArray[np.generic], expected: Reals, best: npt.NDArray[np.generic]
) -> Reals:
    check_known("rule of ties", [ties], TIES)
    return np.asarray(dict(zip(TIES, (worst, expected, best), strict=True))[ties], np.float64)


def _changes(scores: Floats) -> npt.NDArray[np.bool_]:
    return np.concatenate(([True], scores[1:] != scores[:-1]))


def _precisions(
    harmonic: npt.NDArray[np.longdouble], ahead: Integers, before: Integers, right: Integers
) -> Reals:
    """Sum (right items up to here) / rank over `right` items that follow `ahead` others.

    Args:
        harmonic: Harmonic numbers.
        ahead: (G,) items that stand before them, `before` of them right.
        before: (G,)
        right: (G,)
    """
    wrong = ahead - before
    gained = right - wrong * (harmonic[ahead + right] - harmonic[ahead])
    return np.asarray(gained, np.float64)


def _expected_precisions(
    harmonic: npt.NDArray[np.longdouble],
    above: Integers,
    before: Integers,
    right: Integers,
    wrong: Integers,
) -> Reals:
    """Give the mean of `_precisions` over all orders of `right` and `wrong` items that tie.

    Place i of the n that tie holds a right item with probability r / n, and then (i - 1)(r - 1) /
    (n - 1) right ones before it in the tie on average.
    """
    tied = right + wrong
    slope = (right - 1) / np.maximum(tied - 1, 1)
    reciprocals = harmonic[above + tied] - harmonic[above]
    summed = (before + 1 - slope * (above + 1)) * reciprocals + slope * tied
    return np.asarray(right / tied * summed, np.float64)


def _harmonic(last: int) -> npt.NDArray[np.longdouble]:
    """Return the harmonic numbers up to `last`, in extended precision where the machine has it.

    One right answer may stand for thousands of equal items, so they are not gone through one by
    one.
    """
    harmonic = np.zeros(last + 1, np.longdouble)
    np.cumsum(1 / np.arange(1, len(harmonic), dtype=np.longdouble), out=harmonic[1:])
    return harmonic
