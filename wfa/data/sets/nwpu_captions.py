"""NWPU-Captions: 31,500 images of 45 classes, five captions each, in a JSON of its own."""

from pathlib import Path
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedConfig, AnnotatedDataset, Source
from wfa.data.image_folder import FolderImages
from wfa.data.publication import Facts
from wfa.data.tables.entries import Entry, image_name, our_split
from wfa.data.tables.karpathy import find_file
from wfa.errors import DataError
from wfa.text_files import read_json

_CAPTIONS = ("raw", "raw_1", "raw_2", "raw_3", "raw_4")
_FORM = '{CLASS: [{"filename", "split", "raw", "raw_1" .. "raw_4"}]}'


Config = AnnotatedConfig


class NWPUCaptions(AnnotatedDataset):
    """One split of NWPU-Captions: 25,200 / 3,150 / 3,150 images of 256 px in class folders."""

    name = "nwpu_captions"
    remedy: ClassVar[str | None] = "`wfa data prepare nwpu_captions` says which file goes where"
    facts = Facts(
        citation="captions: Cheng et al. 2022, doi:10.1109/TGRS.2022.3201474; images: Cheng et "
        "al. 2017, doi:10.1109/JPROC.2017.2675998",
        terms="images: Google Earth, research use; captions: cite",
        counts={"train": (25200, 126000), "validation": (3150, 15750), "test": (3150, 15750)},
        by_hand=(
            "dataset_nwpu.json: the captions, from https://github.com/HaiyanHuang98/NWPU-Captions",
            "NWPU_images/CLASS/NAME.jpg: the images of NWPU-RESISC45, in folders of their class",
        ),
    )

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the annotations of all splits; images need not be there.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: The folder or the JSON is missing, or it is not of the published form.
        """
        root = cls.root(options)
        path = find_file(root, ("dataset_nwpu.json", "captions.json"), cls.name)
        content = read_json(path)
        if not isinstance(content, dict) or not content:
            raise DataError(f"{path} is not the JSON of NWPU-Captions: wanted {_FORM}")
        entries = [
            _entry(label, item, path) for label in content for item in _items(content, label, path)
        ]
        return Source(entries, FolderImages(root, ("NWPU_images", "images")), path)


def _items(content: dict[str, Any], label: str, path: Path) -> list[Any]:
    items = content[label]
    if not isinstance(items, list):
        raise DataError(f"{path}: class {label!r} is no list of images: wanted {_FORM}")
    return items


def _entry(label: str, item: Any, path: Path) -> Entry:
    where = f"{path}, class {label}"
    for key in ("filename", "split"):
        if not isinstance(item, dict) or not isinstance(item.get(key), str):
            raise DataError(f"{where}: an image has no {key!r}: wanted {_FORM}")
    # The image lies in the folder of its class; its own name need not be unique.
    name = image_name(f"{label}/{image_name(item['filename'], where)}", where)
    captions = [item[key] for key in _CAPTIONS if key in item]
    if not all(isinstance(caption, str) for caption in captions):
        raise DataError(f"{where}, {name}: a caption is not a text")
    return Entry(name, our_split(item["split"]), tuple(captions))
