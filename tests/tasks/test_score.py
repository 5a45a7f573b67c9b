from pathlib import Path

import pytest

from tests.bigearthnet.made import row, write_rows
from tests.tasks.conftest import RIGHT
from wfa.bigearthnet.rows import CATEGORIES
from wfa.errors import ConfigError, DataError
from wfa.tasks.catalogue import TASKS
from wfa.tasks.marks import mark_answer
from wfa.tasks.questions import Question, Questions
from wfa.tasks.score import score


def question(path: Path, rid: int) -> Question:
    return next(q for q in Questions(path, "bench") if q.row.id == rid)


def test_there_are_fifteen_tasks() -> None:
    assert len({task.name for task in TASKS}) == 15
    assert sum(len(own) for own in CATEGORIES.values()) == 15
    assert {task.group for task in TASKS} == {"binary", "mcq", "referring", "captioning"}


def test_all_right(bench: Path) -> None:
    found = score(Questions(bench, "bench"), RIGHT)
    for task in ("binary", "binary/presence", "binary/area", "mcq", "mcq/season", "mcq/country"):
        assert found.value(task, "accuracy") == 1.0
    for task in ("referring", "referring/reference", "referring/point"):
        assert found.value(task, "mIoU") == found.value(task, "Acc@90") == 1.0
    assert found.value("captioning", "BLEU-4") == pytest.approx(1.0)
    assert found.value("captioning", "ROUGE-L") == 1.0
    assert found.rows == {"binary": 3, "mcq": 2, "referring": 2, "captioning": 2}
    assert {(f.unparsed, f.missing) for f in found.figures} == {(0, 0)}


def test_some_wrong_unparsed_and_missing_by_hand(bench: Path) -> None:
    answers = {
        1: "Yes.", 2: "I think not", 3: "no", 4: "(D)",  # 5 is missing
        6: "[0.0 0.0, 0.5 1.0]", 7: "[0.5, 0.5, 1.0, 1.0]", 10: "  ",
    }  # fmt: skip
    found = score(Questions(bench, "bench"), answers)
    counts = {
        f.task: (f.rows, f.unparsed, f.missing) for f in found.figures if f.metric != "Acc@25"
    }
    assert found.value("binary/presence", "accuracy") == 0.5
    assert found.value("binary/area", "accuracy") == 0.0
    assert found.value("binary", "accuracy") == pytest.approx(1 / 3)
    assert found.value("mcq", "accuracy") == 0.5
    assert found.value("mcq/country", "accuracy") == 0.0
    assert found.value("referring/reference", "mIoU") == pytest.approx(0.5)
    assert found.value("referring/reference", "Acc@50") == 1.0
    assert found.value("referring/point", "mIoU") == 0.0
    assert found.value("referring", "mIoU") == pytest.approx(0.25)
    assert found.value("captioning", "ROUGE-L") == 0.0
    assert counts["binary/presence"] == (2, 1, 0)
    assert counts["binary/area"] == (1, 0, 0)
    assert counts["mcq/country"] == (1, 0, 1)
    assert counts["referring/point"] == (1, 1, 0)
    assert counts["captioning"] == (2, 1, 1)


@pytest.mark.parametrize(
    ("rid", "right", "wrong", "none"),
    [
        (1, ["yes", "YES", " Yes. "], ["no", "No."],
         ["", "y", "true", "yes, there are", "yes no", "1", "not yes", "**yes**"]),
        (4, ["d", "D", "d)", "(d)", "d."], ["a", "(b)"],
         ["", "e", "Fall", "d) Fall", "a, d", "ad", "4", "option d"]),
        (5, ["a"], ["b"], ["c", "d", "Austria"]),
    ],
)  # fmt: skip
def test_what_is_an_answer(
    bench: Path, rid: int, right: list[str], wrong: list[str], none: list[str]
) -> None:
    asked = question(bench, rid)
    assert {mark_answer(asked, text) for text in right} == {1.0}
    assert {mark_answer(asked, text) for text in wrong} == {0.0}
    for text in none:
        with pytest.raises(ValueError, match="answer"):
            mark_answer(asked, text)


@pytest.mark.parametrize(
    "text",
    [
        "", "lake", "0.0 0.0, 0.5 0.5", "[0.0, 0.0, 0.5, 0.5]", "[0.0 0.0 0.5 0.5]",
        "[0.5 0.5, 0.0 0.0]", "[0.0 0.0, 0.0 0.5]", "[0.0 0.0, 1.2 0.5]", "[-0.1 0.0, 0.5 0.5]",
        "[0 0, 60 60]", "[0.0 0.0, 0.5 0.5] is the lake", "[0.0 0.0, nan 0.5]",
        "[0.0 0.0, 0.5 0.5]\n[0.0 0.0, 0.5 0.5]",
    ],
)  # fmt: skip
def test_what_is_no_box(bench: Path, text: str) -> None:
    with pytest.raises(ValueError, match="box"):
        mark_answer(question(bench, 6), text)


def test_an_unknown_id_is_refused(bench: Path) -> None:
    with pytest.raises(DataError, match=r"1 of 10 answers.*: 99\. Name the split"):
        score(Questions(bench, "bench"), {**RIGHT, 99: "yes"})
    both = score(Questions(bench, "test+bench"), {**RIGHT, 99: "yes"})
    assert both.rows["binary"] == 4


def test_two_questions_with_one_id(tmp_path: Path) -> None:
    rows = [row(1, k, "binary", "presence", "Are pastures there?", "yes") for k in range(2)]
    with pytest.raises(DataError, match="ID 1 stands twice"):
        score(Questions(write_rows(tmp_path / "r.parquet", rows), "test"), {1: "yes"})


def test_a_split_that_is_not_there(bench: Path) -> None:
    with pytest.raises(DataError, match="it has the splits: bench, test"):
        Questions(bench, "train")


def test_an_extra_that_is_not_known(bench: Path) -> None:
    with pytest.raises(ConfigError, match="similarity, BERTScore"):
        score(Questions(bench, "bench"), RIGHT, ["bleurt"])


BAD = [
    row(1, 0, "binary", "colour", "Is it green?", "yes"),
    row(2, 0, "bounding box", "reference", "Find <ref>a lake</ref>.", "[0.5 0.5, 0.2 0.2]"),
    row(3, 0, "bounding box", "reference", "Find <ref>a lake</ref>.", "[0.5 0.5, 1.2 1.2]"),
    row(4, 0, "mcq", "season", "Which season? Summer, Winter", "a"),
    row(5, 0, "riddle", "season", "Which season?", "a"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad["ID"]))
def test_a_bad_question_is_named_or_left_out(tmp_path: Path, bad: dict[str, object]) -> None:
    good = row(9, 0, "binary", "presence", "Are pastures there?", "no")
    path = write_rows(tmp_path / "r.parquet", [bad, good])
    with pytest.raises(DataError, match=rf"row ID {bad['ID']} .*data.on_bad_row=skip"):
        Questions(path, "test")
    kept = Questions(path, "test", "skip")
    assert [q.row.id for q in kept] == [9]
    assert kept.bad_rows.count == 1
    assert f"row ID {bad['ID']} " in kept.bad_rows.reasons[0]
