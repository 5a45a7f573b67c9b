"""A decoder that knows its instructions by heart answers every type of question."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.bigearthnet.made import row as made_row
from tests.data.tiny import TinyDataset
from tests.model.kinds.coca_worker import build
from wfa.bigearthnet.row_instructions import instruction_of
from wfa.bigearthnet.rows import Row
from wfa.data.instruction import Instruction
from wfa.data.instruction_draws import InstructionDraws
from wfa.data.instruction_tokens import OWN_TOKENS, stacked, written
from wfa.model.kinds.coca import CoCa
from wfa.tasks.decoder_answers import generate_answers

NAMES = ("ID", "patch_id", "s1_name", "input", "output", "type", "category")
OPTIONS = "a) Summer, b) Winter, c) Spring"
ANSWERS = (
    ("yes", "b", "[0.0 0.33, 0.28 0.8]", "[0.5 0.5, 1.0 1.0]", "a lake lies here."),
    ("no", "c", "[0.1 0.2, 0.3 0.4]", "[0.0 0.0, 0.5 0.5]", "pastures (~20 ha)."),
)
KINDS = (
    ("binary", "presence", "Any lake?"),
    ("mcq", "season", f"Which season? {OPTIONS}"),
    ("bounding box", "reference", "Find the <ref>lake</ref>."),
    ("bounding box", "point", "Box <point>(0.7, 0.6)</point>."),
    ("captioning", "None", "Describe it."),
)


class Two(TinyDataset):
    """A dark and a bright image, the same questions of both."""

    def read_image(self, index: int) -> NDArray[np.uint8]:
        image = np.full((16, 16, 3), 60, np.uint8)
        image[:, :, index] = 220
        return image

    def rows(self, index: int) -> list[Row]:
        found = []
        for number, (kind, answer) in enumerate(zip(KINDS, ANSWERS[index], strict=True)):
            values = made_row(10 * index + number, index, *kind, answer)
            found.append(Row(*(values[name] for name in NAMES)))
        return found

    def instructions(self, index: int) -> list[Instruction]:
        return [instruction_of(row) for row in self.rows(index)]


@pytest.fixture(scope="module")
def taught() -> tuple[CoCa, Any]:
    """A small model that has learned all instructions of both images by heart."""
    dataset = Two([["x"], ["y"]])
    model = build(context_length=64, width=32)
    instructions: InstructionDraws = model.instructions(dataset, 0)
    assert len(instructions.draw(0, 0)) == 2
    own: list[Sequence[int]] = []
    image = []
    for place in range(2):
        for instruction in dataset.instructions(place):
            own.append(written(model.spelling.ids, instruction, 64))
            image.append(place)
    inputs = torch.stack([model.encoder.image_input(dataset.read_image(k)) for k in range(2)])
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(150):
        optimiser.zero_grad()
        sums, counts = model.decoder.losses(model.look(inputs), stacked(own), torch.tensor(image))
        torch.autograd.backward((sums / counts).mean())
        optimiser.step()
    return model.eval(), dataset


@pytest.mark.slow
def test_all_types_are_answered_as_they_were_learned(taught: tuple[CoCa, Any]) -> None:
    model, dataset = taught
    found = generate_answers(model, dataset)
    expected = {
        10 * image + number: answer
        for image, own in enumerate(ANSWERS)
        for number, answer in enumerate(own)
    }
    assert found == expected


def test_an_answer_that_was_never_learned_is_not_the_likeliest() -> None:
    """Only `spring` is known: the tokens of the other options would cost nothing."""
    model = build(context_length=64, width=32)
    known = [token + OWN_TOKENS for token in model.spelling.ids("spring")]
    model.decoder.learn_words(Counter(known))
    dataset: Any = Two([["x"], ["y"]])
    found = generate_answers(model.eval(), dataset)
    assert [found[place] for place in (1, 11)] == ["c", "c"]


def test_the_fewer_words_are_unknown_the_sooner_an_answer_is_taken() -> None:
    """Of `fog mist rain` the end alone is weighed, of `dark fog` a word and the end."""

    class OneQuestion(Two):
        def rows(self, index: int) -> list[Row]:
            options = "a) fog mist rain, b) dark fog"
            values = made_row(index, index, "mcq", "season", f"Which? {options}", "b")
            return [Row(*(values[name] for name in NAMES))]

    model = build(context_length=64, width=32)
    model.decoder.learn_words(Counter(t + OWN_TOKENS for t in model.spelling.ids("dark")))
    dataset: Any = OneQuestion([["x"], ["y"]])
    assert generate_answers(model.eval(), dataset) == {0: "b", 1: "b"}


@pytest.mark.slow
def test_what_is_no_box_is_left_as_it_was_written(
    taught: tuple[CoCa, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, dataset = taught
    lake = [token + 4 for token in model.spelling.ids("lake")]
    monkeypatch.setattr(model.decoder, "write", lambda seen, prompts, most: [lake] * len(prompts))
    found = generate_answers(model, dataset)
    assert found[2] == found[13] == "lake"
    assert found[0] == "yes"  # chosen, not written
