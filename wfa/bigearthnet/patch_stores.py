"""Where the bands of a patch are read from: an LMDB of safetensors blobs, or GeoTIFF folders."""

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import lmdb
import tifffile
from numpy.typing import NDArray

from wfa.bigearthnet.archives import S1_FOLDER, S2_FOLDER
from wfa.bigearthnet.blobs import decode
from wfa.errors import DataError

Bands = Mapping[str, NDArray[Any]]
"""Band -> array at its native size and type."""


_FIRST_PAGES = 1 << 16
"""Bytes that hold the first two pages of an LMDB whatever the size of pages, 4 to 32 KiB."""


class PatchStore(Protocol):
    """Reads patches by name: a patch_id for Sentinel-2, an s1_name for Sentinel-1."""

    def patch(self, name: str, bands: Sequence[str]) -> AbstractContextManager[Bands]:
        """Give at least the wanted bands of a patch, valid inside the `with` block only.

        Raises:
            DataError: The patch or a band is missing or broken; the message names both.
        """

    def holds(self, names: Sequence[str]) -> list[bool]:
        """Say of each patch whether it is there, without reading it."""

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return what tells two states of the store apart.

        Args:
            names: Some patches, where the store can only look at a sample.
        """


class LmdbStore:
    """An LMDB with one safetensors blob a patch, as rico-hdl writes it.

    The handle is opened at the first read in each process and shared by all stores there; it is
    left behind when the store is pickled.

    Args:
        path: The folder with `data.mdb`.

    Raises:
        DataError: There is no LMDB.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # a link and its target are one file, with one handle
        if not (path / "data.mdb").is_file():
            raise DataError(f"{path} is no LMDB: it holds no data.mdb; set data.images_root=DIR")

    @contextmanager
    def patch(self, name: str, bands: Sequence[str]) -> Iterator[Bands]:
        """Give all bands of a patch as views into the memory map."""
        with _environment(self._path).begin(buffers=True) as transaction:
            blob = transaction.get(name.encode())
            if blob is None:
                raise DataError(
                    f"patch {name} is not in the LMDB {self._path}: build it anew with "
                    "`wfa data prepare bigearthnet_txt`, or set data.on_bad_image=skip"
                )
            try:
                found = decode(blob)
            except ValueError as error:
                raise DataError(f"patch {name} in the LMDB {self._path}: {error}") from error
            for band in bands:
                if band not in found:
                    raise DataError(
                        f"patch {name} in the LMDB {self._path} has no band {band}; it has: "
                        f"{', '.join(sorted(found))}"
                    )
            yield found

    def holds(self, names: Sequence[str]) -> list[bool]:
        """Look for each name among the keys."""
        with _environment(self._path).begin(buffers=True) as transaction:
            return [transaction.get(name.encode()) is not None for name in names]

    def names(self) -> list[str]:
        """Return the names of all patches, sorted."""
        with _environment(self._path).begin() as transaction:
            return [key.decode() for key in transaction.cursor().iternext(values=False)]

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return the length and a hash of the first pages, the same for every copy of the file.

        LMDB notes there the number of the last transaction and where its tree begins, so whatever
        is written through LMDB shows, patch by patch. Bytes that were changed behind its back, as
        on a failing disk, do not.
        """
        del names
        path = self._path / "data.mdb"
        with path.open("rb") as file:
            first = file.read(_FIRST_PAGES)
        return f"{path.stat().st_size} {hashlib.sha256(first).hexdigest()}"


class GeoTiffStore:
    """The folders of BigEarthNet v2 as published, one GeoTIFF a band.

    Args:
        root: The folder with `BigEarthNet-S1/` and `BigEarthNet-S2/`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def patch(self, name: str, bands: Sequence[str]) -> Iterator[Bands]:
        """Give the wanted bands of a patch."""
        folder = self.folder(name)
        yield {band: read_geotiff(folder / f"{name}_{band}.tif") for band in bands}

    def holds(self, names: Sequence[str]) -> list[bool]:
        """Look for each patch's folder."""
        return [self.folder(name).is_dir() for name in names]

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return a hash of the named patches' files, the same on every machine.

        The published imagery has millions of files: looking at each would take longer than many a
        training. A change to other patches than those named does not show.
        """
        digest = hashlib.sha256()
        for name in names:
            for path in sorted(self.folder(name).glob("*.tif")):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def folder(self, name: str) -> Path:
        """Return the folder of a patch: below its Sentinel-2 tile or its Sentinel-1 scene.

        Sentinel-2 names end in two indices after the tile, Sentinel-1 names in the tile and two.
        """
        is_s1 = name.startswith("S1")
        group = name.rsplit("_", 3 if is_s1 else 2)[0]
        return self._root / (S1_FOLDER if is_s1 else S2_FOLDER) / group / name


def read_geotiff(path: Path) -> NDArray[Any]:
    """Read a GeoTIFF of one band, (H, W) of its own type.

    Raises:
        DataError: It is missing or cannot be decoded.
    """
    try:
        array: NDArray[Any] = tifffile.imread(path)
    except FileNotFoundError as error:
        raise DataError(f"band file {path} is missing: unpack the archive again") from error
    except (ValueError, OSError, tifffile.TiffFileError) as error:
        raise DataError(f"band file {path} cannot be read: {error}") from error
    return array


_environments: dict[Path, tuple[int, Any]] = {}
_opening = threading.Lock()


def _environment(path: Path) -> Any:
    """Return this process's handle; LMDB allows one for each file and process, and none forked."""
    opened_by, environment = _environments.get(path, (0, None))
    return environment if opened_by == os.getpid() else _open(path)


def _open(path: Path) -> Any:
    with _opening:
        opened_by, environment = _environments.get(path, (0, None))
        if opened_by == os.getpid():
            return environment
        if environment is not None:
            environment.close()  # the parent's, inherited by fork; its own stays open
        try:
            # Read-ahead stays on: a patch spans forty pages, and they lie side by side.
            environment = lmdb.open(str(path), readonly=True, lock=False)
        except lmdb.Error as error:
            raise DataError(f"the LMDB {path} cannot be opened: {error}") from error
        _environments[path] = (os.getpid(), environment)
    return environment


def close_environments() -> None:
    """Close every handle of this process, so that other code may open the same files."""
    for opened_by, environment in _environments.values():
        if opened_by == os.getpid():
            environment.close()
    _environments.clear()
