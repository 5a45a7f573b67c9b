"""The places of hits as GeoJSON or GeoPackage, for a map of the person's own."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wfa.errors import UserError
from wfa.files import temporary_folder, write_text
from wfa.search.ask import Answer, FoundImage
from wfa.search.tiles.open_raster import EXTRA


def write_places(answer: Answer, path: Path) -> None:
    """Write the hits that have a place, whole or not at all.

    Args:
        answer: The answer.
        path: Of GeoJSON (RFC 7946), or of a GeoPackage where it ends in `.gpkg`.

    Raises:
        UserError: No hit has a place, the file cannot be written, or a GeoPackage is wanted and
            pyogrio is not installed.
    """
    collection = places_of(answer)
    if answer.hits and not collection["features"]:
        raise UserError(
            f"none of the {len(answer.hits)} hits has a place, so {path} was not written: index "
            "GeoTIFFs that have a CRS"
        )
    text = json.dumps(collection, indent=1, ensure_ascii=False) + "\n"
    if path.suffix.lower() == ".gpkg":
        _write_geopackage(text, path)
    else:
        write_text(path, text)


def places_of(answer: Answer) -> dict[str, Any]:
    """Return the hits that have a place as a GeoJSON FeatureCollection, best first."""
    features = [_feature(hit) for hit in answer.hits if hit.place and hit.place.box]
    return {"type": "FeatureCollection", "features": features}


def _feature(hit: FoundImage) -> dict[str, Any]:
    assert hit.place is not None and hit.place.box is not None
    place = hit.place
    properties = {
        "rank": hit.rank, "score": round(hit.score, 6), "path": hit.path, "scene": place.scene,
        "date": place.date or None, "merged": hit.merged, "crs": place.crs,
        **{f"crs_{side}": value for side, value in
           zip(("west", "south", "east", "north"), place.crs_box, strict=True)},
    }  # fmt: skip
    facts = {f"meta_{name}": value for name, value in hit.metadata.items()}
    west, _, east, _ = hit.place.box
    return {
        "type": "Feature",
        "id": hit.id,
        "bbox": list(hit.place.box),
        "geometry": _polygon(hit.place.box) if west <= east else _two_polygons(hit.place.box),
        "properties": properties | facts,
    }


def _polygon(box: Sequence[float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [_ring(box)]}


def _two_polygons(box: Sequence[float]) -> dict[str, Any]:
    """Cut a box at the antimeridian, as RFC 7946 asks for."""
    west, south, east, north = box
    halves = ((west, south, 180.0, north), (-180.0, south, east, north))
    return {"type": "MultiPolygon", "coordinates": [[_ring(half)] for half in halves]}


def _ring(box: Sequence[float]) -> list[list[float]]:
    west, south, east, north = box
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _write_geopackage(geojson: str, path: Path) -> None:
    if find_spec("pyogrio") is None:
        raise UserError(f"{path}: a GeoPackage is written by pyogrio: {EXTRA}, or write .geojson")
    import pyogrio.raw

    with temporary_folder(path) as folder:
        source, made = folder / "hits.geojson", folder / "hits.gpkg"
        source.write_text(geojson, encoding="utf-8")
        facts, _, geometry, values = pyogrio.raw.read(source)
        pyogrio.raw.write(
            made, geometry, values, facts["fields"], geometry_type="Unknown", crs="EPSG:4326",
            layer="hits", driver="GPKG",
        )  # fmt: skip
        made.replace(path)
