"""Find the image files of a folder, with a reason for each one that cannot be had."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from wfa.data.decode import BadImageError
from wfa.data.picture_layout import begins_like_a_picture
from wfa.errors import DataError

SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".tif", ".tiff", ".gtiff", ".webp",
    ".bmp", ".dib", ".gif", ".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc", ".avif", ".ppm",
    ".pgm", ".pbm", ".pnm",
))  # fmt: skip
"""Endings, in any case, of what counts as an image and is named where it cannot be read."""

OTHER_PICTURES = frozenset((
    ".heic", ".heif", ".jxl", ".psd", ".svg", ".eps", ".ecw", ".sid", ".dng", ".nef", ".cr2",
    ".arw", ".hdf", ".h5", ".nc", ".img", ".ico", ".tga", ".pcx", ".pfm", ".exr", ".hdr",
))  # fmt: skip
"""Endings of pictures in formats that are not read; they are left out by name."""


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
    """What lies in a folder.

    Attributes:
        files: The image files, by path.
        left_out: Pictures that are known by now not to be had.
        others: Ending -> number of the files that are no pictures by name or by content.
    """

    files: tuple[ImageFile, ...]
    left_out: tuple[LeftOut, ...]
    others: Mapping[str, int] = field(default_factory=dict)


def list_images(root: Path) -> Listing:
    """List the images of a folder and of all folders in it.

    An image is what has one of `SUFFIXES`, or begins like an image whatever it is called. Links to
    folders are not followed, and links to files only where they end in the folder.

    Raises:
        DataError: There is no such folder, or it may not be read.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}: set --images DIR to one that holds images")
    left_out: list[LeftOut] = []
    others: Counter[str] = Counter()
    by_path = sorted(_walk(root.resolve(), left_out, others), key=lambda file: file.path)
    in_order = tuple(sorted(left_out, key=lambda file: file.path))
    return Listing(tuple(by_path), in_order, dict(others.most_common()))


def read_inside(root: Path, path: str) -> bytes:
    """Read a file of the folder; one that lies or leads out of it is refused.

    Args:
        root: The folder.
        path: Relative to it.

    Raises:
        BadImageError: It is gone, may not be read, or lies outside the folder.
    """
    with _told():
        return file_inside(root, path).read_bytes()


def file_inside(root: Path, path: str) -> Path:
    """Return where a file of the folder lies, links followed; see `read_inside`.

    Raises:
        BadImageError: It is gone, may not be looked at, or lies outside the folder.
    """
    with _told():
        real = (root / path).resolve(strict=True)
        if Path(path).is_absolute() or not real.is_relative_to(root.resolve()):
            raise BadImageError("lies outside the folder")
        return real


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BadImageError("is gone") from error
    # A NUL in a path is a ValueError, links in a circle are a RuntimeError.
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadImageError(f"cannot be read ({reason})") from error


def _walk(root: Path, left_out: list[LeftOut], others: Counter[str]) -> Iterator[ImageFile]:
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
                continue
            if entry.is_symlink() and Path(entry.path).is_dir():
                left_out.append(LeftOut(_printable(path), "is a link to a folder, not followed"))
                continue
            suffix = PurePath(entry.name).suffix.lower()
            if suffix in OTHER_PICTURES:
                left_out.append(LeftOut(_printable(path), f"is of a format ({suffix}) that is not "
                                        "read: convert it to PNG or TIFF"))  # fmt: skip
            elif suffix not in SUFFIXES and not _is_picture(root / path):
                others[suffix or "no ending"] += 1
            elif (file := _examine(root, path, left_out)) is not None:
                yield file


def _is_picture(path: Path) -> bool:
    """Say whether a file of another ending begins like a picture; one that cannot be read: no."""
    with suppress(OSError):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                return begins_like_a_picture(file.read(16))
    return False


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
