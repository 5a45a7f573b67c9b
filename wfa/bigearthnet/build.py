"""BigEarthNet v2 imagery: what to download, and the LMDB built from the unpacked GeoTIFFs."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import lmdb

from wfa.bigearthnet.archives import (
    ANNOTATIONS,
    ANNOTATIONS_ADDRESS,
    ANNOTATIONS_SHA256,
    ARCHIVES,
    IMAGERY,
    IMAGERY_RECORD,
    LMDB,
    MAP_KEY,
    MAP_SUFFIX,
    MAPS_FOLDER,
    S1_FOLDER,
    S2_FOLDER,
    Archive,
)
from wfa.bigearthnet.bands import S1_BANDS, S2_BANDS
from wfa.bigearthnet.blobs import encode
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.patch_stores import read_geotiff
from wfa.bigearthnet.patch_writing import Count, write_lmdb
from wfa.errors import DataError

_PENDING = 2048  # patches: every pending blob is in memory
_PACKED = ".tar.zst"


def how_to_get(root: Path, imagery: Path | None = None) -> str:
    """Return what to download by hand, how large it is, what is there already, what to run then.

    Args:
        root: The folder of the data set `bigearthnet_txt`.
        imagery: The folder of BigEarthNet v2; beside `root` by default.
    """
    imagery = imagery or root.resolve().parent / IMAGERY
    files = "\n".join(
        f"  {archive.name:<58} {archive.size:>14,} bytes  {_state(imagery, archive)}"
        f"{'' if archive.needed else ' (only to make annotations)'}"
        for archive in ARCHIVES
    )
    return (
        f"The annotations, {ANNOTATIONS} (467 MB, sha256 {ANNOTATIONS_SHA256}), are fetched by "
        f"this command from the Hugging Face hub, {ANNOTATIONS_ADDRESS}, into {root}.\n"
        f"The imagery is not fetched by this command, it is 118 GB. From {IMAGERY_RECORD} get\n"
        f"{files}\n"
        f"into {imagery}, check each against the MD5 shown there (`md5sum FILE`), then unpack\n"
        f"  cd {imagery}\n"
        f"  for archive in *.tar.zst; do tar --zstd -xf $archive; done\n"
        "and run `wfa data prepare bigearthnet_txt` again: it builds the LMDB from the GeoTIFFs, "
        "which reads many times faster. GeoTIFFs alone will do with data.images=geotiff."
    )


def build_lmdb(
    imagery: Path,
    target: Path | None = None,
    workers: int | None = None,
    on_bad: Callable[[str], None] | None = None,
) -> int:
    """Write every patch of the GeoTIFF folders as a safetensors blob into an LMDB.

    Keys and blobs are those of rico-hdl, byte for byte. What the LMDB has already is not read
    again, so a build that was interrupted goes on where it stopped.

    Args:
        imagery: Folder with `BigEarthNet-S1/`, `BigEarthNet-S2/` or `Reference_Maps/`.
        target: The LMDB; `BigEarthNet-V2-LMDB` in `imagery` by default.
        workers: Processes that read GeoTIFFs; 0 reads in this one, None takes one for each core.
        on_bad: Called with the reason for each patch that cannot be read, which is left out; None
            stops at the first one.

    Returns:
        How many patches were to be written.

    Raises:
        DataError: There are no GeoTIFFs, or a band is missing or broken; the message names it,
            and the same command goes on from there once it is mended.
        UserError: The disk is full or the folder may not be written to.
    """
    folders = _patch_folders(imagery)
    if not folders:
        raise DataError(
            f"{imagery} holds no patches in {S1_FOLDER}/, {S2_FOLDER}/ or {MAPS_FOLDER}/: unpack "
            "the archives there"
        )
    target = target or imagery / LMDB
    close_environments()  # LMDB allows one handle a file and process, and this one writes
    todo = _missing(target, folders)
    if not todo:
        return 0
    blobs = _blobs(todo, os.cpu_count() if workers is None else workers)
    readable = _readable(blobs, on_bad or _stop)
    write_lmdb(target, readable, Count(len(folders) - len(todo), len(folders)))
    return len(todo)


def _patch_folders(imagery: Path) -> list[Path]:
    return sorted(
        patch
        for group in (S1_FOLDER, S2_FOLDER, MAPS_FOLDER)
        for patch in (imagery / group).glob("*/*")
        if patch.is_dir()
    )


def _missing(target: Path, folders: Sequence[Path]) -> list[Path]:
    """Return the patches that the LMDB has not; one that lacks none need not be written to."""
    if not (target / "data.mdb").is_file():
        return list(folders)
    try:
        with (
            lmdb.open(str(target), readonly=True, lock=False) as environment,
            environment.begin() as transaction,
        ):
            return [folder for folder in folders if transaction.get(_key(folder).encode()) is None]
    except lmdb.Error as error:
        raise DataError(f"the LMDB {target} is damaged ({error}): delete it and run again") \
            from error  # fmt: skip


def _state(imagery: Path, archive: Archive) -> str:
    """Say whether a published file is there, whole, or unpacked already."""
    path = imagery / archive.name
    packed = archive.name.endswith(_PACKED)
    if packed and (imagery / archive.name.removesuffix(_PACKED)).is_dir():
        return "unpacked"
    if not path.is_file():
        return "missing"
    if path.stat().st_size != archive.size:
        return f"not whole, {path.stat().st_size:,} bytes"
    return "to be unpacked" if packed else "there"


def _is_map(folder: Path) -> bool:
    return folder.parents[1].name == MAPS_FOLDER


def _key(folder: Path) -> str:
    return f"{folder.name}{MAP_SUFFIX}" if _is_map(folder) else folder.name


def _blob(folder: Path) -> tuple[str, bytes | str]:
    """Return a patch's key and its blob; of one that cannot be read the reason in words."""
    key = _key(folder)
    try:
        if _is_map(folder):
            return key, encode({MAP_KEY: read_geotiff(folder / f"{key}.tif")})
        bands = S1_BANDS if folder.parents[1].name == S1_FOLDER else S2_BANDS
        return key, encode({b: read_geotiff(folder / f"{key}_{b}.tif") for b in bands})
    except DataError as error:
        return key, str(error)


def _readable(
    blobs: Iterator[tuple[str, bytes | str]], on_bad: Callable[[str], None]
) -> Iterator[tuple[str, bytes]]:
    for key, blob in blobs:
        if isinstance(blob, bytes):
            yield key, blob
        else:
            on_bad(blob)


def _stop(reason: str) -> None:
    raise DataError(reason)


def _blobs(folders: Sequence[Path], workers: int | None) -> Iterator[tuple[str, bytes | str]]:
    if not workers:
        yield from map(_blob, folders)
        return
    with ProcessPoolExecutor(workers) as pool:
        pending = iter(folders)
        while part := list(islice(pending, _PENDING)):
            yield from pool.map(_blob, part, chunksize=16)
