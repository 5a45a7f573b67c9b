"""Scenes and tiles beside an index: `scenes.json` and `tiles.parquet`."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from wfa.errors import SearchIndexError
from wfa.files import atomic_write, write_text
from wfa.search.tiles.raster import Raster, Window
from wfa.search.tiles.survey_scene import to_degrees
from wfa.search.tiles.tile_options import TileOptions

SCENES, TILES = "scenes.json", "tiles.parquet"
FORMAT = "wfa-scenes-1"
SIDES = ("west", "south", "east", "north")
"""Of a box in EPSG:4326; one across the antimeridian has its west east of its east."""
_IN_CRS = ("crs_west", "crs_south", "crs_east", "crs_north")
_WINDOW = ("column", "row", "width", "height")
_TUPLES = {"metres", "bands", "names", "stretch", "tile", "stride", "empty"}


NOWHERE = (np.nan,) * 4
Sides = tuple[float, float, float, float]


class SceneRecords(NamedTuple):
    """The content of `scenes.json`.

    Attributes:
        options: How the scenes were cut.
        bands: What the run was trained on; empty for pictures.
        scenes: By path.
    """

    options: TileOptions
    bands: tuple[str, ...]
    scenes: Mapping[str, Raster]


@dataclass(frozen=True)
class PlacedTile:
    """A tile and where it lies.

    Attributes:
        scene: The scene's path.
        window: In its pixels.
        box: West, south, east, north in EPSG:4326; None where its CRS ends within it.
        crs: The scene's own.
        crs_box: The same four sides in it.
        date: `YYYY-MM-DD`, or empty.
    """

    scene: str
    window: Window
    box: Sides | None
    crs: str
    crs_box: Sides
    date: str


def write_scenes(path: Path, records: SceneRecords) -> None:
    """Write `scenes.json`, whole or not at all."""
    values = {
        "format": FORMAT,
        "tile": asdict(records.options),
        "bands": records.bands,
        "scenes": [asdict(raster) for raster in records.scenes.values()],
    }
    write_text(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def read_scenes(path: Path) -> SceneRecords:
    """Read `scenes.json`; nothing where there is no file.

    Raises:
        SearchIndexError: It was edited or is truncated.
    """
    if not path.is_file():
        return SceneRecords(TileOptions(), (), {})
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ValueError(f"it is not of the form {FORMAT}")
        tile = {**values["tile"], "bands": tuple(values["tile"]["bands"])}
        names = [field.name for field in fields(Raster)]
        scenes = [Raster(**{name: _plain(name, one[name]) for name in names})
                  for one in values["scenes"]]  # fmt: skip
        return SceneRecords(
            TileOptions(**tile), tuple(values["bands"]), {one.path: one for one in scenes}
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SearchIndexError(
            f"{path} is truncated or was edited ({error}): remove it and index the folder again"
        ) from error


def place_tiles(raster: Raster, windows: Sequence[Window]) -> list[PlacedTile]:
    """Find where tiles of a scene lie.

    Raises:
        BadImageError: Its CRS leads to no latitude and longitude.
    """
    way = to_degrees(raster.crs)
    placed = []
    for window in windows:
        own = raster.bounds(window)
        box: Sides | None = None
        with suppress(ProjError):  # a corner lies outside of what the CRS can say
            found = way.transform_bounds(*own)
            box = _around(*found) if np.isfinite(found).all() else None
        placed.append(PlacedTile(raster.path, window, box, raster.crs, own, raster.date))
    return placed


def _around(west: float, south: float, east: float, north: float) -> Sides:
    """Bring longitudes that are counted on past 180 degrees, as scenes in EPSG:4326 may, back."""
    if east - west >= 360:
        return -180.0, south, 180.0, north
    back = [x if -180 <= x <= 180 else (x + 180) % 360 - 180 for x in (west, east)]
    return back[0], south, back[1], north


def write_tiles(path: Path, tiles: Mapping[str, PlacedTile]) -> None:
    """Write `tiles.parquet`: a row for each tile of the index."""
    found = list(tiles.values())
    columns: dict[str, Any] = {
        "path": pa.array(list(tiles), pa.string()),
        "scene": pa.array([tile.scene for tile in found], pa.string()),
    }
    for names, values in (
        (_WINDOW, np.array([tile.window for tile in found], np.int64)),
        (SIDES, np.array([tile.box or NOWHERE for tile in found], np.float64)),
        (_IN_CRS, np.array([tile.crs_box for tile in found], np.float64)),
    ):
        columns |= {name: values[:, place] for place, name in enumerate(names)}
    columns["crs"] = pa.array([tile.crs for tile in found], pa.string())
    columns["date"] = pa.array([tile.date for tile in found], pa.string())
    with atomic_write(path) as temporary:
        pq.write_table(pa.table(columns), temporary, write_page_checksum=True)


def read_tiles(path: Path) -> dict[str, PlacedTile]:
    """Read `tiles.parquet`; nothing where there is no file.

    Raises:
        SearchIndexError: It was edited or is truncated.
    """
    if not path.is_file():
        return {}
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        texts = {name: table.column(name).to_pylist() for name in ("path", "scene", "crs", "date")}
        windows, boxes, own = (_numbers(table, names) for names in (_WINDOW, SIDES, _IN_CRS))
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise SearchIndexError(
            f"{path} is truncated or was edited: remove it and index the folder again"
        ) from error
    placed = zip(
        texts["path"], texts["scene"], windows.astype(int).tolist(), boxes.tolist(), texts["crs"],
        own.tolist(), texts["date"], strict=True,
    )  # fmt: skip
    return {
        path: PlacedTile(
            scene, Window(*window), None if np.isnan(box[0]) else tuple(box), crs, tuple(crs_box),
            date,
        )
        for path, scene, window, box, crs, crs_box, date in placed
    }  # fmt: skip


def _numbers(table: Any, names: Sequence[str]) -> NDArray[np.float64]:
    return np.stack([table.column(name).to_numpy().astype(np.float64) for name in names], axis=1)


def _plain(name: str, value: Any) -> Any:
    return tuple(value) if name in _TUPLES and value is not None else value
