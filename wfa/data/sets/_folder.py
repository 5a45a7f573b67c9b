"""Images as files in a folder."""

from collections.abc import Sequence
from pathlib import Path

from wfa.data.decode import BadImageError


class FolderImages:
    """Image files below one of several folders.

    Args:
        root: The data set's folder.
        folders: Where images may lie below it, the first that holds an image wins; `""` is the
            data set's folder itself.
        suffixes: Other endings under which an image may lie, such as `.tif` for a name in `.jpg`.
    """

    def __init__(self, root: Path, folders: Sequence[str], suffixes: Sequence[str] = ()) -> None:
        self._root = root
        self._folders = tuple(folders)
        self._present = tuple(root / folder for folder in folders if (root / folder).is_dir())
        self._suffixes = tuple(suffixes)

    def read(self, name: str) -> bytes:
        """Return the bytes of image file `name`.

        Raises:
            BadImageError: It is missing or may not be read.
        """
        path = self._path(name)
        if path is None:
            raise BadImageError(self._missing())
        try:
            return path.read_bytes()
        except OSError as error:
            raise BadImageError(f"cannot be read ({error.strerror})") from error

    def stamp(self, name: str) -> tuple[int, int]:
        """Return (bytes, time of change in ns) of image file `name`; (-1, 0) if missing."""
        path = self._path(name)
        if path is None:
            return -1, 0
        status = path.stat()
        return status.st_size, status.st_mtime_ns

    def _path(self, name: str) -> Path | None:
        for folder in self._present:
            path = folder / name
            for candidate in (path, *(path.with_suffix(suffix) for suffix in self._suffixes)):
                if candidate.is_file():
                    return candidate
        return None

    def _missing(self) -> str:
        wanted = " or ".join(f"{folder}/" for folder in self._folders if folder)
        if not self._present:
            return f"is missing, since there is no folder {wanted} in {self._root}"
        return "is missing (looked in " + ", ".join(f"{folder}" for folder in self._present) + ")"
