"""The Parquet file of BigEarthNet.txt: one split in Arrow columns, grouped by patch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wfa.bigearthnet.parquet_columns import check_columns
from wfa.bigearthnet.row_checks import doubtful
from wfa.bigearthnet.rows import Row, parse_row
from wfa.errors import DataError

COLUMNS = (
    "ID", "s1_name", "patch_id", "input", "output", "type", "category", "split", "latitude",
    "longitude", "country", "season", "climate_zone",
)  # fmt: skip
"""The official columns."""

_READ = ("ID", "patch_id", "s1_name", "input", "output", "type", "category", "split")
_NAMES = ("patch_id", "s1_name")
_CODED = (*_NAMES, "type", "category", "split")  # few different values each
_ROW = _READ[:-1]  # in the order of the fields of Row
_BATCH = 1 << 16
_REMEMBERED = 100


@dataclass
class BadRows:
    """The rows that were left out.

    Attributes:
        count: How many there are.
        reasons: What is wrong with the first hundred, each naming its row.
    """

    count: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, reason: str) -> None:
        """Note one more."""
        self.count += 1
        if self.count <= _REMEMBERED:
            self.reasons.append(reason)

    def listed(self) -> tuple[str, ...]:
        """Return the reasons, and how many more there are."""
        more = self.count - len(self.reasons)
        return (*self.reasons, *([f"and {more} more rows that do not parse"] if more else []))


class AnnotationTable:
    """The rows of one split by patch; they stay in Arrow's memory until one patch is asked for.

    Args:
        path: The Parquet file.
        splits: The values of the column `split` to keep.
        types: The types of row to keep.
        on_bad_row: `error` stops at a row that does not parse, `skip` leaves it out and counts it.

    Attributes:
        patch_ids: The P Sentinel-2 patches, in the order in which the file first names them.
        s1_names: The Sentinel-1 patch of each.
        bad_rows: What was left out.

    Raises:
        DataError: The file is missing or none, lacks a column, or holds a row that does not parse
            or names another Sentinel-1 patch than the rows before it.
    """

    def __init__(
        self, path: Path, splits: Iterable[str], types: Iterable[str], on_bad_row: str
    ) -> None:
        self.bad_rows = BadRows()
        parts = [
            kept
            for batch in _scan(path, tuple(splits))
            if len(kept := self._kept(batch, frozenset(types), on_bad_row))
        ]
        pool = pa.default_memory_pool()
        pool.release_unused()  # an eighth of it, left over from decoding
        # The batches stay as they are: joining them would hold every text twice for a while.
        self._group(pa.Table.from_batches(parts, _schema()).unify_dictionaries())
        pool.release_unused()

    def __len__(self) -> int:
        return len(self.patch_ids)

    def rows(self, patch: int) -> list[Row]:
        """Return the rows of one patch, in the order of the file."""
        own = slice(self._starts[patch], self._starts[patch + 1])
        part = self._table.slice(own.start, own.stop - own.start).to_pydict()
        names = (self.patch_ids[patch].as_py(), self.s1_names[patch].as_py())
        columns = (part[name] for name in ("ID", "input", "output", "type", "category"))
        return [Row(rid, *names, *texts) for rid, *texts in zip(*columns, strict=True)]

    def has_type(self, types: Iterable[str]) -> NDArray[np.bool_]:
        """Say of each patch, (P,), whether it has a row of one of the types."""
        wanted = pc.is_in(self._table["type"].cast(pa.string()), pa.array(list(types), pa.string()))
        found = np.zeros(len(self), bool)
        found[self._patch[wanted.to_numpy()]] = True
        return found

    def digest_parts(self) -> Iterator[bytes | memoryview]:
        """Give bytes that change when any text, name or order does, the same on every machine."""
        for array in (self.patch_ids, self.s1_names):
            yield "\n".join(array.to_pylist()).encode()
        yield np.ascontiguousarray(self._starts, "<i8").data
        yield np.ascontiguousarray(self._table["ID"].to_numpy(), "<i8").data
        for name in ("type", "category", "input", "output"):
            column = self._table[name].cast(pa.large_string())
            for chunk in column.chunks:
                offsets = np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset :][
                    : len(chunk) + 1
                ]
                yield np.diff(offsets).astype("<i8").data
                yield memoryview(chunk.buffers()[2] or b"")[offsets[0] : offsets[-1]]

    def _kept(self, batch: pa.RecordBatch, types: frozenset[str], on_bad_row: str) -> Any:
        bad = []
        for index, row in _rows_at(batch, doubtful(batch, types)):
            try:
                parse_row(row)
            except DataError as error:
                if on_bad_row != "skip":
                    raise DataError(
                        f"{error}; data.on_bad_row=skip leaves such rows out"
                    ) from error
                self.bad_rows.add(str(error))
                bad.append(index)
        kept = pc.is_in(batch["type"].cast(pa.string()), pa.array(sorted(types), pa.string()))
        mask = kept.to_numpy(zero_copy_only=False).copy()
        mask[bad] = False
        return _where(batch, pa.array(mask))

    def _group(self, table: pa.Table) -> None:
        patches, sensors = (_dictionary(table, name) for name in ("patch_id", "s1_name"))
        codes, s1_codes = (names.indices.to_numpy() for names in (patches, sensors))
        patch, first = _ranked(codes, len(patches.dictionary))
        of_patch = s1_codes[first]
        self._table = table.select(["ID", "input", "output", "type", "category"])
        if (patch[1:] < patch[:-1]).any():
            order = np.argsort(patch, kind="stable")
            self._table = self._table.take(pa.array(order))
            patch, s1_codes = patch[order], s1_codes[order]
        self._patch = patch
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(patch, minlength=len(first)))])
        self.patch_ids = patches.dictionary.take(pa.array(codes[first]))
        self.s1_names = sensors.dictionary.take(pa.array(of_patch))
        self._check_pairs(s1_codes, of_patch)

    def _check_pairs(self, s1_codes: NDArray[Any], of_patch: NDArray[Any]) -> None:
        wrong = np.flatnonzero(s1_codes != of_patch[self._patch])
        if len(wrong):
            row, patch = int(wrong[0]), int(self._patch[wrong[0]])
            raise DataError(
                f"row ID {self._table['ID'][row]} pairs patch {self.patch_ids[patch]} with another "
                f"s1_name than the rows before it, which say {self.s1_names[patch]}"
            )


def splits_in(path: Path) -> set[str]:
    """Return the values of the column `split`.

    Raises:
        DataError: The file is missing or none, or lacks the column.
    """
    _check(path)
    found: set[str] = set()
    file = pq.ParquetFile(path, read_dictionary=["split"])
    for batch in file.iter_batches(1 << 20, columns=["split"]):
        values = batch["split"].unique().cast(pa.string()).to_pylist()
        found.update(value for value in values if value)
    return found


def _scan(path: Path, splits: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Give the rows of the splits; row groups that hold none of them are not read."""
    _check(path)
    try:
        # A dataset's scanner with the same filter costs three times as much.
        file = pq.ParquetFile(path, read_dictionary=_CODED)
        groups = [place for place in range(file.num_row_groups) if _may_hold(file, place, splits)]
        # Threads would decode columns side by side: a little sooner, for a tenth of a gigabyte.
        for batch in file.iter_batches(
            _BATCH, row_groups=groups, columns=list(_READ), use_threads=False
        ):
            split = batch["split"]
            wanted = pc.is_in(split.dictionary.cast(pa.string()), pa.array(splits))
            kept = _where(batch, wanted.take(split.indices))
            if len(kept):
                yield _compact(kept)
    except pa.ArrowException as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _may_hold(file: pq.ParquetFile, group: int, splits: Sequence[str]) -> bool:
    """Say whether a row group may hold a row of the splits, by the least and the largest of it."""
    metadata = file.metadata.row_group(group)
    # A nested column has several leaves, so a leaf's place is not that of its column.
    leaves = (metadata.column(place) for place in range(metadata.num_columns))
    statistics = next(leaf.statistics for leaf in leaves if leaf.path_in_schema == "split")
    if statistics is None or not statistics.has_min_max or not isinstance(statistics.min, str):
        return True
    return any(statistics.min <= split <= statistics.max for split in splits)


