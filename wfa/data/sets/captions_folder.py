"""Your own images and a CSV, TSV, JSON, JSONL or Parquet of file names and captions."""

from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedDataset, Source
from wfa.data.image_folder import FolderImages
from wfa.data.locations import file_inside, folders_of
from wfa.data.own_folder import text_files
from wfa.data.read_once import read_once
from wfa.data.tables.columns import Wanted, find_columns
from wfa.data.tables.entries import Divided, our_split, repeat_notes, split_in_name
from wfa.data.tables.entry_rows import entries_of
from wfa.data.tables.formats import SUFFIXES, read_table
from wfa.data.tables.table_options import TableConfig
from wfa.errors import DataError
from wfa.picture_files import compare_names, nothing_to_read


@dataclass(frozen=True)
class Config(TableConfig):
    """Options of a folder of own images.

    Attributes:
        annotations: The table's file name in `root`; empty when it is the only one there, or when
            each is named after another split: `train.csv`, `captions_val2017.json`.
        images: The images' folder in `root`; empty for `images/` or `root` itself.
    """

    annotations: str = ""
    images: str = ""


class CaptionsFolder(AnnotatedDataset):
    """One split of own images with any number of captions each.

    A table has one row a caption or one row an image; captions stand in one column, in a list, or
    in numbered columns. Where there is no table, `a.txt` beside `a.jpg` has a caption a line.
    Without a column of splits the images are divided by the hash of their names, the same way on
    every machine.
    """

    name = "captions_folder"
    remedy: ClassVar[str | None] = (
        "put your images and a CSV, TSV, JSON, JSONL or Parquet of file names and captions in one "
        "folder"
    )

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the table; images need not be there.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: The table is ambiguous or broken, or there are no captions at all.
        """
        root = cls.root(options)
        folders = folders_of(root, options.images)
        paths = _tables(root, options.annotations)
        parts = [_read(path, options.wanted) for path in paths] or [text_files(root, folders)]
        where = paths[0] if len(paths) == 1 else root
        found = [entry for part, _ in parts for entry in part]
        if not found:
            raise DataError(nothing_to_read(root))
        entries, notes = options.divided(found, where)
        said = tuple(note for _, own in parts for note in own)
        unnamed, spelt = compare_names(root, folders, [entry.image for entry in entries])
        notes += repeat_notes(entries) + tuple(note for note in (unnamed, spelt) if note)
        images = FolderImages(root, folders)
        return Source(entries, images, where, said + notes, missing=spelt)


@read_once
def _read(path: Path, wanted: Wanted) -> Divided:
    """Return the images of a table; where it has no column of splits its name may say one."""
    table = read_table(path)
    columns = find_columns(table, wanted)
    entries = entries_of(table, columns)
    said = split_in_name(PurePath(path.name)) if columns.split is None else ""
    if not said:
        return entries, columns.notes
    note = f"all images of {path.name} are in the split {our_split(said)}, as its name says"
    return [replace(e, split=our_split(said)) for e in entries], (*columns.notes, note)


def _tables(root: Path, given: str) -> list[Path]:
    """Return the table; or several of one kind, of which each names another split; or none."""
    if given:
        return [file_inside(root, given, "data.annotations")]
    found = sorted(
        path
        for path in root.iterdir()
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    splits = {our_split(split_in_name(PurePath(path.name))) for path in found} - {""}
    if len(splits) < len(found) > 1 or len({path.suffix for path in found}) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(
            f"{root} holds several tables ({names}): say data.annotations=FILE. Several are read "
            "together where each has the name of another split, such as train.csv and test.csv"
        )
    return found
