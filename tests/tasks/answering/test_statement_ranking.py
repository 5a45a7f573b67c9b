from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.bigearthnet.made import row
from wfa.bigearthnet.rows import Row
from wfa.tasks.answering.question_arrays import Material, gather
from wfa.tasks.answering.statement_ranking import (
    best_thresholds,
    choice_similarities,
    claim_margins,
    is_yes,
)


def rows(*made: dict[str, Any]) -> list[Row]:
    names = ("ID", "patch_id", "s1_name", "input", "output", "type", "category")
    return [Row(*(one[name] for name in names)) for one in made]


def two_images() -> Material:
    options = "Which season is shown? a) Summer, b) Winter, c) Spring, d) Fall"
    return gather(
        [
            rows(
                row(1, 0, "binary", "presence", "Does the image depict pastures?", "yes"),
                row(2, 0, "mcq", "season", options, "b"),
            ),
            rows(row(3, 1, "mcq", "country", "Which country? a) Austria, b) Serbia", "a")),
        ]
    )


def test_the_nearest_option_has_the_highest_similarity() -> None:
    material = two_images()
    texts = np.zeros((len(material.texts), 2), np.float32)
    texts[material.texts.index("The image was taken in winter.")] = (1, 0)
    texts[material.texts.index("The image was taken in Serbia.")] = (0, 1)
    images = np.eye(2, dtype=np.float32)
    found = choice_similarities(material, images, texts)
    assert found.shape == (2, 4)
    assert found[0].tolist() == [0, 1, 0, 0]
    assert found[1].tolist() == [0, 1, -np.inf, -np.inf]


def test_a_claim_is_weighed_against_its_denial() -> None:
    feature = {
        "The image depicts pastures.": np.array([1, 0], np.float32),
        "The image does not depict pastures.": np.array([0, 1], np.float32),
    }
    images = np.array([[0.6, 0.8], [1, 0]], np.float32)
    np.testing.assert_allclose(claim_margins(two_images(), images, feature), [-0.2], rtol=1e-6)


MARGINS = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=12)


@given(MARGINS)
def test_no_threshold_is_better(pairs: list[tuple[int, bool]]) -> None:
    margins = np.array([value / 3 for value, _ in pairs], np.float32)
    right = np.array([float(yes) for _, yes in pairs], np.float32)
    names = ["area"] * len(pairs)
    chosen = best_thresholds(names, margins, right)
    reached = np.mean(np.array(is_yes(names, margins, chosen)) == (right > 0.5))
    tried = [np.mean((margins > cut) == (right > 0.5)) for cut in np.arange(-2, 2, 0.05)]
    assert reached >= max(tried)


def test_thresholds_are_of_their_category() -> None:
    names = ["area", "count", "area", "count"]
    margins = np.array([0.4, -0.4, 0.6, -0.6], np.float32)
    chosen = best_thresholds(names, margins, np.array([0, 1, 1, 0], np.float32))
    assert 0.4 < chosen["area"] < 0.6
    assert -0.6 < chosen["count"] < -0.4
    assert is_yes(["area", "count", "presence"], np.array([0.5, 0.5, 0.1], np.float32),
                  {"count": 0.6}) == [True, False, True]  # fmt: skip
