from dataclasses import replace

import numpy as np
import pytest

from wfa.scenes.drawing import draw_rgb
from wfa.scenes.land_classes import CODE, KINDS, LAND
from wfa.scenes.scene_layout import Scene, SceneObject

BOX = np.s_[20:30, 20:32]


def plain(land: str, season: str = "summer", snow: bool = False, index: int = 0) -> Scene:
    cover = np.full((64, 64), CODE[land], dtype=np.uint8)
    return Scene(0, "train", index, cover, (), season, snow)


def colour(scene: Scene) -> list[float]:
    return [float(band) for band in draw_rgb(scene).mean(axis=(0, 1))]


def test_water_is_blue_and_summer_wood_green() -> None:
    red, green, blue = colour(plain("sea"))
    assert blue > green > red
    red, green, blue = colour(plain("broadleaf"))
    assert green > max(red, blue)
    red, green, blue = colour(plain("broadleaf", "autumn"))
    assert red > green > blue


def test_snow_lies_on_land_and_not_on_water() -> None:
    winter, white = colour(plain("heath", "winter")), colour(plain("heath", "winter", snow=True))
    assert min(white[band] - winter[band] for band in range(3)) > 30
    assert colour(plain("sea", "winter")) == colour(plain("sea", "winter", snow=True))


@pytest.mark.parametrize("land", [land.name for land in LAND])
def test_images_of_one_class_differ(land: str) -> None:
    first, second = draw_rgb(plain(land)), draw_rgb(plain(land, index=1))
    assert (first != second).mean() > 0.5


@pytest.mark.parametrize(
    ("kind", "look"), [(name, look) for name, kind in KINDS.items() for look in kind.looks]
)
@pytest.mark.parametrize("upright", [False, True])
def test_an_object_is_seen_in_its_box_and_nowhere_else(kind: str, look: str, upright: bool) -> None:
    scene = plain(KINDS[kind].grounds[0])
    box = (20, 20, 30, 32) if upright else (20, 20, 32, 30)
    before = draw_rgb(scene).astype(int)
    after = draw_rgb(replace(scene, objects=(SceneObject(kind, look, *box),))).astype(int)
    changed = np.abs(before - after).max(axis=2) > 24
    if kind != "car park":  # its cars take random numbers, so the noise after them is another
        outside = np.ones((64, 64), dtype=bool)
        outside[box[1] : box[3], box[0] : box[2]] = False
        assert (before == after)[outside].all()
    assert changed[box[1] : box[3], box[0] : box[2]].mean() > 0.15
