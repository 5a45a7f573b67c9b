"""Where reference maps are read from: GeoTIFFs in folders, or an LMDB of safetensors blobs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from wfa.bigearthnet.annotate.utm import to_degrees
from wfa.bigearthnet.archives import MAP_KEY, MAP_SUFFIX
from wfa.bigearthnet.bands import PATCH_SIZE
from wfa.bigearthnet.geotiff_files import opened_geotiff
from wfa.bigearthnet.layout import find_lmdb
from wfa.bigearthnet.patch_stores import LmdbStore
from wfa.errors import DataError

_TIE_POINT, _PIXEL_SCALE, _GEO_KEYS = 33922, 33550, 34735
_PROJECTION = 3072
_UTM_NORTH, _UTM_SOUTH = 32600, 32700  # EPSG codes of WGS 84 / UTM, without the zone


class ReferenceMap(NamedTuple):
    """One map.

    Attributes:
        codes: (H, W) CORINE codes, as they are stored.
        latitude: Of its middle, in degrees; None where the file does not say where it lies.
        longitude: Likewise.
    """

    codes: NDArray[Any]
    latitude: float | None = None
    longitude: float | None = None


class MapStore(Protocol):
    """Reads reference maps by the name of their patch."""

    def patches(self) -> Iterator[str]:
        """Give the patches that have a map, in no certain order."""

    def read(self, patch: str) -> ReferenceMap:
        """Read a patch's map.

        Raises:
            DataError: It is missing or broken; the message names it.
        """


def open_maps(folder: Path) -> MapStore:
    """Open the maps in a folder: GeoTIFFs at any depth, or else an LMDB.

    Raises:
        DataError: The folder is missing or holds neither.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}: set maps=DIR to the reference maps")
    if next(folder.rglob(f"*{MAP_SUFFIX}.tif"), None) is not None:
        return GeoTiffMaps(folder)
    found = find_lmdb(folder)
    if found is None:
        raise DataError(
            f"{folder} holds no reference maps: wanted are <patch_id>{MAP_SUFFIX}.tif at any "
            f"depth, or an LMDB (data.mdb) with the keys <patch_id>{MAP_SUFFIX}"
        )
    return LmdbMaps(found)


class GeoTiffMaps:
    """Files `<patch_id>_reference_map.tif` at any depth of a folder.

    Args:
        root: The folder; it is walked once.
    """

    def __init__(self, root: Path) -> None:
        self._files = {
            path.name.removesuffix(f"{MAP_SUFFIX}.tif"): path
            for path in root.rglob(f"*{MAP_SUFFIX}.tif")
        }

    def patches(self) -> Iterator[str]:
        """Give the patches that have a file."""
        return iter(self._files)

    def read(self, patch: str) -> ReferenceMap:
        """Read a file, with its place on Earth where it says so."""
        path = self._files[patch]
        with opened_geotiff(path, "the reference map") as file:
            return ReferenceMap(file.asarray(), *_middle(file.pages.first.tags))


class LmdbMaps:
    """An LMDB with the blobs `<patch_id>_reference_map`.

    Args:
        path: The folder with `data.mdb`.
    """

    def __init__(self, path: Path) -> None:
        self._store = LmdbStore(path)

    def patches(self) -> Iterator[str]:
        """Give the patches that have a blob."""
        names = self._store.names()
        return (name.removesuffix(MAP_SUFFIX) for name in names if name.endswith(MAP_SUFFIX))

    def read(self, patch: str) -> ReferenceMap:
        """Read a blob; it does not say where it lies."""
        with self._store.patch(f"{patch}{MAP_SUFFIX}", (MAP_KEY,)) as found:
            return ReferenceMap(found[MAP_KEY].copy())


def _middle(tags: Any) -> tuple[float | None, float | None]:
    """Return latitude and longitude of a file's middle, if it lies in a UTM zone of WGS 84."""
    tie, scale, keys = (_values(tags, code) for code in (_TIE_POINT, _PIXEL_SCALE, _GEO_KEYS))
    entries = [keys[start : start + 4] for start in range(4, len(keys), 4)]
    projection = next((entry[3] for entry in entries if entry[0] == _PROJECTION), 0)
    zone = projection % 100
    known = projection - zone in (_UTM_NORTH, _UTM_SOUTH) and 1 <= zone <= 60
    if not known or len(tie) < 6 or len(scale) < 2:
        return None, None
    half = PATCH_SIZE / 2
    easting, northing = tie[3] + half * scale[0], tie[4] - half * scale[1]
    return to_degrees(easting, northing, zone, projection - zone == _UTM_NORTH)


def _values(tags: Any, code: int) -> tuple[Any, ...]:
    tag = tags.get(code)
    return () if tag is None else tuple(tag.value)
