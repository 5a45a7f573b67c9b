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
    sets = Counter(tuple(np.flatnonzero(patch).tolist()) for patch in patches if patch.any())
    universe = universe_of(sets)
    draws = Draws(0, "p", 0, 0)
    wrong = Counter(universe.draw(draws, set(np.flatnonzero(patch).tolist())) for patch in patches)
    right = Counter(int(rng.choice(np.flatnonzero(patch))) for patch in patches)
    told = sum(max(right[land], wrong[land]) for land in range(19)) / 8000
    naive = Counter(int(rng.choice(np.flatnonzero(~patch))) for patch in patches)
    assert told < 0.57
    assert sum(max(right[land], naive[land]) for land in range(19)) / 8000 > 0.63


def test_a_class_that_no_patch_has_is_rarely_asked_for() -> None:
    found = draw(universe_of({(LAKE,): 50, (BROAD,): 30, (): 20}), {LAKE}, near=LAKE)
    assert found[BROAD] > 0.5 * found.total()
    assert universe_of({(): 10}).weights == (1,) * 19


def test_wrong_pairs_are_as_frequent_as_right_ones() -> None:
    """Of three pairs that patches have, one six times, it is also the wrong one most often."""
    rare, often = (ARABLE, BROAD), (ARABLE, LAKE)
    universe = universe_of({often: 60, rare: 10, (BROAD, LAKE): 30})
    draws = Draws(0, "p", 0, 0)
    found = Counter(universe.draw_pair(draws, {(BROAD, LAKE)}, near=()) for _ in range(400))
    assert found[often] > 4 * found[rare] > 0
    of = Counter(universe.draw_pair(draws, {often}, near=(BROAD,), of=BROAD) for _ in range(100))
    assert all(pair is not None and BROAD in pair for pair in of)
    assert universe.draw_pair(draws, {(0, k) for k in range(1, 19)}, near=(), of=0) is None


def test_wrong_words_follow_their_frequency_and_are_not_the_right_one() -> None:
    universe = universe_of({(ARABLE,): 100}, {"Finland": 60, "Kosovo": 1})
    draws = Draws(0, "p", 0, 0)
    known = ("Austria", "Finland", "Kosovo", "Serbia", "Portugal")
    found = [universe.wrong_words("Austria", known, 2, draws) for _ in range(200)]
    assert all(len(set(words)) == 2 and "Austria" not in words for words in found)
    assert sum("Finland" in words for words in found) > 190
    assert universe.wrong_words("Norway", ("Norway", "Serbia"), 3, draws) == ["Serbia"]
