from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captions.strategies import written
from tests.captions.test_ngrams import grams
from wfa.auditing.redundancy import (
    copy_effects,
    distinct_n,
    distinctness,
    distribution,
    effective_numbers,
)
from wfa.captions.folding import fold
from wfa.captions.tokens import tokenize_13a

Real = Callable[..., list[list[str]]]
images = st.lists(st.lists(written, max_size=4), max_size=4)


def collapsed(captions: list[list[str]]) -> dict[str, float]:
    return {key: effect.collapsed for key, effect in copy_effects(captions).items()}


def test_distinctness_by_hand() -> None:
    found = distinctness([["a", "A.", "b"], ["b"], []])
    assert (found.images, found.captions, found.distinct_strings, found.distinct) == (3, 4, 3, 2)
    assert found.distinct_share == 0.75
    assert found.mean_an_image == 1.0
    assert found.images_by_distinct == {0: 1, 1: 1, 2: 1}


def test_distinctness_of_real_captions(real_captions: Real) -> None:
    rsicd = distinctness(real_captions("rsicd", "train"))
    assert rsicd.captions == 43_670
    assert round(rsicd.distinct_share, 3) == 0.297
    assert round(rsicd.mean_an_image, 2) == 2.04
    assert distinctness(real_captions("ucm_captions")).distinct_strings == 2_032


def test_collapse_by_hand() -> None:
    captions = [["a road", "a road"], ["a road", "a road", "a big tree"], ["a lake"], []]
    assert collapsed(captions) == {"merge": 0.0, "keep": pytest.approx(1 / 3)}
    assert collapsed([]) == {"merge": 0.0, "keep": 0.0}


def test_padding_by_repetition_shows_where_copies_are_kept() -> None:
    words = ["a red roof", "two boats lie there"]
    plain, padded = copy_effects([words]), copy_effects([words * 2])
    assert plain["merge"] == plain["keep"] == padded["merge"]
    assert plain["merge"].uniqueness == 1.0
    assert (padded["keep"].uniqueness, padded["keep"].collapsed) == (0.0, 1.0)
    assert copy_effects([])["keep"].uniqueness == 0.0


def test_collapse_on_rsicd_is_that_every_caption_has_a_copy(real_captions: Real) -> None:
    captions = real_captions("rsicd", "train")
    copied = [all(image.count(text) > 1 for text in image) for image in captions]
    shares = collapsed(captions)
    assert shares["keep"] == pytest.approx(np.mean(copied))
    assert shares["merge"] == 0


def test_distribution() -> None:
    found = distribution(np.array([0.0, 0.5, 1.0]))
    assert found.mean == 0.5
    assert found.quantiles[0.5] == 0.5
    assert sum(found.histogram) == 3
    assert found.histogram[-1] == 1
    assert distribution(np.zeros(0)).mean == 0.0


def vendi(image: list[str]) -> float:
    """The score by its definition, with a kernel of the literal list of captions."""
    # One spelling of each folded caption counts, the one that sorts first.
    spelled = [min(t for t in image if fold(t) == fold(text)) for text in image]
    tokens = [tokenize_13a(text) for text in spelled]
    kernel = np.eye(len(image))
    for i, a in enumerate(tokens):
        for j, b in enumerate(tokens):
            if spelled[i] == spelled[j]:
                kernel[i, j] = 1.0
                continue
            pairs = [(grams(a, n), grams(b, n)) for n in range(1, 5)]
            both = sum(sum((x & y).values()) for x, y in pairs)
            sizes = [sum(sum(pair[side].values()) for pair in pairs) for side in (0, 1)]
            kernel[i, j] = both / max(np.sqrt(sizes[0] * sizes[1]), 1)
    values = np.linalg.eigvalsh(kernel / len(image))
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


@given(images)
def test_effective_number_equals_its_definition(captions: list[list[str]]) -> None:
    expected = [vendi(image) if image else 0.0 for image in captions]
    np.testing.assert_allclose(effective_numbers(captions), expected, atol=1e-7)


def test_effective_number_by_hand() -> None:
    found = effective_numbers([["a b"] * 5, ["a", "b", "c"], ["", "a"], [], ["a", "a", "a", "b"]])
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    np.testing.assert_allclose(found, [1, 3, 2, 0, np.exp(entropy)], rtol=1e-9)


@given(images)
def test_distinct_n_equals_a_loop(captions: list[list[str]]) -> None:
    found = distinct_n(captions)
    for order in range(1, 5):
        shares = []
        for image in captions:
            spelled = [min(t for t in image if fold(t) == fold(text)) for text in image]
            counters = [grams(tokenize_13a(text), order) for text in spelled]
            total = sum(sum(counter.values()) for counter in counters)
            if total:
                shares.append(len(set().union(*counters)) / total)
        assert found[order] == pytest.approx(np.mean(shares) if shares else 0.0)
