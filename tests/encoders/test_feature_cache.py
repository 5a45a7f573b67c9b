"""Features of locked towers: right, computed once, and computed anew when anything changes."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.tiny import TinyDataset
from tests.encoders.towers import CountingImageTower, CountingTextTower
from wfa.data.arrays import MappedArray
from wfa.encoders import feature_cache
from wfa.encoders.feature_cache import FeatureInputs, TextTable, image_features, text_features
from wfa.errors import DataError

CAPTIONS = [["a river", "a bridge"], ["b", "a river", "a river"], ["c" * 9]]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make several batches of few rows."""
    monkeypatch.setattr(feature_cache, "IMAGES_A_BATCH", 2)
    monkeypatch.setattr(feature_cache, "TEXTS_A_BATCH", 2)


@pytest.mark.parametrize("on_disk", [True, False])
def test_inputs_are_the_towers_features(tmp_path: Path, on_disk: bool) -> None:
    text_tower = CountingTextTower()
    cache = tmp_path if on_disk else None
    inputs = FeatureInputs(TinyDataset(CAPTIONS), CountingImageTower(), text_tower, cache)
    for row in range(3):
        image = inputs.image(row, np.random.default_rng(row))
        assert image.tolist() == [row, row, row]
    assert inputs.texts(["b", "a river", "c" * 9]).tolist() == [[1, 98], [7, 97], [9, 99]]
    asked = [text for texts in text_tower.asked for text in texts]
    assert sorted(asked) == ["a bridge", "a river", "b", "ccccccccc"]


def test_features_are_computed_once(tmp_path: Path) -> None:
    image_tower, text_tower = CountingImageTower(), CountingTextTower()
    for _ in range(3):
        FeatureInputs(TinyDataset(CAPTIONS), image_tower, text_tower, tmp_path)
    assert image_tower.computed == 3
    assert sum(map(len, text_tower.asked)) == 4
    assert len(list(tmp_path.rglob("*.npy"))) == 2


def test_other_weights_transform_or_data_are_computed_anew(tmp_path: Path) -> None:
    def computed(tower: CountingImageTower, dataset: TinyDataset) -> int:
        image_features(dataset, tower, tmp_path)
        return tower.computed

    assert computed(CountingImageTower(), TinyDataset(CAPTIONS)) == 3
    assert computed(CountingImageTower(), TinyDataset(CAPTIONS)) == 0
    assert computed(CountingImageTower("b"), TinyDataset(CAPTIONS)) == 3
    assert computed(CountingImageTower(), TinyDataset(CAPTIONS, "validation")) == 3
    assert computed(CountingImageTower(), TinyDataset([*CAPTIONS, ["more"]])) == 4

    class Larger(CountingImageTower):
        image_spec = CountingImageTower.image_spec.__class__(5, (0.0,) * 3, (1.0,) * 3)

    assert computed(Larger(), TinyDataset(CAPTIONS)) == 3


def test_other_captions_leave_images_as_they_are(tmp_path: Path) -> None:
    tower, texts = CountingImageTower(), CountingTextTower()
    for captions in (CAPTIONS, [["a river", "a bridge"], ["b"], ["c" * 9]], [["new"]] * 3):
        FeatureInputs(TinyDataset(captions), tower, texts, tmp_path)
    assert tower.computed == 3
    asked = [text for own in texts.asked for text in own]
    # The second asks for the texts of the first.
    assert sorted(asked) == ["a bridge", "a river", "b", "ccccccccc", "new"]


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    class Broken(TinyDataset):
        def read_image(self, index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
            if index == 2:
                raise DataError("train/2 is truncated")
            return super().read_image(index)

    with pytest.raises(DataError, match="train/2 is truncated"):
        image_features(Broken(CAPTIONS), CountingImageTower(), tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_two_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    def make(_: int) -> feature_cache.Features:
        found = image_features(TinyDataset(CAPTIONS * 20), CountingImageTower(), tmp_path)
        assert isinstance(found, MappedArray)
        return found.values

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(make, range(4))
    assert all(np.array_equal(first, other) for other in others)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_pickle_holds_no_features_and_no_network(tmp_path: Path) -> None:
    class LazyTower(CountingTextTower):
        @cached_property
        def states(self) -> torch.Tensor:
            return torch.zeros(1_000_000)

    text_tower = LazyTower()
    text_tower.states.sum()
    assert len(pickle.dumps(vars(text_tower))) > 4_000_000
    state = pickle.dumps(text_tower.__getstate__())
    assert len(state) < 1_000

    many = [[f"{place} {'x' * (place % 5)}"] for place in range(2000)]
    inputs = FeatureInputs(TinyDataset(many), CountingImageTower(), CountingTextTower(), tmp_path)
    values = sum(path.stat().st_size for path in tmp_path.rglob("*.npy"))
    names = sum(len(texts[0]) for texts in many)
    pickled = pickle.dumps(inputs)
    again: FeatureInputs = pickle.loads(pickled)  # noqa: S301
    assert values > 40_000
    texts = pickle.dumps([texts[0] for texts in many])
    assert len(pickled) < 3 * len(texts) + names
    for row in (0, 1999):
        assert again.image(row, None).tolist() == inputs.image(row, None).tolist()
        assert again.texts(many[row]).tolist() == inputs.texts(many[row]).tolist()


def test_the_number_of_threads_is_put_back(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    text_features(TinyDataset(CAPTIONS), ["a", "b", "c"], CountingTextTower(), None)
    assert torch.get_num_threads() == before


def test_new_texts_are_encoded_alone_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    tower = CountingTextTower()
    table = TextTable(tower, ["known"], np.array([[0.5, 0.5]], np.float32))
    for _ in range(2):
        assert table(["x", "known", "yy"]).tolist() == [[1, 120], [0.5, 0.5], [2, 121]]
    assert tower.asked == [["x"], ["yy"]]
    monkeypatch.setattr(feature_cache, "MOST_REMEMBERED", 2)
    assert table(["zzz"]).tolist() == [[3, 122]]
    assert table(["x"]).tolist() == [[1, 120]]
    assert tower.asked == [["x"], ["yy"], ["zzz"], ["x"]]
