from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.bigearthnet.made import row, write_rows
from wfa.tasks.controls.question_priors import QuestionPriors
from wfa.tasks.marks import mark_answer
from wfa.tasks.questions import Question, Questions


def asked(path: Path, rows: Sequence[dict[str, Any]], split: str) -> list[Question]:
    return list(Questions(write_rows(path, [{**one, "split": split} for one in rows]), split))


PASTURES, FOREST = "Does the image depict pastures?", "Does the image depict mixed forest?"


@pytest.fixture
def priors(tmp_path: Path) -> QuestionPriors:
    seasons = "a) Summer, b) Winter"
    rows = [
        *(row(k, k, "binary", "presence", PASTURES, "yes") for k in range(5)),
        *(row(10 + k, k, "binary", "presence", FOREST, "no") for k in range(7)),
        *(row(20 + k, k, "mcq", "season", f"Which season? {seasons}", "b") for k in range(3)),
        row(30, 0, "mcq", "season", "Which season? a) Winter, b) Summer", "a"),
        *(row(40 + k, k, "bounding box", "reference", "Find <ref>the lake</ref>.",
              "[0.1 0.2, 0.4 0.6]") for k in range(5)),
        row(50, 0, "bounding box", "reference", "Find <ref>a wood</ref>.", "[0.9 0.9, 1.0 1.0]"),
        row(51, 0, "bounding box", "point", "Box <point>(0.5, 0.5)</point>.", "[0.4 0.3, 0.6 0.7]"),
        row(60, 0, "captioning", "None", "Describe it.", "Pastures lie by a lake."),
        row(61, 1, "captioning", "None", "Describe it.", "Pastures lie by a wood."),
        row(62, 2, "captioning", "None", "Describe it.", "Cities shine."),
    ]  # fmt: skip
    return QuestionPriors(asked(tmp_path / "train.parquet", rows, "train"))


def test_the_majority_is_one_answer_a_task(priors: QuestionPriors, tmp_path: Path) -> None:
    rows = [
        row(1, 0, "binary", "presence", PASTURES, "yes"),
        row(2, 0, "mcq", "season", "Which season? a) Winter, b) Summer", "a"),
        row(3, 0, "bounding box", "reference", "Find <ref>a city</ref>.", "[0.0 0.0, 1.0 1.0]"),
        row(4, 0, "captioning", "None", "Describe it.", "A lake."),
        row(5, 0, "binary", "area", "Do pastures cover at least 10% of the image?", "yes"),
    ]
    found = [priors.majority(one) for one in asked(tmp_path / "r.parquet", rows, "test")]
    assert found[:3] == ["no", "b", "[0.1 0.2, 0.4 0.6]"]
    assert found[3] in ("Pastures lie by a lake.", "Pastures lie by a wood.")
    assert found[4] is None  # no such question was asked in training


def test_the_prior_goes_by_the_words(priors: QuestionPriors, tmp_path: Path) -> None:
    rows = [
        row(1, 0, "binary", "presence", PASTURES, "yes"),
        row(2, 0, "binary", "presence", FOREST, "yes"),
        row(3, 0, "binary", "presence", "Does the image depict a new class?", "yes"),
        row(4, 0, "mcq", "season", "Which season? a) Winter, b) Summer", "a"),
        row(5, 0, "mcq", "season", "Which season is it? a) Summer, b) Winter", "a"),
        row(6, 0, "bounding box", "reference", "Find <ref>The lake</ref>.", "[0.0 0.0, 1.0 1.0]"),
        row(7, 0, "bounding box", "reference", "Find <ref>a city</ref>.", "[0.0 0.0, 1.0 1.0]"),
        row(8, 0, "bounding box", "point", "Box <point>(0.9, 0.2)</point>.", "[0.0 0.0, 1.0 1.0]"),
    ]
    found = [priors.likeliest(one) for one in asked(tmp_path / "r.parquet", rows, "test")]
    assert found == [
        "yes", "no", "no", "a", "b", "[0.1 0.2, 0.4 0.6]", "[0.1 0.2, 0.4 0.6]",
        "[0.8 0.0, 1.0 0.4]",
    ]  # fmt: skip


def test_every_answer_is_of_the_official_form(priors: QuestionPriors, tmp_path: Path) -> None:
    rows = [
        row(1, 0, "binary", "presence", PASTURES, "yes"),
        row(2, 0, "mcq", "season", "Which season? a) Winter, b) Summer", "a"),
        row(3, 0, "bounding box", "point", "Box <point>(0.0, 1.0)</point>.", "[0.0 0.0, 1.0 1.0]"),
        row(4, 0, "captioning", "None", "Describe it.", "A lake."),
    ]
    for one in asked(tmp_path / "r.parquet", rows, "test"):
        for answer in (priors.majority(one), priors.likeliest(one)):
            assert answer is not None
            mark_answer(one, answer)
