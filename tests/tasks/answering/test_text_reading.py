import pytest
import torch

from wfa.bigearthnet.class_names import CLASSES
from wfa.tasks.answering.text_reading import (
    NO_LAND,
    NUMBER,
    UNKNOWN,
    Vocabulary,
    lands_named,
    share_bounds,
    way_told,
)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("Pastures cover between 10% and 20% of the image.", (0.1, 0.2)),
        ("Pastures cover between 144000 m2 and 288000 square meters of it.", (0.1, 0.2)),
        ("Pastures cover between 2 and 5 % of the image.", (0.02, 0.05)),
        ("Pastures cover at least 50% of the image.", (0.5, 1.0)),
        ("The area covered by pastures is greater than 720,000 m2.", (0.5, 1.0)),
        ("Pastures take up less than 25% of the image.", (0.0, 0.25)),
        ("There are two connected regions of pastures.", (0.0, 1.0)),
        ("There are 3 connected regions of pastures.", (0.0, 1.0)),
        ("Pastures are present.", (0.0, 1.0)),
    ],
)
def test_the_shares_a_text_speaks_of(text: str, bounds: tuple[float, float]) -> None:
    assert share_bounds(text) == pytest.approx(bounds)


def test_words_keep_their_numbers_and_quantities() -> None:
    vocabulary = Vocabulary.of(["a lake of 10%", "a lake and two woods"], least=1)
    found = vocabulary.encode(["A lake, 20%", "two seas"])
    a, lake = vocabulary.words.index("a") + 3, vocabulary.words.index("lake") + 3
    assert found.words[0, :3].tolist() == [a, lake, NUMBER]
    assert found.words[1, 1] == UNKNOWN
    assert found.words[1, 2:].tolist() == [0, 0]
    assert found.quantities[0, 2].tolist() == pytest.approx([1, 0.2, 0, 0])
    assert found.quantities[1, 0].tolist() == pytest.approx([0, 0, 1, 0.2])
    assert found.quantities[0, :2].abs().sum() == 0


def test_rare_words_are_left_out_and_the_order_does_not_depend_on_the_texts() -> None:
    texts = ["lake wood", "wood lake", "lake sea"]
    assert Vocabulary.of(texts).words == Vocabulary.of(texts[::-1]).words == ("lake", "wood")


def test_taking_some_trims_to_the_longest() -> None:
    found = Vocabulary(["a", "b"]).encode(["a", "a b a b", "b a"])
    part = found.take(torch.tensor([0, 2]))
    assert part.words.tolist() == [[3, 0], [4, 3]]
    assert part.bounds.shape == (2, 2)


def test_no_texts() -> None:
    found = Vocabulary(["a"]).encode([])
    assert found.words.shape[0] == found.bounds.shape[0] == 0


@pytest.mark.parametrize(
    ("text", "lands", "way"),
    [
        ("The pastures are above and to the left of the inland waters.", (4, 17), (-1, -1)),
        ("The mixed forests are to the right of the pastures.", (10, 4), (1, 0)),
        ("Where are the pastures relative to mixed forest? to the bottom-right", (4, 10), (1, 1)),
        ("Pastures and arable land share a boundary.", (4, 2), (0, 0)),
        ("Pastures cover at least 50% of the image.", (4, NO_LAND), (0, 0)),
        ("The image was taken in Finland.", (NO_LAND, NO_LAND), (0, 0)),
        ("Pastures lie to the left.", (4, NO_LAND), (0, 0)),
    ],
)
def test_the_classes_and_the_way_a_text_tells(
    text: str, lands: tuple[int, int], way: tuple[int, int]
) -> None:
    assert lands_named(text) == lands
    length = max(1.0, (way[0] ** 2 + way[1] ** 2) ** 0.5)
    assert way_told(text) == pytest.approx((way[0] / length, way[1] / length))


def test_every_class_is_known_by_its_name() -> None:
    for place, land in enumerate(CLASSES):
        assert lands_named(f"There is {land.words}.") == (place, NO_LAND)
        assert lands_named(land.name) == (place, NO_LAND)
