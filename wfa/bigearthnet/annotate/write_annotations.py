"""Annotating a whole data set: every patch that has a map, rows in the order of the metadata."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.bigearthnet.annotate import paraphrase
from wfa.bigearthnet.annotate.annotator import Annotator, Config, Patch, annotated
from wfa.bigearthnet.annotate.patch_metadata import Metadata, Place
from wfa.bigearthnet.annotate.reference_maps import open_maps
from wfa.bigearthnet.annotate.yes_no_questions import Question
from wfa.bigearthnet.annotation_table import COLUMNS, BadRows
from wfa.errors import DataError
from wfa.files import atomic_write
from wfa.progress import track

_GROUP = 1 << 17  # rows of a row group
_PLACES = ("latitude", "longitude")
_SCHEMA = pa.schema(
    [
        (name, pa.int64() if name == "ID" else pa.float64() if name in _PLACES else pa.string())
        for name in COLUMNS
    ]
)


@dataclass
class Annotated:
    """What was made.

    Attributes:
        patches: Patches with rows.
        rows: (type, category, split) -> number of rows.
        without_class: Patches whose map has no pixel of any of the 19 classes.
        without_map: Patches of the metadata that have no map.
        reworded: Captions in the paraphrasing model's words.
        refused: Captions kept as they were made, since the model said something else.
        bad_rows: What was left out.
    """

    patches: int = 0
    rows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    without_class: int = 0
    without_map: int = 0
    reworded: int = 0
    refused: int = 0
    bad_rows: BadRows = field(default_factory=BadRows)

    def remarks(self) -> Iterator[str]:
        """Say in words what was annotated, left out and reworded."""
        patches = "patch" if self.patches == 1 else "patches"
        yield f"{self.patches:,} {patches} annotated with {self.rows.total():,} rows"
        for count, one, many in (
            (self.without_map, "patch of the metadata has no reference map",
             "patches of the metadata have no reference map"),
            (self.without_class, "map shows none of the 19 classes",
             "maps show none of the 19 classes"),
            (self.reworded, "caption is in the model's words", "captions are in the model's words"),
            (self.refused, "answer of the model was refused: it states other facts",
             "answers of the model were refused: they state other facts"),
            (self.bad_rows.count, "map or row of the metadata was left out",
             "maps or rows of the metadata were left out"),
        ):  # fmt: skip
            if count:
                yield f"{count:,} {one if count == 1 else many}"
        yield from self.bad_rows.reasons


def annotate(
    maps: Path,
    metadata: Path,
    out: Path,
    options: Config | None = None,
    model: paraphrase.Config | None = None,
) -> Annotated:
    """Write the annotations of all patches that have a map and a row of the metadata.

    The file has the 13 columns of BigEarthNet.txt, its rows in the order of the metadata; it is the
    same for a seed whatever the number of processes, and only there when it is whole.

    Args:
        maps: Folder of reference maps; see `open_maps`.
        metadata: Parquet of BigEarthNet v2; see `Metadata`.
        out: The Parquet file to write.
        options: Seed, connectivity, processes, what to do with what is broken.
        model: The paraphrasing model; captions stay as they are made without one.

    Raises:
        DataError: Maps or metadata are missing or broken, or no patch has both; the message names
            the file, row or patch.
        UserError: `out` cannot be written.
    """
    options = options or Config()
    known, store = Metadata(metadata), open_maps(maps)
    found = Annotated()
    todo = _matched(known, set(store.patches()), metadata, options, found)
    annotator = Annotator(store, known, options, model or paraphrase.Config())
    with (
        atomic_write(out) as temporary,
        pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer,
    ):
        patches = annotated(annotator, todo, options.workers)
        rows = _rows(track(patches, "annotations", len(todo)), found)
        while group := list(islice(rows, _GROUP)):
            writer.write_table(_table(group))
        if not found.patches:
            raise DataError(
                f"none of the {len(todo)} patches with a reference map could be annotated: "
                f"{'; '.join(islice(found.remarks(), 1, 4))}"
            )
    return found


def _table(rows: Sequence[tuple[Any, ...]]) -> Any:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(cells, one.type) for cells, one in zip(columns, _SCHEMA, strict=True)]
    return pa.table(arrays, schema=_SCHEMA)


def _matched(
    metadata: Metadata, maps: set[str], path: Path, options: Config, found: Annotated
) -> list[int]:
    """Return the rows of the metadata that have a map; count what lacks the other."""
    names = metadata.patches
    todo = [index for index, patch in enumerate(names) if patch is None or patch in maps]
    found.without_map = len(names) - len(todo)
    present = Counter(names)
    lacking = sorted(maps.difference(names))
    reasons = [f"the reference map of patch {patch} has no row in {path}" for patch in lacking]
    reasons += [f"{path} has {n} rows of patch {p}" for p, n in present.items() if p and n > 1]
    for reason in reasons:
        if options.on_bad_row == "error":
            raise DataError(f"{reason}; on_bad_row=skip leaves such patches out")
        found.bad_rows.add(reason)
    todo = [index for index in todo if present[names[index]] == 1 or names[index] is None]
    if not todo:
        raise DataError(
            f"none of the {len(names)} patches of {path} has a reference map: the maps are of "
            "other patches, or maps=DIR is another folder"
        )
    return todo


def _rows(patches: Iterable[Patch], found: Annotated) -> Iterator[tuple[Any, ...]]:
    """Give the rows by column, and count them."""
    number = 0
    for place, questions, reworded, reason in patches:
        if place is None:
            found.bad_rows.add(reason)
        else:
            found.patches += bool(questions)
            found.without_class += not questions
            found.reworded += reworded is True
            found.refused += reworded is False
            for asked in questions:
                number += 1
                found.rows[asked.type, asked.category, place.split] += 1
                yield _columns(number, place, asked)


def _columns(number: int, place: Place, asked: Question) -> tuple[Any, ...]:
    return (
        number, place.s1_name, place.patch_id, asked.text, asked.answer, asked.type, asked.category,
        place.split, place.latitude, place.longitude, place.country, place.season,
        place.climate_zone,
    )  # fmt: skip
