"""Rows and captions as instructions with answers, and which of them a step takes."""

from collections import Counter

import numpy as np
import pytest

from tests.bigearthnet.made import row as made_row
from tests.data.tiny import SPEC, TinyDataset, drawn_by, tokenize
from wfa.bigearthnet.row_instructions import allowed_answers, instruction_of, question_of, read_box
from wfa.bigearthnet.rows import Row
from wfa.data.batch import Batch
from wfa.data.instruction import DESCRIBE, Instruction
from wfa.data.instruction_draws import InstructionDraws
from wfa.data.instruction_tokens import (
    ANSWER,
    END,
    FIRST_PLACE,
    OWN_TOKENS,
    prompt,
    stacked,
    text_of,
    tokens_of,
    written,
)
from wfa.data.loader import CaptionDataModule, TrainingBatches
from wfa.data.pixel_inputs import PixelInputs

OPTIONS = "a) Summer, b) Winter, c) Spring, d) Fall"
KINDS = [
    ("binary", "presence", "Any pastures?", "Yes."),
    ("mcq", "season", f"Which season? {OPTIONS}", "b)"),
    ("bounding box", "reference", "Find the <ref>lake</ref>.", "[0.0 0.33, 0.28 0.8]"),
    ("bounding box", "point", "What is at <point>(0.07, 0.6)</point>?", "[0 0, 1 1]"),
    ("captioning", "None", "Describe it.", "Pastures (~20 ha) lie here."),
]


def a_row(number: int, kind: str, category: str, question: str, answer: str) -> Row:
    values = made_row(number, 0, kind, category, question, answer)
    names = ("ID", "patch_id", "s1_name", "input", "output", "type", "category")
    return Row(*(values[name] for name in names))


ROWS = [a_row(number, *kind) for number, kind in enumerate(KINDS)]


class WithRows(TinyDataset):
    """Images with many rows of one kind and one of each other."""

    def instructions(self, index: int) -> list[Instruction]:
        del index
        return [instruction_of(row) for row in (*ROWS, *(ROWS[0] for _ in range(50)))]


def spell(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def test_rows_become_plain_instructions_and_answers() -> None:
    assert [instruction_of(row) for row in ROWS] == [
        ("binary/presence", "Ask a question whose answer is yes.", "Any pastures?"),
        ("mcq/season", "Which season?", "winter"),
        ("bounding box/reference", "Find the lake.", "<0%><33%><28%><80%>"),
        ("bounding box/point", "What is at <7%><60%>?", "<0%><0%><100%><100%>"),
        ("captioning", "Describe it.", "Pastures (~20 ha) lie here."),
    ]
    for row in ROWS[2:]:
        assert question_of(row) == instruction_of(row).question


def test_the_answers_that_a_question_leaves() -> None:
    found = [allowed_answers(row) for row in ROWS]
    seasons = [("a", "summer"), ("b", "winter"), ("c", "spring"), ("d", "fall")]
    asked = [
        (word, ("binary/presence", f"Ask a question whose answer is {word}.", "Any pastures?"))
        for word in ("yes", "no")
    ]
    named = [(letter, ("mcq/season", "Which season?", season)) for letter, season in seasons]
    assert found == [asked, named, [], [], []]


def test_the_right_answers_instruction_is_the_rows() -> None:
    for row, official in ((ROWS[0], "yes"), (ROWS[1], "b")):
        (right,) = [one.instruction for one in allowed_answers(row) if one.official == official]
        assert instruction_of(row) == right
    no = a_row(0, "binary", "presence", "Any pastures?", "no")
    assert instruction_of(no).question == "Ask a question whose answer is no."


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("<0%><33%><28%><80%>", (0.0, 0.33, 0.28, 0.8)),
        ("<0%><33%><28%>", None),
        ("<0%><33%><28%><80%><80%>", None),
        ("<28%><33%><0%><80%>", None),
        ("<0%><33%><28%><33%>", None),
        ("<0%><33%><28%><101%>", None),
        ("<0%><33%><28%> lake", None),
        ("", None),
    ],
)
def test_four_places_are_a_box_if_it_has_an_area(text: str, box: tuple[float, ...] | None) -> None:
    assert read_box(text) == box


def unspell(ids: list[int]) -> str:
    return "".join(map(chr, ids)).strip()


