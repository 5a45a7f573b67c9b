"""What lies in a folder of a person's own: captions beside images, files that no row names."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from wfa.data.image_folder import pictures_below
from wfa.data.tables.entries import Divided, Entry, our_split, split_in_name
from wfa.text_files import read_text

_KINDS = 5  # kinds of files in a message


def text_files(root: Path, folders: Sequence[str]) -> Divided:
    """Return the images that have a text file of their name beside them, one caption a line.

    A folder that is called as a split gives it, as `train/` does.

    Args:
        root: The data set's folder.
        folders: Where images may lie below it; the first that has such files counts alone.

    Raises:
        DataError: A text is in another encoding than UTF-8, UTF-16 or UTF-32.
    """
    for folder in folders:
        texts = {
            picture: text
            for picture in pictures_below(root / folder)
            if (text := picture.with_suffix(".txt")).is_file()
        }
        if texts:
            note = f"captions are read from {len(texts)} text files beside their images, one a line"
            return [_entry(p, text, root / folder) for p, text in texts.items()], (note,)
    return [], ()


def nothing_to_read(root: Path) -> str:
    """Say that a folder has no captions, what was seen there, and what would be read."""
    kinds = Counter(
        Path(name).suffix.lower() or "without ending"
        for _, _, files in os.walk(root)
        for name in files
        if not name.startswith(".")
    )
    seen = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(_KINDS))
    return (
        f"{root} holds no table of captions (files there: {seen or 'none'}): put a CSV with the "
        "columns file_name,caption there (or TSV, JSON, JSONL, Parquet; save a spreadsheet as "
        "CSV), or a.txt beside each a.jpg, with one caption a line"
    )


def compare_names(root: Path, folders: Sequence[str], names: Sequence[str]) -> tuple[str, str]:
    """Compare the names of annotated images with the files that are there.

    Args:
        root: The data set's folder.
        folders: Where images may lie below it; the first that exists is listed.
        names: The annotated images.

    Returns:
        A sentence about images that nothing names, and one about names that differ from files only
        in upper and lower case; empty where there are none.
    """
    listed = next((root / folder for folder in folders if (root / folder).is_dir()), root)
    files = {path.relative_to(root).as_posix() for path in pictures_below(listed)}
    places = {name: [str(PurePosixPath(folder, name)) for folder in folders] for name in names}
    unnamed = files.difference(*places.values())
    lower = {file.lower(): file for file in unnamed}
    spelt = {
        name: lower[place.lower()]
        for name, own in places.items()
        if files.isdisjoint(own)
        for place in own
        if place.lower() in lower
    }
    rest = sorted(unnamed.difference(spelt.values()))
    return _unnamed(rest, listed), _spelt(spelt)


def _entry(picture: Path, text: Path, folder: Path) -> Entry:
    name = PurePosixPath(picture.relative_to(folder).as_posix())
    lines = tuple(line.strip() for line in read_text(text).splitlines() if line.strip())
    return Entry(str(name), our_split(split_in_name(name.parent)), lines)


def _unnamed(files: Sequence[str], folder: Path) -> str:
    if not files:
        return ""
    are = "1 image is" if len(files) == 1 else f"{len(files)} images are"
    return f"{are} in {folder} without an annotation and left out, first {files[0]}"


def _spelt(files: dict[str, str]) -> str:
    if not files:
        return ""
    name, file = next(iter(files.items()))
    differ = (
        "1 name differs from a file" if len(files) == 1 else f"{len(files)} names differ from files"
    )
    return f"{differ} only in case: first {name} ~ {file}; write them as the files are called"
