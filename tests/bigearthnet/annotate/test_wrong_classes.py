from collections import Counter

import numpy as np

from tests.bigearthnet.annotate.made import ARABLE, BROAD, LAKE
from wfa.bigearthnet.annotate.wrong_classes import SIMILAR, Universe, universe_of
from wfa.bigearthnet.class_names import CLASSES
from wfa.draws import Draws


def draw(universe: Universe, unwanted: set[int], near: int | None = None) -> Counter[int | None]:
    draws = Draws(0, "p", 0, 0)
    return Counter(universe.draw(draws, unwanted, near) for _ in range(600))


def test_similar_classes_are_mutual_and_not_the_class_itself() -> None:
    for land, alike in enumerate(SIMILAR):
        assert alike, CLASSES[land].name
        assert land not in alike
        assert all(land in SIMILAR[other] for other in alike)


def test_a_wrong_class_is_preferably_like_the_right_one() -> None:
    found = draw(Universe(), {ARABLE}, near=ARABLE)
    assert set(found) == set(range(19)) - {ARABLE}
    alike = sum(found[land] for land in SIMILAR[ARABLE])
    others = found.total() - alike
    # 5 of the 18 are alike and four times as likely: 20 to 13.
    assert 1.1 < alike / others < 2.2
    assert len(SIMILAR[ARABLE]) == 5


def test_nothing_is_left_when_all_are_unwanted() -> None:
    assert set(draw(Universe(), set(range(19)))) == {None}


def test_right_and_wrong_answers_name_a_class_alike() -> None:
    """Drawn in the patches that lack it, a class comes as often as it is there."""
    rng = np.random.default_rng(0)
    shares = np.linspace(0.05, 0.9, 19)
    patches = rng.random((4000, 19)) < shares
    universe = universe_of(patches.sum(axis=0).tolist(), len(patches))
    draws = Draws(0, "p", 0, 0)
    wrong = Counter(universe.draw(draws, set(np.flatnonzero(patch).tolist())) for patch in patches)
    right = Counter(int(rng.choice(np.flatnonzero(patch))) for patch in patches)
    told = sum(max(right[land], wrong[land]) for land in range(19)) / 8000
    naive = Counter(int(rng.choice(np.flatnonzero(~patch))) for patch in patches)
    assert told < 0.57
    assert sum(max(right[land], naive[land]) for land in range(19)) / 8000 > 0.63


def test_a_class_that_no_patch_has_is_rarely_asked_for() -> None:
    counts = [0] * 19
    counts[LAKE], counts[BROAD] = 50, 30
    found = draw(universe_of(counts, 100), {LAKE}, near=LAKE)
    assert found[BROAD] > 0.5 * found.total()
    assert all(count >= 1 for count in universe_of([0] * 19, 10).weights)