def test_a_place_is_one_token_and_is_read_again() -> None:
    tokens = tokens_of(spell, "at <7%><100%>, <101%>")
    assert tokens[:3] == [97 + OWN_TOKENS, 116 + OWN_TOKENS, 32 + OWN_TOKENS]
    assert tokens[3:5] == [FIRST_PLACE + 7, FIRST_PLACE + 100]
    assert len(tokens) == 3 + 2 + len(", <101%>")
    assert text_of(unspell, tokens) == "at <7%><100%> , <101%>"
    assert text_of(unspell, []) == ""


def test_captions_of_other_data_sets_answer_one_instruction() -> None:
    dataset = TinyDataset([["a road", "a river"]])
    expected = [("captioning", DESCRIBE, "a road"), ("captioning", DESCRIBE, "a river")]
    assert dataset.instructions(0) == expected


def test_a_instruction_fits_the_context() -> None:
    up = OWN_TOKENS
    instruction = Instruction("", "ab", "cd")
    assert written(spell, instruction, 16) == [97 + up, 98 + up, ANSWER, 99 + up, 100 + up, END]
    long = Instruction("", "x" * 50 + "ab", "y" * 50)
    start = prompt(spell, long.question, 16)
    assert (len(start), start[-3:]) == (8, [97 + up, 98 + up, ANSWER])
    cut = written(spell, long, 16)
    assert cut[:8] == start
    assert (len(cut), END in cut) == (17, False)
    assert stacked([[1, 2], [3]]).tolist() == [[1, 2], [3, 0]]
    assert stacked([]).shape == (0, 0)


def test_topics_are_drawn_alike_however_many_rows_they_have() -> None:
    instructions = InstructionDraws(WithRows([["x"]] * 400), spell, 2, 200, 0)
    found = Counter(
        tuple(instruction[: instruction.index(ANSWER)]) for image in range(400)
        for instruction in instructions.draw(0, image)
    )  # fmt: skip
    assert sum(found.values()) == 800
    assert len(found) == len(KINDS)
    assert max(found.values()) < 1.5 * min(found.values())


def test_a_topic_comes_again_only_after_all_others() -> None:
    instructions = InstructionDraws(WithRows([["x"]]), spell, 7, 200, 0)
    drawn = Counter(
        tuple(instruction[: instruction.index(ANSWER)]) for instruction in instructions.draw(3, 0)
    )
    assert sorted(drawn.values()) == [1, 1, 1, 2, 2]


def test_the_draw_changes_with_epoch_seed_and_image_only() -> None:
    dataset = WithRows([["x"]] * 30)

    def draws(seed: int, epoch: int, images: list[int]) -> list[list[list[int]]]:
        instructions = InstructionDraws(dataset, spell, 2, 200, seed)
        return [instructions.draw(epoch, image) for image in images]

    images = list(range(30))
    assert draws(0, 0, images) == draws(0, 0, images[::-1])[::-1]
    assert draws(0, 0, images) != draws(0, 1, images)
    assert draws(0, 0, images) != draws(1, 0, images)


def test_tokens_are_counted_as_often_as_their_texts_stand() -> None:
    instructions = InstructionDraws(TinyDataset([["aab"], ["b"]]), spell, 1, 200, 0)
    counts = instructions.tokens()
    extra = Counter(DESCRIBE)
    assert counts[ord("a") + OWN_TOKENS] == 2 + 2 * extra["a"]
    assert counts[ord("b") + OWN_TOKENS] == 2 + 2 * extra["b"]


def epoch(workers: int, instructions: InstructionDraws | None, dataset: WithRows) -> list[Batch]:
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")
    batches = TrainingBatches(inputs, drawn_by(dataset), 0, instructions)
    return list(CaptionDataModule(batches, len(dataset), 6, 0, workers).train_dataloader())


def test_worker_processes_change_no_instruction() -> None:
    dataset = WithRows([["a road"]] * 12)
    instructions = InstructionDraws(dataset, spell, 2, 200, 0)
    for ours, theirs in zip(
        epoch(0, instructions, dataset), epoch(2, instructions, dataset), strict=True
    ):
        assert ours.instructions.tolist() == theirs.instructions.tolist()
        assert ours.instruction_image.tolist() == list(np.repeat(np.arange(6), 2))
        assert theirs.instruction_image.tolist() == ours.instruction_image.tolist()


def test_without_a_decoder_a_batch_has_none() -> None:
    for batch in epoch(0, None, WithRows([["a road"]] * 6)):
        assert batch.instructions.shape == (0, 0)
        assert batch.instruction_image.shape == (0,)
