import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wfa.auditing.caption_audit import audit_captions, strange_captions, text_tokens
from wfa.captions.folding import fold

few = st.lists(st.sampled_from(["a", "b c", "B C.", "d e f", "g h i j k"]), max_size=3)


def test_strange_captions_are_named() -> None:
    captions = [
        ["...", "a"],
        ["w " * 1_001, "w " * 1_000],
        ["\ud800 lake", "\U0001f6f0"],
        ["a"],
        [],
    ]
    found = strange_captions(captions)
    assert found.empty == [(0, 0)]
    assert found.long == [(1, 0)]
    assert found.surrogates == [(2, 0)]
    assert found.images_of_one == [3]
    assert found.images_of_none == [4]


def test_a_caption_in_another_language_is_named() -> None:
    captions = [["a river between green fields", "many houses in a row"]] * 99
    french = ["un aéroport avec quatre avions blancs", "many houses in a row"]
    assert strange_captions([*captions, french]).unlike == [(99, 0)]
    assert strange_captions([*captions[1:], french]).unlike == []  # too few images to know words by
    assert strange_captions([*captions, ["many zebras"]]).unlike == []  # too few words
    assert strange_captions([*captions, french, french]).unlike == []  # another image says it too


def words(texts: Sequence[str]) -> NDArray[np.int64]:
    return np.array([len(fold(text).split()) + 2 for text in texts])


@given(st.lists(few, min_size=1, max_size=4), st.integers(1, 5))
def test_text_tokens_equal_all_possible_batches(captions: list[list[str]], size: int) -> None:
    context = 6
    found = text_tokens(captions, words, context, size)
    batches = list(combinations(captions, min(size, len(captions))))
    distinct = [{fold(text) for image in batch for text in image} for batch in batches]
    lengths = [[min(len(text.split()) + 2, context) for text in texts] for texts in distinct]
    stock = [sum(map(len, batch)) * context for batch in batches]
    assert found.batch_size == min(size, len(captions))
    assert found.one_caption == found.batch_size * context
    assert found.stock == pytest.approx(np.mean(stock))
    assert found.distinct == pytest.approx(np.mean([len(texts) * context for texts in distinct]))
    assert found.packed == pytest.approx(np.mean([sum(each) for each in lengths]))
    longest = np.mean([max(each, default=0) for each in lengths])
    assert found.trimmed == pytest.approx(np.mean(list(map(len, distinct))) * longest)


@pytest.mark.parametrize("captions", [[], [[]], [["a road"]], [["", "\ud800", "w " * 10_000]]])
def test_any_data_set_has_an_audit_that_is_json(captions: list[list[str]]) -> None:
    found = audit_captions(captions)
    text = json.dumps(asdict(found), allow_nan=False)
    assert json.loads(text)["distinctness"]["images"] == len(captions)
    assert text_tokens(captions, words, 77, 8).packed >= 0


def test_audit_of_rsicd_train(real_captions: Callable[..., list[list[str]]]) -> None:
    found = audit_captions(real_captions("rsicd", "train"), batch_sizes=[64, 128])
    assert [each.batch_size for each in found.false_negatives] == [64, 128]
    assert 1 < found.effective_mean < found.distinctness.mean_an_image
    assert 0 < found.distinct_n[1] < found.distinct_n[4] < 1
    assert sum(found.uniqueness.histogram) == 43_670
