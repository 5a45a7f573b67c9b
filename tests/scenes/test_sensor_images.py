import hashlib
from collections import defaultdict

import numpy as np
import pytest
from numpy.typing import NDArray

from wfa.bigearthnet.bands import NATIVE_SIZE, S1_BANDS, S2_BANDS
from wfa.scenes.land_classes import LAND, SEASONS
from wfa.scenes.scene_layout import Scene, make_scene
from wfa.scenes.scene_place import place_scene
from wfa.scenes.sensor_images import DB, sensor_bands

# What seed 7 gives everywhere. A change means that every figure measured on `scenes_s1s2` before it
# is of another data set: raise FORMAT_VERSION in `official` and record the new sum.
GOLDEN = "f1db7d583e38f6115165a55486f92276bf8f3fec2702512746d5cdf8e40e95fc"

Means = dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]]


def drawn(scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the 10 m bands of Sentinel-2, (4, 120, 120), and both of Sentinel-1."""
    s2, s1 = sensor_bands(scene, place_scene(scene))
    tens = [s2[band] for band in S2_BANDS if NATIVE_SIZE[band] == 120]
    return np.array(tens, np.float64), np.array([s1[band] for band in S1_BANDS], np.float64)


@pytest.fixture(scope="module")
def means() -> Means:
    """Give the mean look of each class in each image, for both sensors."""
    found: Means = defaultdict(list)
    for index in range(250):
        scene = make_scene(7, "train", index, 120)
        s2, s1 = drawn(scene)
        for code in np.unique(scene.land_cover).tolist():
            own = scene.land_cover == code
            if own.sum() > 150:
                looks = (s2[:, own].mean(axis=1), s1[:, own].mean(axis=1))
                found[LAND[code].name].append(looks)
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
    scene = make_scene(7, "test", 3, 120)
    s2, s1 = sensor_bands(scene, place_scene(scene))
    assert tuple(s2) == S2_BANDS
    assert tuple(s1) == S1_BANDS
    for band, values in s2.items():
        assert values.dtype == np.uint16
        assert values.shape == (NATIVE_SIZE[band],) * 2
        assert values.min() >= 1
        assert values.max() <= 10_000
    for echo in s1.values():
        assert echo.dtype == np.float32
        assert echo.shape == (120, 120)
        assert -50 < echo.min() < echo.max() < 20
        np.testing.assert_array_equal(echo * DB, np.round(echo * DB))


def test_the_bytes_are_the_recorded_ones() -> None:
    digest = hashlib.sha256()
    for index in range(3):
        scene = make_scene(7, "train", index, 120)
        for bands in sensor_bands(scene, place_scene(scene)):
            for values in bands.values():
                digest.update(values.tobytes())
    assert digest.hexdigest() == GOLDEN


def test_speckle_is_that_of_four_looks() -> None:
    """Over one class, intensity has a standard deviation of half its mean (four looks)."""
    ratios = []
    for index in range(30):
        scene = make_scene(7, "train", index, 120)
        _, s1 = drawn(scene)
        code = np.bincount(scene.land_cover.ravel()).argmax()
        intensity = 10 ** (s1[0][scene.land_cover == code] / 10)
        ratios.append(intensity.std() / intensity.mean())
    assert 0.45 < float(np.mean(ratios)) < 0.56


def test_summer_is_greener_than_winter() -> None:
    """The index of vegetation, (B08 - B04) / (B08 + B04), of broad-leaved woods by season."""
    green = defaultdict(list)
    for index in range(150):
        scene = make_scene(7, "train", index, 120)
        s2, _ = sensor_bands(scene, place_scene(scene))
        wood = scene.land_cover == [land.name for land in LAND].index("broadleaf")
        if wood.sum() > 200:
            near, red = (s2[band][wood].astype(float).mean() for band in ("B08", "B04"))
            green[scene.season].append((near - red) / (near + red))
    found = {season: float(np.mean(green[season])) for season in SEASONS}
    assert found["summer"] > 0.8
    assert found["summer"] > found["autumn"] > found["winter"]
