"""Picture files of a folder, and how their names compare with those that were expected."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2")
"""Endings, in lower case, of the files that are taken for images where a folder is listed."""


_KINDS = 5  # kinds of files in a message


def pictures_below(folder: Path) -> list[Path]:
    """Return the image files in a folder and those below it, sorted; hidden ones are left out."""
    return sorted(Path(folder, name) for name in _names_below(folder))


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
    folders = [str(PurePosixPath(folder)) for folder in folders]
    folder = next((folder for folder in folders if (root / folder).is_dir()), "")
    files = {_joined(folder, name) for name in _names_below(root / folder)}
    unnamed = files.difference(_joined(folder, name) for folder in folders for name in names)
    if not unnamed:  # the usual case, where nothing more is looked at
        return "", ""
    lower = {file.lower(): file for file in unnamed}
    spelt: dict[str, str] = {}
    for name in names:
        own = [_joined(folder, name) for folder in folders]
        if files.isdisjoint(own):
            alike = [lower[place.lower()] for place in own if place.lower() in lower]
            spelt.update((name, file) for file in alike)
    rest = sorted(unnamed.difference(spelt.values()))
    return _unnamed(rest, root / folder), _spelt(spelt)


def _names_below(folder: Path) -> Iterator[str]:
    """Give the names of image files, as `/` parts them below the folder."""
    for place, below, files in os.walk(folder):
        below[:] = (name for name in below if not name.startswith("."))
        inside = Path(place).relative_to(folder).as_posix()
        yield from (
            _joined(inside, name)
            for name in files
            if name.lower().endswith(PICTURES) and not name.startswith(".")
        )


def _joined(folder: str, name: str) -> str:
    return name if folder in ("", ".") else f"{folder}/{name}"


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
