"""Options of a person's own data: which columns of a table count, how images are divided."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wfa.data.annotated import AnnotatedConfig
from wfa.data.tables.columns import Wanted
from wfa.data.tables.entries import Divided, Entry, with_splits


@dataclass(frozen=True)
class DividedConfig(AnnotatedConfig):
    """Options of data that may name no splits.

    Attributes:
        validation_fraction: Share of images for validation where nothing names splits, and share
            of the training images for it where nothing names validation.
        test_fraction: Share of images for test where nothing names splits.
    """

    validation_fraction: float = field(default=0.1, metadata={"at_least": 0, "below": 1})
    test_fraction: float = field(default=0.1, metadata={"at_least": 0, "below": 1})

    def divided(self, entries: Sequence[Entry], where: Path) -> Divided:
        """Give every image a split; see `wfa.data.tables.entries.with_splits`."""
        return with_splits(entries, self.test_fraction, self.validation_fraction, where)


@dataclass(frozen=True)
class TableConfig(DividedConfig):
    """Options of images and captions in a table.

    Attributes:
        file_column: The column of file names; empty to find it among the usual names.
        caption_column: The column of captions, numbered or not; empty likewise.
        split_column: The column of splits; empty likewise, and there need be none.
    """

    file_column: str = ""
    caption_column: str = ""
    split_column: str = ""

    @property
    def wanted(self) -> Wanted:
        """The columns that were named."""
        return Wanted(self.file_column, self.caption_column, self.split_column)
