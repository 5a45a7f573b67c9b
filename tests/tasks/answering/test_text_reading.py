import pytest
import torch

from wfa.tasks.answering.text_reading import NUMBER, UNKNOWN, Vocabulary, share_bounds


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
