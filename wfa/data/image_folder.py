"""Images as files in a folder."""

from collections.abc import Sequence
from pathlib import Path

from wfa.data.decode import NoBytesError


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
            NoBytesError: It is missing or may not be read.
        """
        path = self.file(name)
        if path is None:
            raise NoBytesError(f"is missing ({self.searched})")
        try:
            return path.read_bytes()
        except OSError as error:
            raise NoBytesError(f"cannot be read ({error.strerror})") from error

    def file(self, name: str) -> Path | None:
        """Return the file of image `name`, None if it is missing."""
        for folder in self._present:
            path = folder / name
            for candidate in (path, *(path.with_suffix(suffix) for suffix in self._suffixes)):
                if candidate.is_file():
                    return candidate
        return None

    @property
    def searched(self) -> str:
        """Where images were looked for, to be put in brackets after what is missing."""
        wanted = " or ".join(f"{folder}/" for folder in self._folders if folder)
        if not self._present:
            return f"there is no folder {wanted} in {self._root}"
        return "looked in " + ", ".join(map(str, self._present))
