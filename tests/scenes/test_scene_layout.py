from collections import Counter

import numpy as np
import pytest

from wfa.scenes.drawing import draw_rgb
from wfa.scenes.land_classes import CODE, KINDS, LAND, SEASONS
from wfa.scenes.scene_layout import Scene, make_scene

BIGEARTHNET_19 = """Urban fabric; Industrial or commercial units; Arable land; Permanent crops;
Pastures; Complex cultivation patterns; Land principally occupied by agriculture, with significant
areas of natural vegetation; Agro-forestry areas; Broad-leaved forest; Coniferous forest; Mixed
forest; Natural grassland and sparsely vegetated areas; Moors, heathland and sclerophyllous
vegetation; Transitional woodland, shrub; Beaches, dunes, sands; Inland wetlands; Coastal wetlands;
Inland waters; Marine waters"""


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [make_scene(3, "train", index, 64) for index in range(400)]


def test_every_class_is_one_of_bigearthnets() -> None:
    known = {" ".join(name.split()) for name in BIGEARTHNET_19.split(";")}
    assert {land.bigearthnet for land in LAND} <= known
    assert len(CODE) == len(LAND)
    assert {land.name for land in LAND if land.group == "water"} == {"lake", "river", "sea"}


def test_all_there_can_be_appears(scenes: list[Scene]) -> None:
    assert {int(code) for scene in scenes for code in np.unique(scene.land_cover)} == set(
        range(len(LAND))
    )
    assert {thing.kind for scene in scenes for thing in scene.objects} == set(KINDS)
    looks = {(thing.kind, thing.look) for scene in scenes for thing in scene.objects}
    assert looks == {(name, look) for name, kind in KINDS.items() for look in kind.looks}
    assert {scene.season for scene in scenes} == set(SEASONS)
    assert {scene.snow for scene in scenes} == {True, False}
    assert all(scene.season == "winter" for scene in scenes if scene.snow)


def test_scenes_vary(scenes: list[Scene]) -> None:
    # No two scenes hold the same classes and objects, but for a few of the plainest.
    contents = Counter(
        (
            tuple(np.unique(scene.land_cover).tolist()),
            tuple(sorted((thing.kind, thing.look) for thing in scene.objects)),
        )
        for scene in scenes
    )
    assert len(contents) > 0.8 * len(scenes)


def test_objects_stand_inside_on_their_ground_and_apart(scenes: list[Scene]) -> None:
    for scene in scenes:
        lines = np.zeros(scene.land_cover.shape, dtype=int)
        others = np.zeros(scene.land_cover.shape, dtype=int)
        for thing in scene.objects:
            assert 0 <= thing.x0 < thing.x1 <= 64
            assert 0 <= thing.y0 < thing.y1 <= 64
            box = np.s_[thing.y0 : thing.y1, thing.x0 : thing.x1]
            ground = {LAND[code].name for code in np.unique(scene.land_cover[box])}
            assert ground <= set(KINDS[thing.kind].grounds)
            (lines if thing.kind == "road" else others)[box] += 1
        assert others.max() <= 1
        assert not (lines * others).any()


def test_an_image_does_not_depend_on_the_others() -> None:
    alone = make_scene(3, "train", 17, 64)
    again = make_scene(3, "train", 17, 64)
    assert (alone.land_cover == again.land_cover).all()
    assert alone.objects == again.objects
    assert (draw_rgb(alone) == draw_rgb(again)).all()


@pytest.mark.parametrize("other", [(4, "train", 17), (3, "test", 17), (3, "train", 18)])
def test_seed_split_and_index_all_matter(other: tuple[int, str, int]) -> None:
    first, second = make_scene(3, "train", 17, 64), make_scene(*other, 64)
    assert (draw_rgb(first) != draw_rgb(second)).any()


@pytest.mark.parametrize("size", [32, 64, 120])
def test_shapes(size: int) -> None:
    scene = make_scene(0, "train", 5, size)
    assert scene.land_cover.shape == (size, size)
    assert scene.land_cover.dtype == np.uint8
    picture = draw_rgb(scene)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8


def test_a_map_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        make_scene(0, "train", 0, 64).land_cover[0, 0] = 1
