"""Parquet files with a column of images and a column of captions, as data hubs store them."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedConfig, AnnotatedDataset, Source
from wfa.data.tables.columns import Wanted
from wfa.data.tables.entries import with_splits
from wfa.data.tables.parquet_images import ParquetImages
from wfa.data.tables.parquet_rows import read_rows


@dataclass(frozen=True)
class Config(AnnotatedConfig):
    """Options of Parquet files.

    Attributes:
        image_column: The column of images, bytes or a struct with a field `bytes`; empty to find.
        file_column: The column of file names; empty to find it, and there need be none.
        caption_column: The column of captions, a text or a list of texts; empty to find it.
        split_column: The column of splits; empty to find it. Without one, the names of the files
            or of their folders say the split (`train-00000-of-00001.parquet`, `valid/0.parquet`).
        validation_fraction: Share of images for validation where nothing names a split, and share
            of the training images for it where there is none.
        test_fraction: Share of images for test where nothing names a split.
        cache_mb: Memory for row groups, in megabytes and for each process. A row group is read
            whole: reading in a random order is slow unless all of them fit.
    """

    image_column: str = ""
    file_column: str = ""
    caption_column: str = ""
    split_column: str = ""
    validation_fraction: float = field(default=0.1, metadata={"at_least": 0, "below": 1})
    test_fraction: float = field(default=0.1, metadata={"at_least": 0, "below": 1})
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
        wanted = Wanted(options.file_column, options.caption_column, options.split_column)
        rows = read_rows(root, options.image_column, wanted)
        entries, notes = with_splits(rows.entries, options, root)
        images = ParquetImages(rows.image, rows.places, options.cache_mb * 2**20)
        return Source(entries, images, root, rows.notes + notes)
