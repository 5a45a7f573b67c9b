"""Parquet files with a column of images and a column of captions, as data hubs store them."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedDataset, Source
from wfa.data.tables.entries import repeat_notes
from wfa.data.tables.parquet_images import ParquetImages
from wfa.data.tables.parquet_rows import read_rows
from wfa.data.tables.table_options import TableConfig


@dataclass(frozen=True)
class Config(TableConfig):
    """Options of Parquet files.

    There need be no column of file names. Without one of splits, the names of the files or of their
    folders say the split (`train-00000-of-00001.parquet`, `valid/0.parquet`).

    Attributes:
        image_column: The column of images, bytes or a struct with a field `bytes`; empty to find.
        cache_mb: Memory for row groups, in megabytes and for each process. A row group is read
            whole: reading in a random order is slow unless all of them fit.
    """

    image_column: str = ""
    cache_mb: int = field(default=256, metadata={"at_least": 0})


class CaptionsParquet(AnnotatedDataset):
    """One split of the Parquet files in a folder and the folders below it, one row an image."""

    name = "captions_parquet"
    remedy: ClassVar[str | None] = "put Parquet files with images and captions in one folder"

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the names, captions and splits; image bytes are read on demand.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: There are no Parquet files, or they have not the columns.
        """
        root = cls.root(options)
        rows = read_rows(root, options.image_column, options.wanted)
        entries, notes = options.divided(rows.entries, root)
        images = ParquetImages(rows.image, rows.places, options.cache_mb * 2**20)
        return Source(entries, images, root, rows.notes + notes + repeat_notes(rows.entries))
