"""Where the bands of a patch are read from: an LMDB of safetensors blobs, or GeoTIFF folders."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from wfa.bigearthnet.archives import S1_FOLDER, S2_FOLDER
from wfa.bigearthnet.blobs import decode
from wfa.bigearthnet.geotiff_files import opened_geotiff
from wfa.bigearthnet.lmdb_handles import reading
from wfa.data.file_hashes import Stamp, remembered, stamp, stamp_of_all
from wfa.errors import DataError
from wfa.progress import track

Bands = Mapping[str, NDArray[Any]]
"""Band -> array at its native size and type."""

_AT_ONCE = 256
"""Patches that a thread hashes before it takes others."""


class PatchStore(Protocol):
    """Reads patches by name: a patch_id for Sentinel-2, an s1_name for Sentinel-1."""

    def patch(self, name: str, bands: Sequence[str]) -> AbstractContextManager[Bands]:
        """Give at least the wanted bands of a patch, valid inside the `with` block only.

        Raises:
            DataError: The patch or a band is missing or broken; the message names both.
        """

    def holds(self, names: Sequence[str]) -> list[bool]:
        """Say of each patch whether it is there, without reading it."""

    def stamp(self, names: Sequence[str]) -> Stamp:
        """Return what changes whenever the files of these patches do, without reading them."""

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return a hash of what is stored of these patches, the same on every machine.

        All of it is read once and remembered until a file changes.
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
        with reading(self._path) as transaction:
            blob = transaction.get(name.encode())
            if blob is None:
                raise DataError(
                    f"patch {name} is not in the LMDB {self._path}: build it anew with "
                    "`wfa data prepare bigearthnet_txt`, or set data.on_bad_image=skip"
                )
            try:
                found = decode(blob)
            except Exception as error:  # broken bytes lead a decoder anywhere
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
        with reading(self._path) as transaction:
            return [transaction.get(name.encode()) is not None for name in names]

    def names(self) -> list[str]:
        """Return the names of all patches, sorted."""
        with reading(self._path) as transaction:
            return [bytes(key).decode() for key in transaction.cursor().iternext(values=False)]

    def stamp(self, names: Sequence[str]) -> Stamp:
        """Return the stamp of the file that holds all patches."""
        del names
        return stamp(self._path / "data.mdb")

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return a hash of the blobs.

        The file's own first pages do not do: two LMDBs of other pixels, each written in one go,
        have the same.
        """

        def blobs(part: Sequence[str]) -> bytes:
            digest = hashlib.blake2b(digest_size=16)
            with reading(self._path) as transaction:
                for name in part:
                    digest.update(transaction.get(name.encode()) or b"missing")
            return digest.digest()

        return _fingerprint(self._path, names, self.stamp(names), blobs)


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

    def stamp(self, names: Sequence[str]) -> Stamp:
        """Return the stamp of all files of these patches."""
        return stamp_of_all([file for name in names for file in self._files(name)])

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return a hash of the files' content."""

        def files(part: Sequence[str]) -> bytes:
            digest = hashlib.blake2b(digest_size=16)
            for name in part:
                for path in self._files(name):
                    digest.update(path.name.encode() + b"\0" + path.read_bytes())
            return digest.digest()

        return _fingerprint(self._root, names, self.stamp(names), files)

    def _files(self, name: str) -> list[Path]:
        return sorted(self.folder(name).glob("*.tif"))

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
    with opened_geotiff(path, "band file") as file:
        array: NDArray[Any] = file.asarray()
    return array


def _fingerprint(
    place: Path, names: Sequence[str], now: Stamp, of_part: Callable[[Sequence[str]], bytes]
) -> str:
    """Hash what is stored of the named patches in parts, unless that is remembered."""
    key = hashlib.blake2b("\n".join(names).encode(), digest_size=16).hexdigest()

    def find() -> str:
        parts = [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)]
        digest = hashlib.blake2b(key.encode(), digest_size=16)
        # Reading and hashing let go of the interpreter, so threads keep disk and cores busy.
        with ThreadPoolExecutor() as pool:
            for found in track(pool.map(of_part, parts), "hashing patches", len(parts)):
                digest.update(found)
        return digest.hexdigest()

    return remembered("patch_hashes", place, key, now, find)
