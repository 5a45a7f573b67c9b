"""Write patches in the official forms: an LMDB of safetensors blobs, or GeoTIFF folders."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import lmdb
import tifffile
from numpy.typing import NDArray

from wfa.bigearthnet.archives import LMDB
from wfa.errors import UserError
from wfa.progress import track

_COMMIT = 512  # patches in a transaction: an interruption loses no more than these
_BYTES_A_PATCH = 200_000  # a Sentinel-2 blob has 160,832 bytes, in pages of 4,096
_BYTES_AT_LEAST = 1 << 26


class Count(NamedTuple):
    """How far a build is: patches that are there already, and all that there will be."""

    done: int
    total: int


def write_lmdb(
    target: Path,
    blobs: Iterable[tuple[str, bytes]],
    count: Count,
) -> None:
    """Put blobs into an LMDB, made when it is missing, some hundred in each transaction.

    Args:
        target: The folder of the LMDB.
        blobs: (key, safetensors blob) of each patch.
        count: Patches there already, and in all.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    pending = iter(track(blobs, LMDB, count.total, count.done))
    with _opened(target, max(_BYTES_AT_LEAST, count.total * _BYTES_A_PATCH)) as environment:
        for batch in _batches(pending):
            _write(environment, batch, target)


def write_geotiffs(folder: Path, bands: Mapping[str, NDArray[Any]]) -> None:
    """Write one GeoTIFF a band, `<folder's name>_<band>.tif`, compressed as the published ones.

    Args:
        folder: The patch's folder, made when it is missing.
        bands: Band -> array (H, W) of its own type.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for band, array in bands.items():
        tifffile.imwrite(
            folder / f"{folder.name}_{band}.tif", array, compression="zlib", metadata=None,
            software=False,
        )  # fmt: skip


def _opened(target: Path, size: int) -> Any:
    """Open the LMDB for writing, `size` bytes set aside."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        return lmdb.open(str(target), map_size=size)
    except (lmdb.Error, OSError) as error:
        raise UserError(
            f"the LMDB {target} cannot be made ({error}): free some disk or let it be written to, "
            "then run again"
        ) from error


def _batches(blobs: Iterator[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    while batch := list(islice(blobs, _COMMIT)):
        yield batch


def _write(environment: Any, blobs: Sequence[tuple[str, bytes]], target: Path) -> None:
    try:
        with environment.begin(write=True) as transaction:
            for key, blob in blobs:
                transaction.put(key.encode(), blob)
    except lmdb.MapFullError:
        # Patches of an earlier, larger build already fill what was set aside.
        environment.set_mapsize(2 * environment.info()["map_size"])
        _write(environment, blobs, target)
    except lmdb.Error as error:
        raise UserError(
            f"{target} cannot be written: {error}; free some disk and run again, it goes on from "
            "there"
        ) from error
