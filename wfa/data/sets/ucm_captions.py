"""UCM-Captions: 2,100 aerial images of 21 land uses, five captions each."""

import re
from pathlib import Path
from typing import ClassVar

from wfa.data.annotated import AnnotatedConfig
from wfa.data.publication import Download, Facts
from wfa.data.tables.karpathy import KarpathyDataset

_CLASSES = (
    "agricultural", "airplane", "baseball diamond", "beach", "buildings", "chaparral",
    "dense residential", "forest", "freeway", "golf course", "harbor", "intersection",
    "medium residential", "mobile home park", "overpass", "parking lot", "river", "runway",
    "sparse residential", "storage tanks", "tennis court",
)  # fmt: skip
_FOLDERS = tuple(name.replace(" ", "") for name in _CLASSES)
_IMAGES_A_CLASS = 100


Config = AnnotatedConfig


def caption_name(member: str) -> str | None:
    """Return where a file of the UC Merced Land Use archive goes, named as the captions name it.

    Image `n.tif` of the captions is image (n - 1) % 100 of the class (n - 1) // 100 in
    alphabetical order; `agricultural` alone counts from 1, so its image 100 is `agricultural00`.

    Args:
        member: A name in the archive, such as `UCMerced_LandUse/Images/river/river07.tif`.

    Returns:
        The path below the data set's folder, such as `imgs/1608.tif`; None for any other file.
    """
    match = re.search(r"(?:^|/)Images/([a-z]+)/([a-z]+)(\d\d)\.tif$", member)
    if match is None or match[1] != match[2] or match[1] not in _FOLDERS:
        return None
    place, index = _FOLDERS.index(match[1]), int(match[3])
    if place == 0:
        return f"imgs/{index or 100}.tif"
    return f"imgs/{_IMAGES_A_CLASS * place + index + 1}.tif"


class UCMCaptions(KarpathyDataset):
    """One split of UCM-Captions: 1,680 / 210 / 210 images of mostly 256 px, 0.3 m a pixel."""

    name = "ucm_captions"
    classes = _CLASSES
    json_names: ClassVar[tuple[str, ...]] = ("dataset.json", "dataset_ucm.json")
    folders: ClassVar[tuple[str, ...]] = ("imgs",)
    # Published as TIFF; copies in other formats are common, with the captions naming either.
    suffixes: ClassVar[tuple[str, ...]] = (".tif", ".jpg", ".png")
    facts = Facts(
        citation="captions: Qu et al. 2016, doi:10.1109/CITS.2016.7546397; images: Yang and "
        "Newsam 2010, doi:10.1145/1869790.1869829",
        terms="images: USGS National Map Urban Area Imagery, public domain; captions: cite",
        counts={"train": (1680, 8400), "validation": (210, 1050), "test": (210, 1050)},
        downloads=(
            Download(
                address="datasets/torchgeo/ucmerced/resolve/main/UCMerced_LandUse.zip",
                target="UCMerced_LandUse.zip",
                checksum="md5:5b7ec56793786b6dc8a908e8854ac0e4",
                place=caption_name,
            ),
        ),
        by_hand=(
            "dataset.json: the captions, from the folder UCM_captions that "
            "https://github.com/201528014227051/RSICD_optimal links to",
        ),
    )

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the land use of image `index`, which its number tells."""
        number = Path(self.records[index].image).stem
        place = (int(number) - 1) // _IMAGES_A_CLASS if number.isdecimal() else -1
        return (place,) if 0 <= place < len(_CLASSES) else ()
