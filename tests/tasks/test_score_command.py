"""`wfa score` as a process: figures, tables, prompts, one message for a mistake."""

import json
from pathlib import Path

import pytest

from tests.tasks.conftest import RIGHT
from tests.training.conftest import run
from wfa.errors import ConfigError
from wfa.report.task_scores import score_notes
from wfa.tasks.predictions import write_predictions
from wfa.tasks.published_bench import BENCH_ROWS, PUBLISHED, is_official
from wfa.tasks.scores_file import check_scores_of


@pytest.mark.slow
def test_scoring_writes_figures_and_shows_the_published(bench: Path, tmp_path: Path) -> None:
    answers = tmp_path / "own" / "model.jsonl"
    write_predictions(answers, {**RIGHT, 2: "maybe"})
    out = run(["score", str(answers), f"rows={bench}"], tmp_path)
    content = json.loads((answers.parent / "scores.json").read_text())
    figures = {(f["task"], f["metric"]): f for f in content["figures"]}
    assert figures["binary", "accuracy"]["value"] == 2 / 3
    assert figures["binary", "accuracy"]["unparsed"] == 1
    assert content["published"]["comparable"] is False
    assert "66.67" in out
    for result in PUBLISHED:
        assert f"{result.bleu4:.2f}" in out
    assert "not the official bench split" in " ".join(out.split())
    assert "without WordNet" in out


@pytest.mark.slow
def test_scores_of_other_answers_are_not_overwritten(bench: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    for path in (first, second):
        write_predictions(path, RIGHT)
    scores = tmp_path / "scores.json"
    check_scores_of(scores, first.name)  # nothing is there
    run(["score", str(first), f"rows={bench}"], tmp_path)
    before = scores.read_bytes()
    check_scores_of(scores, first.name)  # scored again
    out = " ".join(run(["score", str(second), f"rows={bench}"], tmp_path, code=2).split())
    assert "holds the scores of first.jsonl, not of second.jsonl" in out
    assert "second.scores.json" in out
    assert scores.read_bytes() == before
    scores.write_text('{"answers": {"run": "runs/x"}}')  # what `wfa evaluate` wrote
    with pytest.raises(ConfigError, match="out=FILE"):
        check_scores_of(scores, first.name)


def test_prompts_ask_without_the_answers(bench: Path, tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    run(["score", "--prompts", str(path), f"rows={bench}"], tmp_path)
    prompts = [json.loads(line) for line in path.read_text().splitlines()]
    assert {prompt["ID"] for prompt in prompts} == set(RIGHT)
    assert set(prompts[0]) == {"ID", "patch_id", "s1_name", "type", "category", "prompt"}
    by_id = {prompt["ID"]: prompt["prompt"] for prompt in prompts}
    assert by_id[1].endswith("Answer with yes or no only.")
    assert "[x1 y1, x2 y2]" in by_id[6]
    assert RIGHT[10] not in path.read_text()


@pytest.mark.slow
def test_mistakes_leave_with_two(bench: Path, tmp_path: Path) -> None:
    out = run(["score", f"rows={bench}"], tmp_path, code=2)
    assert "--prompts FILE" in " ".join(out.split())
    answers = tmp_path / "a.jsonl"
    write_predictions(answers, {5_000: "yes"})
    out = run(["score", str(answers), f"rows={bench}"], tmp_path, code=2)
    assert "5000" in out
    assert "Traceback" not in out
    assert not (tmp_path / "scores.json").exists()


def test_the_official_bench_is_known_by_its_counts() -> None:
    assert sum(BENCH_ROWS.values()) == 15_029
    assert is_official(dict(BENCH_ROWS))
    assert not is_official({**BENCH_ROWS, "mcq": 1})


def test_notes_say_what_was_left_out() -> None:
    content = {
        "figures": [], "methods": {}, "left_out": {"METEOR": "needs the package nltk"},
        "data": {"name": "r.parquet", "split": "bench", "bad_rows": 3},
        "published": {"comparable": True},
    }  # fmt: skip
    notes = score_notes(content)
    assert any("METEOR was left out" in note for note in notes)
    assert any("3 rows" in note for note in notes)
    assert "guessing" in notes.pop()
    assert len(notes) == 2
