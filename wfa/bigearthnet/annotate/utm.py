"""Degrees from UTM coordinates, for the columns `latitude` and `longitude`."""

import math

_AXIS = 6_378_137.0  # of the ellipsoid WGS 84, in metres
_FLATTENING = 1 / 298.257223563
_SCALE = 0.9996
_EASTING, _NORTHING = 500_000.0, 10_000_000.0


def to_degrees(easting: float, northing: float, zone: int, north: bool) -> tuple[float, float]:
    """Return latitude and longitude (WGS 84) of a UTM position.

    By Krueger's series to the third order (Karney 2011, Transverse Mercator with an accuracy of a
    few nanometers); the error within a zone is below a millimetre.

    Args:
        easting: Metres, 500,000 on the zone's middle.
        northing: Metres from the equator; 10,000,000 on it in the south.
        zone: 1 to 60.
        north: Whether the position lies in the northern half.
    """
    n = _FLATTENING / (2 - _FLATTENING)
    radius = _AXIS / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    xi = (northing - (0 if north else _NORTHING)) / (_SCALE * radius)
    eta = (easting - _EASTING) / (_SCALE * radius)
    beta = (
        n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96,
        n**2 / 48 + n**3 / 15,
        17 * n**3 / 480,
    )
    terms = [(2 * k, weight) for k, weight in enumerate(beta, 1)]
    xi, eta = (
        xi - sum(w * math.sin(k * xi) * math.cosh(k * eta) for k, w in terms),
        eta - sum(w * math.cos(k * xi) * math.sinh(k * eta) for k, w in terms),
    )
    chi = math.asin(math.sin(xi) / math.cosh(eta))
    delta = (
        2 * n - 2 * n**2 / 3 - 2 * n**3,
        7 * n**2 / 3 - 8 * n**3 / 5,
        56 * n**3 / 15,
    )
    latitude = chi + sum(w * math.sin(2 * k * chi) for k, w in enumerate(delta, 1))
    longitude = math.atan2(math.sinh(eta), math.cos(xi))
    return math.degrees(latitude), math.degrees(longitude) + 6 * zone - 183
