"""Captions in text files beside the images of a folder."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from wfa.data.tables.entries import Divided, Entry, our_split, split_in_name
from wfa.picture_files import pictures_below
from wfa.text_files import read_text


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


def _entry(picture: Path, text: Path, folder: Path) -> Entry:
    name = PurePosixPath(picture.relative_to(folder).as_posix())
    lines = tuple(line.strip() for line in read_text(text).splitlines() if line.strip())
    return Entry(str(name), our_split(split_in_name(name.parent)), lines)
