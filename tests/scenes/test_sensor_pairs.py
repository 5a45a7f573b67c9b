import numpy as np

from wfa.bigearthnet.annotate.corine import classes_of
from wfa.bigearthnet.class_names import CLASSES
from wfa.scenes.scene_place import place_scene
from wfa.scenes.sensor_pairs import make_pair


def test_the_map_has_the_classes_of_the_labels() -> None:
    for index in range(20):
        pair = make_pair(2, "validation", index)
        found = np.unique(classes_of(pair.reference, "x"))
        assert pair.labels == tuple(sorted(CLASSES[land].name for land in found.tolist()))
        assert pair.place == place_scene(2, "validation", index)
