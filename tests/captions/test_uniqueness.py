from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.captions import naive
from tests.captions.strategies import captions
from wfa.captions import chunks
from wfa.captions.options import UniquenessOptions
from wfa.captions.uniqueness import score_captions, uniqueness
from wfa.errors import ConfigError, DataError

options = st.builds(
    UniquenessOptions,
    reference=st.sampled_from(["others", "pairwise_mean"]),
    duplicates=st.sampled_from(["merge", "keep"]),
    smoothing=st.sampled_from(["exp", "floor", "add-k", "none"]),
    smooth_value=st.sampled_from([None, 0.0, 0.3, 2.0]),
    effective_order=st.booleans(),
    max_order=st.integers(1, 4),
    lowercase=st.booleans(),
    min_words=st.integers(0, 3),
)
images = st.lists(st.lists(captions, max_size=5), max_size=4)


def flat(captions: Sequence[Sequence[str]], chosen: UniquenessOptions) -> list[float]:
    return [score for image in captions for score in naive.uniqueness(image, chosen)]


@settings(max_examples=300)
@given(images, options)
def test_bleu_equals_sacrebleu(captions: list[list[str]], chosen: UniquenessOptions) -> None:
    found = uniqueness(captions, chosen)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, flat(captions, chosen), rtol=0, atol=1e-9)


@given(images, st.sampled_from(["others", "pairwise_mean"]), st.sampled_from(["merge", "keep"]))
def test_chrf_equals_sacrebleu(captions: list[list[str]], reference: str, duplicates: str) -> None:
    chosen = UniquenessOptions(measure="chrf", reference=reference, duplicates=duplicates)
    np.testing.assert_allclose(
        uniqueness(captions, chosen), flat(captions, chosen), rtol=0, atol=1e-9
    )


@pytest.mark.slow
@pytest.mark.parametrize("duplicates", ["merge", "keep"])
@pytest.mark.parametrize("name", ["rsicd", "ucm_captions"])
def test_bleu_equals_sacrebleu_on_all_real_captions(
    real_captions: Callable[..., list[list[str]]], name: str, duplicates: str
) -> None:
    chosen = UniquenessOptions(duplicates=duplicates)
    # Equal images have equal scores by the next test, so the slow way scores each image once.
    captions = [list(image) for image in dict.fromkeys(map(tuple, real_captions(name)))]
    if duplicates == "keep":
        captions = captions[::4]
    np.testing.assert_allclose(
        uniqueness(captions, chosen), flat(captions, chosen), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize(
    "captions",
    [
        [["word " * 1_000 + "end", "word " * 900, "a word"]],
        [[" ".join(map(str, range(10_000))), " ".join(map(str, range(5_000, 15_000))), "7 8 9"]],
        [
            [
                "\u9ad8\u5c42\u5efa\u7b51\u3002",
                "\u9ad8\u5c42 \u5efa\u7b51",
                "\ud800",
                "\ud800 \udc00",
            ]
        ],
        [["", "a", ".", "a b", "A b"], [""], ["", ""], []],
    ],
    ids=["1,000 words", "10,000 words", "non-Latin", "empty"],
)
@pytest.mark.parametrize("duplicates", ["merge", "keep"])
def test_strange_captions(captions: list[list[str]], duplicates: str) -> None:
    chosen = UniquenessOptions(duplicates=duplicates)
    np.testing.assert_allclose(
        uniqueness(captions, chosen), flat(captions, chosen), rtol=0, atol=1e-9
    )


def test_hand_worked() -> None:
    # Against "a b c d e": 4-grams 1 of 1, all orders full, one word short: exp(1 - 5/4).
    found = uniqueness([["a b c d", "a b c d e"]])
    # Back: precisions 4/5, 3/4, 2/3, 1/2; the reference is shorter, so no penalty.
    back = (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    np.testing.assert_allclose(found, [1 - np.exp(-0.25), 1 - back], rtol=1e-12)


def test_equal_captions_are_worth_exactly_nothing_under_keep() -> None:
    image = ["many green trees are around a lake .", "a lake is here"]
    found = uniqueness([[image[0], image[0], image[1]]], UniquenessOptions(duplicates="keep"))
    assert found[:2].tolist() == [0.0, 0.0]
    merged = uniqueness([[image[0], image[0].upper(), image[1]]])
    np.testing.assert_array_equal(merged[[0, 2]], uniqueness([image]))
    assert merged[0] == merged[1] > 0


def test_image_of_one_caption_and_data_set_of_one_image() -> None:
    assert uniqueness([["a road"]]).tolist() == [1.0]
    assert uniqueness([]).shape == (0,)
    assert uniqueness([[], ["."], []]).tolist() == [1.0]


@given(images, st.randoms())
def test_order_never_matters(captions: list[list[str]], random: object) -> None:
    rng = np.random.default_rng(len(repr(captions)))
    where = [rng.permutation(len(image)) for image in captions]
    shuffled = [[image[i] for i in order] for image, order in zip(captions, where, strict=True)]
    scores, found = iter(uniqueness(captions).tolist()), uniqueness(shuffled)
    per_image = [[next(scores) for _ in image] for image in captions]
    expected = [s[i] for s, order in zip(per_image, where, strict=True) for i in order]
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.float64))


