"""Your own images and a CSV, TSV, JSON, JSONL or Parquet of file names and captions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedConfig, AnnotatedDataset, Source
from wfa.data.dataset import path_inside
from wfa.data.image_folder import FolderImages
from wfa.data.tables.columns import entries_of_rows, find_columns
from wfa.data.tables.entries import with_splits
from wfa.data.tables.rows import SUFFIXES, read_table
from wfa.errors import DataError


@dataclass(frozen=True)
class Config(AnnotatedConfig):
    """Options of a folder of own images.

    Attributes:
        annotations: The table's file name in `root`; empty when it is the only one there.
        images: The images' folder in `root`; empty for `images/` or `root` itself.
        file_column: The column of file names; empty to find it among the usual names.
        caption_column: The column of captions, numbered or not; empty likewise.
        split_column: The column of splits; empty likewise, and a table may have none.
        validation_fraction: Share of images for validation where the table names no splits.
        test_fraction: Share of images for test where the table names no splits.
    """

    annotations: str = ""
    images: str = ""
    file_column: str = ""
    caption_column: str = ""
    split_column: str = ""
    validation_fraction: float = 0.1
    test_fraction: float = 0.1


class CaptionsFolder(AnnotatedDataset):
    """One split of own images with any number of captions each.

    A table has one row a caption or one row an image; captions stand in one column, in a list, or
    in numbered columns. Without a column of splits the images are divided by the hash of their
    names, the same way on every machine.
    """

    name = "captions_folder"
    remedy: ClassVar[str | None] = (
        "put your images and a CSV, JSON, JSONL or Parquet of file names and captions in one folder"
    )

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the table; images need not be there.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: The table is missing, ambiguous or broken.
        """
        root = cls.root(options)
        path = _table(root, options.annotations)
        names, rows = read_table(path)
        columns = find_columns(
            names,
            str(path),
            options.file_column,
            options.caption_column,
            options.split_column,
        )
        entries = entries_of_rows(rows, columns, str(path))
        folders: tuple[str, ...] = ("images", "")
        if options.images:
            path_inside(root, options.images, "data.images")
            folders = (options.images,)
        return Source(with_splits(entries, options, path), FolderImages(root, folders), path)


def _table(root: Path, given: str) -> Path:
    if given:
        path = path_inside(root, given, "data.annotations")
        if not path.is_file():
            raise DataError(f"data.annotations={given}: there is no file {path}")
        if path.suffix.lower() not in SUFFIXES:
            raise DataError(f"{path} does not end in one of {', '.join(SUFFIXES)}")
        return path
    found = sorted(
        path
        for path in root.iterdir()
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    if not found:
        raise DataError(
            f"{root} holds no table of captions: put a CSV with the columns file_name,caption "
            f"there (or {', '.join(SUFFIXES[1:])})"
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(f"{root} holds several tables ({names}): say data.annotations=FILE")
    return found[0]
