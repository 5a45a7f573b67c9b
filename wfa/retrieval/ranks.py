"""Ranks of right answers, and the file that keeps them: one row a query."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wfa.files import atomic_write
from wfa.retrieval.embeddings import Floats, Integers

SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("protocol", pa.string()),
        ("queries", pa.string()),
        ("direction", pa.string()),
        ("query_id", pa.string()),
        ("rank", pa.int64()),
        ("relevant", pa.int64()),
    ]
)
"""Columns of `ranks.parquet`: `rank` of the best right answer, number of `relevant` answers."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """How Q queries fared. A right answer that ties with wrong ones stands behind them.

    Attributes:
        rank: (Q,) rank of the best right answer, from 1.
        precision: (Q,) average precision, in (0, 1].
        relevant: (Q,) number of right answers, at least 1.
    """

    rank: Integers
    precision: npt.NDArray[np.float64]
    relevant: Integers

    def __getitem__(self, query: Integers) -> "Ranking":
        """Give the rankings of some queries."""
        return Ranking(self.rank[query], self.precision[query], self.relevant[query])


def rank_right_answers(
    query: Integers, scores: Floats, items: Integers, at_least: Integers
) -> Ranking:
    """Rank the right answers of each query from counts of what scores at least as high.

    Args:
        query: (P,) the query of each right answer, 0..Q-1, each at least once.
        scores: (P,) score of the right answer.
        items: (P,) how many right items of the gallery stand behind this one score, at least 1.
        at_least: (P,) items of the gallery, right and wrong, that score at least as high.

    Returns:
        Q rankings. Average precision is the mean over right items of (right items up to here) /
        (rank of this one), items in order of score, right ones behind wrong ones of equal score.
    """
    order = np.lexsort((-scores, query))
    query, scores, items, at_least = query[order], scores[order], items[order], at_least[order]
    starts = np.flatnonzero(np.diff(query, prepend=-1))
    sizes = np.diff(starts, append=len(query))
    total = np.cumsum(items)
    right = total - np.repeat(total[starts] - items[starts], sizes)  # up to and with this one
    # Right answers with this score or a better one: those up to the end of its run of ties.
    run_starts = np.flatnonzero((np.diff(query, prepend=-1) != 0) | _changes(scores))
    run_sizes = np.diff(run_starts, append=len(query))
    wrong = at_least - np.repeat(right[run_starts + run_sizes - 1], run_sizes)
    relevant = np.add.reduceat(items, starts)
    gained = items - wrong * _reciprocals(right - items + wrong, right + wrong)
    return Ranking(
        rank=wrong[starts] + 1,
        precision=np.add.reduceat(gained, starts) / relevant,
        relevant=relevant,
    )


def rank_table(
    split: str, protocol: str, queries: str, direction: str, ids: Sequence[str], ranking: Ranking
) -> pa.Table:
    """Make the rows of one protocol, kind of query and direction, as `SCHEMA` has them."""
    count = len(ids)
    constant = [pa.repeat(value, count) for value in (split, protocol, queries, direction)]
    arrays = [*constant, pa.array(ids, pa.string()), ranking.rank, ranking.relevant]
    return pa.Table.from_arrays([pa.array(array) for array in arrays], schema=SCHEMA)


def write_ranks(path: Path, table: pa.Table) -> None:
    """Write ranks as Parquet, whole or not at all.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _changes(scores: Floats) -> npt.NDArray[np.bool_]:
    return np.concatenate(([True], scores[1:] != scores[:-1]))


def _reciprocals(after: Integers, last: Integers) -> npt.NDArray[np.float64]:
    """Sum 1/n for n in after+1..last, element by element.

    Differences of harmonic numbers, in extended precision where the machine has it: one right
    answer may stand for thousands of equal items, so they are not gone through one by one.
    """
    harmonic = np.zeros(int(last.max()) + 1, np.longdouble)
    np.cumsum(1 / np.arange(1, len(harmonic), dtype=np.longdouble), out=harmonic[1:])
    return (harmonic[last] - harmonic[after]).astype(np.float64)