@given(images, st.sampled_from(["bleu", "chrf"]), options)
def test_chunks_change_nothing(
    captions: list[list[str]], measure: str, chosen: UniquenessOptions
) -> None:
    whole = score_captions(captions, chosen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "_CHUNK_CHARACTERS", 20)
        patch.setattr(chunks, "_BLOCK_IMAGES", 1)
        cut = score_captions(captions, chosen)
    np.testing.assert_array_equal(whole.uniqueness, cut.uniqueness)
    np.testing.assert_array_equal(whole.counts, cut.counts)
    np.testing.assert_array_equal(whole.copies, cut.copies)


def test_processes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    captions = [[f"a road number {i}", f"road {i} of many", "a road"] for i in range(40)]
    one = uniqueness(captions)
    monkeypatch.setattr(chunks, "_CHUNK_CHARACTERS", 200)
    monkeypatch.setattr(chunks, "_BLOCK_IMAGES", 3)
    np.testing.assert_array_equal(uniqueness(captions, processes=2), one)


def features(texts: Sequence[str]) -> NDArray[np.float32]:
    """Bags of letters."""
    return np.array([[text.count(c) for c in "abc"] for text in texts], np.float32)


def test_embedding() -> None:
    chosen = UniquenessOptions(measure="embedding")
    found = uniqueness([["a", "aa", "b"], ["ab", "b", "c", "x"]], chosen, embed=features)
    np.testing.assert_allclose(found, [0, 0, 1, 1 - 0.5**0.5, 1 - 0.5**0.5, 1, 1], atol=1e-7)
    mean = UniquenessOptions(measure="embedding", reference="pairwise_mean", duplicates="keep")
    found = uniqueness([["a", "a", "b"]], mean, embed=features)
    np.testing.assert_allclose(found, [0.5, 0.5, 1], atol=1e-7)


def test_embedding_of_a_wrong_kind() -> None:
    chosen = UniquenessOptions(measure="embedding")
    with pytest.raises(ConfigError, match="embed"):
        uniqueness([["a", "b"]], chosen)
    with pytest.raises(DataError, match=r"shape \(1, 2\) for 2"):
        uniqueness([["a", "b"]], chosen, embed=lambda texts: np.zeros((1, 2)))
    with pytest.raises(DataError, match="not finite"):
        uniqueness([["a", "b"]], chosen, embed=lambda texts: np.full((2, 2), np.nan))


@pytest.mark.parametrize("captions", [["a road"], [["a"], [None]], [["a"], None], [[["a"]]]])
def test_captions_of_a_wrong_kind(captions: object) -> None:
    with pytest.raises(DataError, match=r"captions of image \d are"):
        uniqueness(captions)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "rouge"},
        {"reference": "all"},
        {"duplicates": "drop"},
        {"smoothing": "add_k"},
        {"smooth_value": -1.0},
        {"smooth_value": float("nan")},
        {"max_order": 5},
        {"min_words": -1},
    ],
)
def test_options_of_a_wrong_kind(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        UniquenessOptions(**wrong)  # type: ignore[arg-type]
