import hashlib
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wfa.bigearthnet.annotate.patch_metadata import CLIMATES
from wfa.bigearthnet.bands import NATIVE_SIZE, S1_BANDS, S2_BANDS
from wfa.draws import Draws
from wfa.scenes.land_classes import LAND
from wfa.scenes.patch_map import draw_map
from wfa.scenes.scene_place import ScenePlace, place_scene
from wfa.scenes.sensor_images import DB, draw_s1, draw_s2, greenness, sunlight
from wfa.scenes.sensor_pairs import make_pair

# What seed 7 gives everywhere. A change means that every figure measured on `scenes_s1s2` before it
# is of another data set: raise FORMAT_VERSION in `official_files` and record the new sum.
GOLDEN = "d45c19dd0453f78a6c7c950230d527eaa1c87ffd8bd5cbd52c30fed753bb538c"

Means = dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]]
TENS = [band for band in S2_BANDS if NATIVE_SIZE[band] == 120]
CODE = {land.name: code for code, land in enumerate(LAND)}


@pytest.fixture(scope="module")
def means() -> Means:
    """Give the mean look of each kind of land in each image, for both sensors."""
    found: Means = defaultdict(list)
    for index in range(100):
        place = place_scene(7, "train", index)
        draws = Draws(7, "train", index, 4)
        land = draw_map(tuple(range(19)), draws).kinds
        bands = draw_s2(land, place, draws)
        s2 = np.array([bands[band] for band in TENS], np.float64)
        s1 = np.array([*draw_s1(land, place.season, draws).values()], np.float64)
        for code in np.unique(land).tolist():
            own = land == code
            if own.sum() > 50:
                found[LAND[code].name].append((s2[:, own].mean(axis=1), s1[:, own].mean(axis=1)))
    return found


def separable(means: Means, one: str, other: str, sensor: int) -> float:
    """Return how often the nearer centre is the own one, 0.5 by chance; half is held out."""
    first, second = (np.array([looks[sensor] for looks in means[name]]) for name in (one, other))
    spread = np.concatenate([first[::2], second[::2]]).std(axis=0)
    centres = [own[::2].mean(axis=0) / spread for own in (first, second)]
    right = []
    for own, (near, far) in ((first, centres), (second, centres[::-1])):
        looks = own[1::2] / spread
        right.append(
            (np.linalg.norm(looks - near, axis=1) < np.linalg.norm(looks - far, axis=1)).mean()
        )
    return float(np.mean(right))


@pytest.mark.parametrize(
    ("one", "other"),
    [("town", "ploughed"), ("industry", "sand"), ("orchard", "scrub"), ("vineyard", "heath"),
     ("marsh", "grassland")],
)  # fmt: skip
def test_pairs_that_only_sentinel_1_tells_apart(means: Means, one: str, other: str) -> None:
    assert separable(means, one, other, 0) < 0.8
    assert separable(means, one, other, 1) > 0.95


@pytest.mark.parametrize(
    ("one", "other"),
    [("sea", "lake"), ("conifer", "broadleaf"), ("pasture", "ploughed"), ("sea", "river")],
)
def test_pairs_that_only_sentinel_2_tells_apart(means: Means, one: str, other: str) -> None:
    assert separable(means, one, other, 1) < 0.8
    assert separable(means, one, other, 0) > 0.85


def test_forms_and_ranges() -> None:
    pair = make_pair(7, "test", 3)
    assert tuple(pair.s2) == S2_BANDS
    assert tuple(pair.s1) == S1_BANDS
    for band, values in pair.s2.items():
        assert values.dtype == np.uint16
        assert values.shape == (NATIVE_SIZE[band],) * 2
        assert values.min() >= 1
        assert values.max() <= 10_000
    for echo in pair.s1.values():
        assert echo.dtype == np.float32
        assert echo.shape == (120, 120)
        assert -50 < echo.min() < echo.max() < 20
        np.testing.assert_array_equal(echo * DB, np.round(echo * DB))


def test_the_bytes_are_the_recorded_ones() -> None:
    digest = hashlib.sha256()
    for index in range(3):
        pair = make_pair(7, "train", index)
        for bands in (pair.s2, pair.s1):
            for values in bands.values():
                digest.update(values.tobytes())
    assert digest.hexdigest() == GOLDEN


def test_speckle_is_that_of_four_looks() -> None:
    """Over one class, intensity has a standard deviation of half its mean (four looks)."""
    land = np.full((120, 120), CODE["conifer"], np.uint8)
    ratios = []
    for index in range(30):
        intensity = 10 ** (draw_s1(land, "Summer", Draws(0, "train", index, 4))["VV"] / 10)
        ratios.append(intensity.std() / intensity.mean())
    assert 0.45 < float(np.mean(ratios)) < 0.56


def looks(kind: str, **place: Any) -> dict[str, float]:
    """Give the mean of each band over one kind of land somewhere, over some images."""
    somewhere: ScenePlace = replace(place_scene(0, "train", 0), **place)
    land = np.full((120, 120), CODE[kind], np.uint8)
    drawn = [draw_s2(land, somewhere, Draws(0, "train", index, 4)) for index in range(12)]
    return {band: float(np.mean([one[band].mean() for one in drawn])) for band in S2_BANDS}


def green(bands: dict[str, float]) -> float:
    """Return the index of vegetation, (B08 - B04) / (B08 + B04)."""
    return (bands["B08"] - bands["B04"]) / (bands["B08"] + bands["B04"])


COLD, DRY = CLIMATES[6], CLIMATES[1]


def test_seasons_show_as_they_do_at_their_latitude() -> None:
    """Woods are green in summer; in May they are so in the middle and not yet in the north."""
    july, may, january = (
        {at: green(looks("broadleaf", month=month, latitude=at, climate_zone=COLD))
         for at in (47.0, 66.0)}
        for month in (7, 5, 1)
    )  # fmt: skip
    assert min(july.values()) > 0.8
    assert max(january.values()) < 0.75
    assert may[47.0] > may[66.0] + 0.05
    assert greenness(7, 60.0) == 256
    assert greenness(1, 60.0) == 0


def test_the_sun_stands_lower_in_the_north_and_in_winter() -> None:
    assert sunlight(6, 40.0) == 256
    assert sunlight(6, 65.0) < 256
    assert sunlight(12, 65.0) < sunlight(12, 40.0) < sunlight(6, 40.0)
    north, south = (looks("sand", month=10, latitude=at, climate_zone=COLD) for at in (66.0, 38.0))
    assert north["B08"] < 0.9 * south["B08"]


def test_dry_summers_dry_fields_and_redden_soils() -> None:
    dry, wet = (
        {kind: looks(kind, month=8, latitude=40.0, climate_zone=zone)
         for kind in ("pasture", "conifer", "ploughed")}
        for zone in (DRY, COLD)
    )  # fmt: skip
    assert green(dry["pasture"]) < green(wet["pasture"]) - 0.05
    assert dry["ploughed"]["B04"] > 1.04 * wet["ploughed"]["B04"]
    assert dry["ploughed"]["B11"] > 1.05 * wet["ploughed"]["B11"]
    assert dry["conifer"]["B08"] > 0.97 * wet["conifer"]["B08"]
