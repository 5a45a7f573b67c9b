from collections.abc import Callable
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.auditing import shared_captions as module
from wfa.auditing.shared_captions import false_negatives, overlap, shared_captions, split_overlaps
from wfa.captions.folding import fold

Real = Callable[..., list[list[str]]]
few = st.lists(st.sampled_from(["a", "A.", "b", "c", "d"]), max_size=3)
images = st.lists(few, max_size=5)


def test_shared_captions_by_hand() -> None:
    found = shared_captions([["a", "b"], ["A."], ["c", "c"], []])
    assert found.distinct == 1
    assert found.captions_share == pytest.approx(2 / 5)
    assert found.images_share == pytest.approx(2 / 4)
    assert found.most_shared == [("a", 2)]


@given(images, st.integers(1, 6))
def test_false_negatives_equal_all_possible_batches(captions: list[list[str]], size: int) -> None:
    held = [[fold(text) for text in image] for image in captions if image]
    size = min(size, len(held))
    pairs, affected, batches, texts = 0.0, 0.0, 0, 0
    for batch in combinations(held, size):
        # Every choice of one caption an image, weighted so that batches count alike.
        choices = list(product(*batch))
        for drawn in choices:
            hits = [
                sum(text in image for j, image in enumerate(batch) if j != i)
                for i, text in enumerate(drawn)
            ]
            pairs += sum(hits) / len(choices)
            affected += sum(hit > 0 for hit in hits) / len(choices)
        batches += 1
        texts += size
    (found,) = false_negatives(captions, [size])
    assert found.batch_size == size
    assert found.expected == pytest.approx(pairs / max(batches, 1), abs=1e-9)
    assert found.texts_share == pytest.approx(affected / max(texts, 1), abs=1e-9)


@pytest.mark.parametrize("block", [1, 5_000_000])
@given(one=images, other=images)
def test_overlap_equals_a_loop(one: list[list[str]], other: list[list[str]], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK_PAIRS", block)
        found = overlap(one, other)
    ours = [[fold(text) for text in image] for image in one]
    theirs = [{fold(text) for text in image} for image in other]
    known = set().union(*theirs)
    assert found.captions == sum(text in known for image in ours for text in image)
    assert found.images == sum(any(text in known for text in image) for image in ours)
    assert found.images_two == sum(any(len(set(i) & t) >= 2 for t in theirs) for i in ours)
    distinct = set().union(*map(set, ours))
    assert found.distinct_share == pytest.approx(len(distinct & known) / max(len(distinct), 1))


def test_ucm_leaks(real_captions: Real) -> None:
    splits = {split: real_captions("ucm_captions", split) for split in ("train", "test")}
    found = split_overlaps(splits)
    assert set(found) == {("train", "test"), ("test", "train")}
    assert round(found["test", "train"].captions_share, 3) == 0.546
    train = {text for image in splits["train"] for text in image}
    verbatim = np.mean([text in train for image in splits["test"] for text in image])
    assert found["test", "train"].captions_share >= verbatim
