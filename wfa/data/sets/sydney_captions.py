"""Sydney-Captions: 613 images of Sydney, five captions each."""

from pathlib import PurePosixPath
from typing import ClassVar

from wfa.data.annotated import AnnotatedConfig
from wfa.data.publication import Download, Facts
from wfa.data.tables.karpathy import KarpathyDataset

Config = AnnotatedConfig


def archive_place(member: str) -> str | None:
    """Return where a file of the published archive goes, whatever folder it is packed in.

    Args:
        member: A name in the archive, such as `Sydney_captions/imgs/1.tif`.

    Returns:
        `imgs/NAME` for an image, `dataset.json` for the captions, None for anything else.
    """
    path = PurePosixPath(member)
    if path.name.startswith(".") or "__MACOSX" in path.parts:
        return None
    if path.parent.name in ("imgs", "images") and path.suffix.lower() in (".tif", ".jpg", ".png"):
        return f"imgs/{path.name}"
    return "dataset.json" if path.name == "dataset.json" else None


class SydneyCaptions(KarpathyDataset):
    """One split of Sydney-Captions: 497 / 58 / 58 images of 500 px, 0.5 m a pixel."""

    name = "sydney_captions"
    json_names: ClassVar[tuple[str, ...]] = ("dataset.json", "dataset_sydney.json")
    folders: ClassVar[tuple[str, ...]] = ("imgs",)
    suffixes: ClassVar[tuple[str, ...]] = (".tif", ".jpg", ".png")
    facts = Facts(
        citation="Qu et al. 2016, doi:10.1109/CITS.2016.7546397",
        terms="images: Google Earth, research use; captions: cite",
        counts={"train": (497, 2485), "validation": (58, 290), "test": (58, 290)},
        downloads=(
            Download(
                address="datasets/isaaccorley/Sydney-Captions/resolve/"
                "4b357e804147b78f6daf2deaed77260c53441bb5/Sydney_captions.zip",
                target="Sydney_captions.zip",
                checksum="sha256:56c719de915c75986bc4d85c708eed447d50b8ae757bcd1e95a26487f8b7b3a6",
                place=archive_place,
            ),
        ),
        by_hand=(
            "dataset.json: the captions, where the archive has none, from the folder "
            "Sydney_captions that https://github.com/201528014227051/RSICD_optimal links to",
        ),
    )
