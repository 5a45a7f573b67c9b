"""The JSON of Karpathy's splits, in which most remote-sensing captions are published."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedDataset, Source
from wfa.data.image_folder import FolderImages
from wfa.data.read_once import read_once
from wfa.data.tables.entries import Entry, image_name, our_split
from wfa.errors import DataError
from wfa.text_files import read_json


class KarpathyDataset(AnnotatedDataset):
    """A data set in `{"images": [{"filename", "split", "sentences": [{"raw"}]}]}`.

    A subclass names its files; `captions.json` and a folder `images/` are always accepted too.
    """

    json_names: ClassVar[tuple[str, ...]]
    """Names of the annotation file as published."""
    folders: ClassVar[tuple[str, ...]]
    """Names of the image folder as published."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Other endings under which the images may lie."""

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the annotations of all splits; images need not be there.

        Raises:
            DataError: The folder or the JSON is missing, or it is not of this form.
        """
        root = cls.root(options)
        path = find_file(root, (*cls.json_names, "captions.json"), cls.name)
        images = FolderImages(root, (*cls.folders, "images"), cls.suffixes)
        return Source(karpathy_entries(path), images, path)


def find_file(root: Path, names: Sequence[str], data: str) -> Path:
    """Return the first of `names` that lies in `root`, whatever case it is written in.

    Raises:
        DataError: None of them does.
    """
    present = {path.name.lower(): path for path in sorted(root.iterdir()) if path.is_file()}
    for name in names:
        if name.lower() in present:
            return present[name.lower()]
    raise DataError(
        f"the captions of data set {data} are not in {root}: put {' or '.join(names)} there"
    )


@read_once
def karpathy_entries(path: Path) -> Sequence[Entry]:
    """Return the images of a Karpathy JSON file, in its order.

    Raises:
        DataError: It is not of this form, or holds no captions.
    """
    content = read_json(path)
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not images:
        raise DataError(
            f'{path} has no list "images": wanted {{"images": [{{"filename", "split", '
            '"sentences": [{"raw": ...}]}]}'
        )
    entries = [_entry(item, f"{path}, image {place}") for place, item in enumerate(images)]
    if not any(entry.captions for entry in entries):
        raise DataError(f'{path} holds no captions: wanted "sentences": [{{"raw": ...}}]')
    return entries


def _entry(item: Any, where: str) -> Entry:
    if not isinstance(item, dict) or not isinstance(item.get("filename"), str):
        raise DataError(f'{where} has no "filename"')
    if not isinstance(item.get("split"), str):
        raise DataError(f'{where} ({item["filename"]}) has no "split"')
    name = image_name(item["filename"], where)
    return Entry(name, our_split(item["split"]), tuple(_sentences(item, where)))


def _sentences(item: dict[str, Any], where: str) -> Iterator[str]:
    sentences = item.get("sentences", [])
    if not isinstance(sentences, list):
        raise DataError(f'{where} ({item["filename"]}): "sentences" is not a list')
    for sentence in sentences:
        raw = sentence.get("raw") if isinstance(sentence, dict) else None
        if not isinstance(raw, str):
            raise DataError(f'{where} ({item["filename"]}): a sentence has no text "raw"')
        yield raw