def _where(batch: pa.RecordBatch, mask: Any) -> pa.RecordBatch:
    """Return the rows that a mask keeps; a batch that is kept whole is not copied."""
    return batch if pc.all(mask, skip_nulls=False).as_py() else batch.filter(mask)


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Leave out the split and patch names that no row has, and give the columns their types.

    A batch's dictionary has all names of its row group up to there: together they would be larger
    than the texts.
    """
    columns = {name: batch[name] for name in _ROW}
    for name in _NAMES:
        column = columns[name]
        if column.null_count:
            row = batch["ID"].filter(column.is_null())[0]
            raise DataError(f"row ID {row} has no {name}: it belongs to no patch")
        codes = column.indices.to_numpy()
        used = np.zeros(len(column.dictionary), bool)
        used[codes] = True
        place = (np.cumsum(used) - 1).astype(np.int32)
        names = column.dictionary.filter(pa.array(used)).cast(pa.string())
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(place[codes]), names)
    return pa.RecordBatch.from_pydict(columns).cast(_schema())


def _check(path: Path) -> None:
    if not path.is_file():
        raise DataError(
            f"{path} is missing: `wfa data prepare bigearthnet_txt` fetches it; or set "
            "data.root=DIR"
        )
    expected = f"BigEarthNet.txt has the columns {', '.join(COLUMNS)}"
    check_columns(path, _READ, expected, texts=_READ[1:])


def _schema() -> pa.Schema:
    """Texts with 64-bit offsets: a split's may exceed 2 GiB."""
    plain = {"ID": pa.int64(), "input": pa.large_string(), "output": pa.large_string()}
    coded = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([(name, plain.get(name, coded)) for name in _ROW])


def _rows_at(batch: pa.RecordBatch, indices: NDArray[np.int64]) -> Iterator[tuple[int, Row]]:
    for index in indices.tolist():
        rid, *texts = (batch[name][index].as_py() for name in _ROW)
        yield index, Row(rid, *("" if text is None else text for text in texts))


def _ranked(codes: NDArray[Any], count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number things in the order in which they come first; sorting millions would take a while.

    Args:
        codes: (N,), in [0, count).
        count: An upper bound.

    Returns:
        The number of each, (N,), and where each thing comes first, ascending.
    """
    places = np.arange(len(codes), dtype=np.int32)
    at = np.full(count, -1, np.int32)
    at[codes[::-1]] = places[::-1]  # of equal codes the last assignment stays
    first = np.sort(at[at >= 0]).astype(np.int64)
    rank = np.empty(count, np.int32)
    rank[codes[first]] = np.arange(len(first), dtype=np.int32)
    return rank[codes], first


def _dictionary(table: pa.Table, name: str) -> Any:
    """Return a coded column in one piece; its chunks share their dictionary."""
    column = table[name].combine_chunks()
    return column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
