import numpy as np
import pytest

from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.relevance import aggregated_texts, right_pairs, single_texts

EYE = np.eye(4, dtype=np.float32)


@pytest.fixture
def e() -> Embeddings:
    # Image 0 says 7, 9; image 1 says 7; image 2 says 9, 7, 7: the same set as image 0.
    return Embeddings(
        images=EYE[:3],
        captions=EYE[[1, 0, 0, 1, 0, 0]],
        image_index=np.array([0, 1, 0, 2, 2, 2]),
        caption_ids=np.array([9, 7, 7, 9, 7, 7]),
        aggregated=EYE[[2, 0, 3]],
        image_names=("a", "b", "c"),
    )


def test_single_texts(e: Embeddings) -> None:
    texts = single_texts(e)
    assert np.array_equal(texts.features, EYE[:2])
    assert texts.row.tolist() == texts.meaning.tolist() == [1, 0, 0, 1, 0, 0]
    assert texts.copies.tolist() == [3, 1]
    assert texts.names == ("a#0", "b#0", "a#1", "c#0", "c#1", "c#2")


def test_pairs_of_single_texts(e: Embeddings) -> None:
    pairs = right_pairs(single_texts(e))
    assert list(zip(pairs.image.tolist(), pairs.text.tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 0), (2, 0), (2, 1),
    ]  # fmt: skip
    assert pairs.own_items.tolist() == [1, 1, 1, 2, 1]
    assert pairs.items.tolist() == [4, 2, 4, 4, 2]
    assert pairs.own.tolist() == [1, 2, 0, 4, 3, 3]


def test_aggregated_texts_mean_their_set_of_captions(e: Embeddings) -> None:
    texts = aggregated_texts(e)
    assert np.array_equal(texts.features[texts.row], e.aggregated)
    a, b, c = texts.meaning.tolist()
    assert a == c != b
    assert len(set(texts.identity.tolist())) == 3
    assert texts.names == ("a", "b", "c")


def test_aggregated_texts_are_right_for_images_with_the_same_set(e: Embeddings) -> None:
    texts = aggregated_texts(e)
    pairs = right_pairs(texts)
    found = {(int(texts.features[t].argmax()), i) for t, i in zip(pairs.text, pairs.image,
                                                                strict=True)}  # fmt: skip
    assert found == {(2, 0), (3, 0), (0, 1), (2, 2), (3, 2)}
    assert sorted(pairs.own_items.tolist()) == [0, 0, 1, 1, 1]


def test_equal_aggregated_features_of_other_meaning_stay_wrong() -> None:
    e = Embeddings(
        images=EYE[:2],
        captions=EYE[:2],
        image_index=np.array([0, 1]),
        caption_ids=np.array([0, 1]),
        aggregated=EYE[[3, 3]],
        image_names=("a", "b"),
    )
    texts = aggregated_texts(e)
    pairs = right_pairs(texts)
    assert len(texts.features) == 1
    assert pairs.image.tolist() == [0, 1]
    assert pairs.items.tolist() == [1, 1]
