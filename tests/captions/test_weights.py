from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captions import naive
from tests.captions.strategies import captions
from wfa.captions.options import UniquenessOptions
from wfa.captions.weights import caption_weights, importance_weights
from wfa.errors import ConfigError, DataError

images = st.lists(st.lists(captions, max_size=5), max_size=4)


@given(images, st.sampled_from(["merge", "keep"]))
def test_sum_equals_the_definition(images: list[list[str]], duplicates: str) -> None:
    chosen = UniquenessOptions(duplicates=duplicates)
    expected = [
        weight
        for image in images
        for weight in naive.weights(_snapped(naive.uniqueness(image, chosen)), image, chosen)
    ]
    np.testing.assert_allclose(caption_weights(images, chosen), expected, rtol=0, atol=1e-8)


def _snapped(scores: Sequence[float]) -> list[float]:
    """sacrebleu's rounding around 0 is not content."""
    return [score if score > 1e-12 else 0.0 for score in scores]


@given(
    images,
    st.sampled_from(["merge", "keep"]),
    st.sampled_from(["sum", "softmax"]),
    st.sampled_from([1e-300, 0.05, 1.0, 1e300]),
)
def test_invariants(
    images: list[list[str]], duplicates: str, normalise: str, temperature: float
) -> None:
    chosen = UniquenessOptions(duplicates=duplicates)
    weights = caption_weights(images, chosen, normalise, temperature)
    assert (weights >= 0).all()
    counts = [len(image) for image in images]
    for image in np.split(weights, np.cumsum(counts)[:-1] if counts else []):
        assert not len(image) or abs(image.sum() - 1) < 1e-12


def test_copies_share_under_merge() -> None:
    image = ["a road", "A road.", "many green trees are here"]
    weights = caption_weights([image])
    single = caption_weights([image[1:]])
    assert weights[0] == weights[1]
    np.testing.assert_allclose([weights[0] + weights[1], weights[2]], single, rtol=1e-12)


def test_uniform_where_nothing_tells_captions_apart() -> None:
    keep = UniquenessOptions(duplicates="keep")
    assert caption_weights([["a road"] * 4]).tolist() == [0.25] * 4
    assert caption_weights([["a road"] * 2 + ["a tree"] * 2], keep).tolist() == [0.25] * 4
    assert caption_weights([["", "."], ["a"], ["?"]]).tolist() == [0.5, 0.5, 1.0, 1.0]


def test_empty_captions_weigh_nothing_beside_others() -> None:
    weights = caption_weights([["", "a road by the sea", "a big lake"]])
    assert weights[0] == 0
    assert (weights[1:] > 0).all()


def test_short_captions_weigh_nothing_with_min_words() -> None:
    chosen = UniquenessOptions(min_words=3)
    weights = caption_weights([["lake", "a road by the sea", "two planes are parked"]], chosen)
    assert weights[0] == 0
    assert weights.sum() == pytest.approx(1)


def test_softmax_by_hand() -> None:
    scores, counts, copies = np.array([0.2, 0.8, 0.8]), np.array([3]), np.array([1, 2, 2])
    worth = np.exp(np.array([0.2, 0.8]) / 0.5)
    expected = np.array([worth[0], worth[1] / 2, worth[1] / 2]) / worth.sum()
    found = importance_weights(scores, counts, copies, "softmax", 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_smallest_numbers_do_not_underflow() -> None:
    tiny = np.array([5e-324, 1e-323, 0.0])
    found = importance_weights(tiny, np.array([3]), np.ones(3, np.int64))
    np.testing.assert_allclose(found, [1 / 3, 2 / 3, 0])


def test_collapse_on_rsicd_train(real_captions: Callable[..., list[list[str]]]) -> None:
    weights = caption_weights(real_captions("rsicd", "train")).reshape(-1, 5)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_wrong_temperature(temperature: float) -> None:
    with pytest.raises(ConfigError, match="temperature"):
        caption_weights([["a"]], normalise="softmax", temperature=temperature)


def test_wrong_input() -> None:
    one = np.ones(1, np.int64)
    with pytest.raises(ConfigError, match="normalise"):
        caption_weights([["a"]], normalise="max")
    with pytest.raises(DataError, match="do not fit"):
        importance_weights(np.ones(2), one, one)
    with pytest.raises(DataError, match="negative"):
        importance_weights(np.array([-0.1]), one, one)
    with pytest.raises(DataError, match="not finite"):
        importance_weights(np.array([np.nan]), one, one)
