"""RSITMD: 4,743 images with five fine-grained captions each."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedConfig, Source
from wfa.data.publication import Facts
from wfa.data.tables.entries import hold_out
from wfa.data.tables.karpathy import KarpathyDataset


@dataclass(frozen=True)
class Config(AnnotatedConfig):
    """Options of RSITMD.

    Attributes:
        validation_fraction: Share of the training images that is held out for validation, by the
            hash of their names: the published file has train and test only. 0 holds none out.
    """

    validation_fraction: float = field(default=0.1, metadata={"at_least": 0, "below": 1})


class RSITMD(KarpathyDataset):
    """One split of RSITMD: 4,291 images for training, a share held out, and 452 for test."""

    name = "rsitmd"
    json_names: ClassVar[tuple[str, ...]] = ("dataset_RSITMD.json",)
    folders: ClassVar[tuple[str, ...]] = ("images",)
    suffixes: ClassVar[tuple[str, ...]] = (".tif", ".jpg", ".png")
    remedy: ClassVar[str | None] = "`wfa data prepare rsitmd` says which file goes where"
    facts = Facts(
        citation="Yuan et al. 2022, doi:10.1109/TGRS.2021.3078451",
        terms="research use; cite",
        counts={"train": (3862, 19310), "validation": (429, 2145), "test": (452, 2260)},
        by_hand=(
            "dataset_RSITMD.json and the folder images/: from the archive RSITMD that "
            "https://github.com/xiaoyuan1996/AMFMN links to",
        ),
    )

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the annotations of all splits and hold out validation images.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: The folder or the JSON is missing, or it is not of the wanted form.
        """
        source = super().open(options)
        entries, notes = hold_out(source.entries, options.validation_fraction)
        return replace(source, entries=entries, notes=notes)
