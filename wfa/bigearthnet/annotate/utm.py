"""Degrees from UTM coordinates, for the columns `latitude` and `longitude`."""

from functools import cache

from pyproj import Transformer


def to_degrees(easting: float, northing: float, zone: int, north: bool) -> tuple[float, float]:
    """Return latitude and longitude (WGS 84) of a UTM position.

    Args:
        easting: Metres, 500,000 on the zone's middle.
        northing: Metres from the equator; 10,000,000 on it in the south.
        zone: 1 to 60.
        north: Whether the position lies in the northern half.
    """
    latitude, longitude = _of_zone(zone, north).transform(easting, northing)
    return float(latitude), float(longitude)


@cache
def _of_zone(zone: int, north: bool) -> Transformer:
    return Transformer.from_crs(f"EPSG:{326 if north else 327}{zone:02}", "EPSG:4326")
