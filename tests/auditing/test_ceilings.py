from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.auditing.ceilings import text_to_image_ceilings
from wfa.captions.folding import fold

few = st.lists(st.sampled_from(["a", "A.", "b"]), max_size=3)


@given(st.lists(few, max_size=4), st.integers(1, 4))
def test_best_and_expected_over_all_rankings(captions: list[list[str]], k: int) -> None:
    queries = [(image, fold(text)) for image, texts in enumerate(captions) for text in texts]
    found = text_to_image_ceilings(captions, [k])[k]
    best = expected = 0.0
    for text in {text for _, text in queries}:
        own = [image for image, query in queries if query == text]
        hits = [sum(image in order[:k] for image in own) for order in permutations(set(own))]
        best += max(hits)
        expected += sum(hits) / len(hits)
    assert found.best == pytest.approx(best / max(len(queries), 1))
    assert found.expected == pytest.approx(expected / max(len(queries), 1))


def test_rsicd_test(real_captions: Callable[..., list[list[str]]]) -> None:
    found = text_to_image_ceilings(real_captions("rsicd", "test"))
    assert [round(found[k].best * 100, 1) for k in (1, 5, 10)] == [93.1, 99.2, 99.8]


def test_rsicd_train(real_captions: Callable[..., list[list[str]]]) -> None:
    found = text_to_image_ceilings(real_captions("rsicd", "train"))
    assert [round(found[k].expected * 100, 1) for k in (5, 10)] == [85.5, 90.8]
