import numpy as np

from wfa.bigearthnet.annotate.corine import CODES, classes_of
from wfa.bigearthnet.class_names import CLASSES
from wfa.scenes.land_classes import LAND
from wfa.scenes.scene_layout import make_scene
from wfa.scenes.sensor_pairs import CORINE, make_pair


def test_the_map_is_that_of_the_scene() -> None:
    for index in range(20):
        pair = make_pair(2, "validation", index)
        scene = make_scene(2, "validation", index, 120)
        found = classes_of(pair.reference, "x")
        wanted = np.array([land.bigearthnet for land in LAND])[scene.land_cover]
        np.testing.assert_array_equal(np.array([land.name for land in CLASSES])[found], wanted)
        assert pair.labels == tuple(np.unique(wanted).tolist())


def test_every_code_belongs_to_the_class_of_its_land() -> None:
    names = [land.name for land in CLASSES]
    assert set(CORINE) == {land.name for land in LAND}
    for land in LAND:
        assert CORINE[land.name] in CODES[names.index(land.bigearthnet)]
