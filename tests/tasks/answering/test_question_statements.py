import numpy as np
import pytest

from wfa.bigearthnet.rows import Box, parse_box, parse_options
from wfa.errors import ConfigError
from wfa.options.typed_options import build_options
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.caption_retrieval import consensus, retrieve_captions
from wfa.tasks.answering.question_statements import claim_of, of_options, of_yes_no
from wfa.tasks.box_overlap import box_text


def test_a_question_that_a_rule_knows_and_one_that_none_does() -> None:
    known = of_yes_no("Is any portion of the image covered by mixed forest?")
    assert known.yes == "Some of the image is covered by mixed forest."
    assert known.no is not None and known.no != known.yes
    assert of_yes_no("How come?") == (None, None)
    assert claim_of("How come?") == "How come?"


def test_options_are_all_statements_or_none() -> None:
    season = parse_options("Which season is shown? a) Summer, b) Winter")
    assert list(of_options("season", season)) == [
        "The image was taken in summer.", "The image was taken in winter.",
    ]  # fmt: skip
    mixed = parse_options("Which season is shown? a) Summer, b) Monsoon")
    assert list(of_options("season", mixed)) == [
        "Which season is shown? Summer", "Which season is shown? Monsoon",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("box", "text"),
    [
        (Box(0.0, 0.333, 0.279, 0.8), "[0.0 0.33, 0.28 0.8]"),
        (Box(0.0, 0.0, 1.0, 1.0), "[0.0 0.0, 1.0 1.0]"),
        (Box(0.501, 0.999, 0.504, 1.0), "[0.5 0.99, 0.51 1.0]"),
    ],
)
def test_boxes_are_written_as_they_are_read(box: Box, text: str) -> None:
    assert box_text(box) == text
    assert parse_box(text)


def test_the_caption_most_like_the_others_wins() -> None:
    near = ["a lake by a wood", "a lake by a field", "the city at night"]
    found = consensus(near)
    # Of 5 words, 4, 3 and 2 n-grams: 4, 3, 2 and 1 in common of 5, 4, 3 and 2; then none.
    assert found[0] == pytest.approx((4 / 5 + 3 / 4 + 2 / 3 + 1 / 2) / 4 / 2)
    assert found[0] == found[1]
    assert found[2] == 0.0
    gallery = np.eye(3, dtype=np.float32)
    query = np.array([[0.1, 0.2, 0.9]], np.float32)
    assert retrieve_captions(query, gallery, near, neighbours=1) == ["the city at night"]
    assert retrieve_captions(query, gallery, near, neighbours=5) == ["a lake by a field"]


def test_one_caption_is_its_own_consensus() -> None:
    assert consensus(["a lake"]).tolist() == [0.0]
    gallery = np.ones((1, 1), np.float32)
    assert retrieve_captions(gallery, gallery, ["a lake"], 20) == ["a lake"]


@pytest.mark.parametrize(
    "word", ["images=0", "epochs=0", "width=20", "lr=0.0", "dropout=1.0", "seed=-1"]
)
def test_options_out_of_range(word: str) -> None:
    key, _, value = word.partition("=")
    with pytest.raises(ConfigError, match=f"task.{key}="):
        build_options(Config, {key: value}, "task")
