import math

import pytest

from wfa.bigearthnet.annotate.utm import to_degrees


def test_the_published_place_of_a_real_patch() -> None:
    """The middle of patch 33UUP_26_57, 600 m from its corner at 331200, 5331600."""
    latitude, longitude = to_degrees(331_800, 5_331_000, 33, True)
    assert latitude == pytest.approx(48.11003471465957, abs=1e-8)
    assert longitude == pytest.approx(12.740300299577253, abs=1e-8)


def forward(latitude: float, longitude: float, zone: int) -> tuple[float, float]:
    """Project by Redfearn's series (1948), another way to the same coordinates."""
    a, f, k0 = 6_378_137.0, 1 / 298.257223563, 0.9996
    e2 = f * (2 - f)
    p, lam = math.radians(latitude), math.radians(longitude - (6 * zone - 183))
    nu = a / math.sqrt(1 - e2 * math.sin(p) ** 2)
    psi = nu / (a * (1 - e2) / (1 - e2 * math.sin(p) ** 2) ** 1.5)
    t, c = math.tan(p), math.cos(p)
    steps = 20_000  # the arc along the meridian, by Simpson's rule
    arc = (
        sum(
            weight * a * (1 - e2) / (1 - e2 * math.sin(p * k / steps) ** 2) ** 1.5
            for k, weight in (
                (k, 1 if k in (0, steps) else 4 if k % 2 else 2) for k in range(steps + 1)
            )
        )
        * (p / steps)
        / 3
    )
    east = nu * lam * c * (
        1 + lam**2 / 6 * c**2 * (psi - t**2)
        + lam**4 / 120 * c**4 * (4 * psi**3 * (1 - 6 * t**2) + psi**2 * (1 + 8 * t**2)
                                 - 2 * psi * t**2 + t**4)
    )  # fmt: skip
    north = arc + nu * math.sin(p) * lam**2 / 2 * c * (
        1 + lam**2 / 12 * c**2 * (4 * psi**2 + psi - t**2)
    )
    return 500_000 + k0 * east, k0 * north


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"), [(38.0, -8.1, 29), (64.3, 27.9, 35), (48.0, 15.0, 33)]
)
def test_against_another_series(latitude: float, longitude: float, zone: int) -> None:
    found = to_degrees(*forward(latitude, longitude, zone), zone, True)
    assert found == pytest.approx((latitude, longitude), abs=2e-6)


def test_the_south_counts_from_ten_million() -> None:
    north, south = to_degrees(4e5, 2e6, 20, True), to_degrees(4e5, 1e7 - 2e6, 20, False)
    assert south == pytest.approx((-north[0], north[1]), abs=1e-12)
