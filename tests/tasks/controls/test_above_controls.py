"""What counts as seen, on answers whose knowledge of the image is known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from tests.bigearthnet.made import row, write_rows
from wfa.bigearthnet.class_names import CLASSES
from wfa.report.task_controls import control_notes, control_tables
from wfa.tasks.captioning.concepts import concept_scores
from wfa.tasks.controls.answer_controls import answer_controls
from wfa.tasks.controls.shuffled_answers import shuffled_answers
from wfa.tasks.questions import Questions
from wfa.tasks.score import score

PATCHES = 60


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Give two questions on each of many patches, half of them yes, and their training split."""
    rng = np.random.default_rng(0)
    found = []
    for patch in range(2 * PATCHES):
        split = "test" if patch < PATCHES else "train"
        for k, category in enumerate(("presence", "adjacency")):
            answer = "yes" if rng.random() < 0.5 else "no"
            text = "Does the image depict pastures?"
            names = {"patch_id": f"S2_{patch}", "s1_name": f"S1_{patch}", "split": split}
            one = row(10 * patch + k, patch, "binary", category, text, answer)
            found.append({**one, **names})
    return write_rows(tmp_path / "rows.parquet", found)


def controls(path: Path, answers: Mapping[int, str], training: bool = True) -> dict[str, Any]:
    asked = Questions(path, "test")
    known = Questions(path, "train") if training else None
    return answer_controls(asked, answers, score(asked, answers), known)


def test_right_answers_are_seen_and_guesses_are_not(rows: Path) -> None:
    rng = np.random.default_rng(1)
    answers = {
        one.row.id: one.row.answer if one.task.category == "presence"
        else ("yes" if rng.random() < 0.5 else "no")
        for one in Questions(rows, "test")
    }  # fmt: skip
    found = controls(rows, answers)
    seen = {row["task"]: row for row in found["seen"]}
    assert seen["binary/presence"]["seen"] is True
    assert seen["binary/presence"]["value"] == 1.0
    assert seen["binary/presence"]["p"] < 0.01
    assert seen["binary/adjacency"]["seen"] is False
    assert list(seen) == ["binary/presence", "binary/adjacency", "binary"]
    assert {one["control"] for one in found["figures"]} == {"majority", "prior", "shuffled"}
    assert list(found["left_out"]) == ["blind"]


def test_p_is_that_of_the_strongest_control(rows: Path) -> None:
    answers = {one.row.id: "yes" for one in Questions(rows, "test")}
    found = controls(rows, answers, training=False)
    # The shuffled answers are the same ones: no difference at all.
    assert {row["p"] for row in found["seen"]} == {1.0}
    assert not any(row["seen"] for row in found["seen"])
    assert {"majority", "prior", "blind"} == set(found["left_out"])


def test_p_agrees_with_scipy(rows: Path) -> None:
    rng = np.random.default_rng(2)
    asked = list(Questions(rows, "test"))
    answers = {
        one.row.id: one.row.answer if rng.random() < 0.3 else "no"
        for one in asked if one.task.category == "presence"
    }  # fmt: skip
    own = score(asked, answers)
    found = answer_controls(asked, answers, own, None)
    value = {one["task"]: one["value"] for one in found["figures"]}
    row_ = found["seen"][0]
    assert row_["best_value"] == value["binary/presence"]
    other = score(asked, shuffled_answers(asked, answers))
    difference = own.marks["binary/presence"].mark - other.marks["binary/presence"].mark
    peer = stats.permutation_test(
        (difference,), np.mean, permutation_type="samples", n_resamples=9999,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    # Holm over two tasks at most doubles it.
    assert row_["p"] == pytest.approx(min(1.0, 2 * peer.pvalue), abs=0.04)


def test_one_patch_says_that_nothing_can_be_shuffled(tmp_path: Path) -> None:
    one = [row(1, 0, "binary", "presence", "Does the image depict pastures?", "yes")]
    found = controls(write_rows(tmp_path / "r.parquet", one), {1: "yes"}, training=False)
    assert "one patch only" in found["left_out"]["shuffled"]
    assert found["seen"] == []
    content = {"controls": found}
    assert control_tables(content) == []
    assert any("shuffled could not be computed" in note for note in control_notes(content))


@pytest.mark.parametrize(("patches", "said"), [(5, "5 patches cannot show it"), (12, "yes")])
def test_too_few_patches_say_so(tmp_path: Path, patches: int, said: str) -> None:
    answers = {k: "yes" if k % 2 else "no" for k in range(patches)}
    asked = [
        row(k, k, "binary", "presence", "Does the image depict pastures?", answer)
        | {"patch_id": f"S2_{k}", "s1_name": f"S1_{k}", "split": "test"}
        for k, answer in answers.items()
    ]
    rows = write_rows(tmp_path / "r.parquet", asked)
    found = controls(rows, answers, training=False)
    assert found["seen"][0]["smallest_p"] == 2.0 ** (1 - patches) <= found["seen"][0]["p"]
    assert control_tables({"controls": found})[0].rows[0][-1] == said


def test_concept_f1_is_that_of_scikit_learn() -> None:
    outputs = ["Pastures and arable lands.", "A lake.", "Mixed forest borders marine waters."]
    references = ["Pastures.", "Inland waters.", "Mixed forests, arable land, marine waters."]
    member = [
        [[land.name.lower().split(",")[0].rstrip("s") in text.lower() for land in CLASSES]
         for text in own]
        for own in (references, outputs)
    ]  # fmt: skip
    peer = f1_score(*map(np.array, member), average="samples", zero_division=1.0)
    assert concept_scores(outputs, references).mean() == pytest.approx(peer)
    assert concept_scores(["Nothing."], ["A lake."]).tolist() == [1.0]
