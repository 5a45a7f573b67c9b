"""Find the image files of a folder, with a reason for each one that cannot be had."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from wfa.data.decode import BadImageError
from wfa.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")
"""Endings, in any case, of what counts as an image."""


@dataclass(frozen=True)
class ImageFile:
    """An image file as the folder lists it.

    Attributes:
        path: Relative to the folder, with `/` between its parts.
        size: In bytes.
        changed: When its content or its entry last changed, in ns; a file that was replaced by one
            with an old date has a new entry.
    """

    path: str
    size: int
    changed: int


@dataclass(frozen=True)
class LeftOut:
    """A file that is not indexed, and why; the reason reads on from the path."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The image files of a folder, by path, and what was left out so far."""

    files: tuple[ImageFile, ...]
    left_out: tuple[LeftOut, ...]


def list_images(root: Path) -> Listing:
    """List the images of a folder and of all folders in it.

    Links to folders are not followed, and links to files only where they end in the folder.

    Raises:
        DataError: There is no such folder, or it may not be read.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}: set --images DIR to one that holds images")
    left_out: list[LeftOut] = []
    by_path = sorted(_walk(root.resolve(), left_out), key=lambda file: file.path)
    return Listing(tuple(by_path), tuple(sorted(left_out, key=lambda file: file.path)))


def read_inside(root: Path, path: str) -> bytes:
    """Read a file of the folder; one that lies or leads out of it is refused.

    Args:
        root: The folder.
        path: Relative to it.

    Raises:
        BadImageError: It is gone, may not be read, or lies outside the folder.
    """
    try:
        real = (root / path).resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            raise BadImageError("lies outside the folder")
        return real.read_bytes()
    except FileNotFoundError as error:
        raise BadImageError("is gone") from error
    # A NUL in a path is a ValueError, links in a circle are a RuntimeError.
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadImageError(f"cannot be read ({reason})") from error


def _walk(root: Path, left_out: list[LeftOut]) -> Iterator[ImageFile]:
    folders = [""]
    while folders:
        below = folders.pop()
        try:
            entries = list(os.scandir(root / below))
        except OSError as error:
            if not below:
                raise DataError(f"{root} cannot be read: {error.strerror}") from error
            left_out.append(LeftOut(_printable(below), f"cannot be read ({error.strerror})"))
            continue
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif entry.is_symlink() and Path(entry.path).is_dir():
                left_out.append(LeftOut(_printable(path), "is a link to a folder, not followed"))
            elif PurePath(entry.name).suffix.lower() in SUFFIXES:
                file = _examine(root, path, left_out)
                if file is not None:
                    yield file


def _examine(root: Path, path: str, left_out: list[LeftOut]) -> ImageFile | None:
    reason = None
    try:
        real = (root / path).resolve(strict=True)
        status = real.stat()
        if not real.is_relative_to(root):
            reason = "is a link out of the folder, not followed"
        elif not real.is_file():
            reason = "is no file"
        elif _printable(path) != path:
            reason = "has a name that is not text in UTF-8: rename it"
    except (OSError, RuntimeError) as error:
        reason = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    if reason is not None:
        left_out.append(LeftOut(_printable(path), reason))
        return None
    return ImageFile(path, status.st_size, max(status.st_mtime_ns, status.st_ctime_ns))


def _printable(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")
