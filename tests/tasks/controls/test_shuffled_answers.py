from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bigearthnet.made import row, write_rows
from wfa.tasks.controls.shuffled_answers import shuffled_answers
from wfa.tasks.questions import Question, Questions

ASKED = ["Does the image depict pastures?", "Does the image depict mixed forest?"]


def questions(path: Path, rows: list[dict[str, Any]]) -> list[Question]:
    return list(Questions(write_rows(path, rows), "test"))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=20))
def test_an_answer_comes_from_another_patch_and_the_same_question_where_there_is_one(
    tmp_path_factory: Any, drawn: list[tuple[int, int]]
) -> None:
    rows = [
        row(k, patch, "binary", "presence", ASKED[which], "yes")
        for k, (patch, which) in enumerate(drawn)
    ]
    own = questions(tmp_path_factory.mktemp("rows") / "r.parquet", rows)
    # An answer that says where it comes from.
    found = shuffled_answers(own, {one.row.id: str(one.row.id) for one in own})
    for rid, (patch, which) in enumerate(drawn):
        others = [k for k, (other, _) in enumerate(drawn) if other != patch]
        alike = [k for k in others if drawn[k][1] == which]
        assert (rid in found) == bool(others)
        if others:
            assert int(found[rid]) in (alike or others)


def test_a_letter_stands_for_its_text(tmp_path: Path) -> None:
    rows = [
        row(1, 0, "mcq", "season", "Which season? a) Summer, b) Winter", "a"),
        row(2, 1, "mcq", "season", "Which season? a) Winter, b) Summer", "a"),
    ]
    assert shuffled_answers(questions(tmp_path / "r.parquet", rows), {1: "a", 2: "A)"}) == {
        1: "b", 2: "b",
    }  # fmt: skip
    assert shuffled_answers(questions(tmp_path / "r.parquet", rows), {1: "?", 2: "a"}) == {
        1: "b", 2: "?",
    }  # fmt: skip


def test_one_patch_alone_has_nothing_to_take(tmp_path: Path) -> None:
    rows = [row(k, 0, "binary", "presence", ASKED[k], "yes") for k in range(2)]
    assert shuffled_answers(questions(tmp_path / "r.parquet", rows), {0: "yes", 1: "no"}) == {}
