"""A run answers all 15 tasks: `wfa evaluate RUN task=bigearthnet_txt` as a process."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.training.conftest import SMALL, run
from wfa.bigearthnet.rows import parse_box
from wfa.cli.run_words import read_run_settings
from wfa.errors import ConfigError
from wfa.options.run_config import resolve
from wfa.tasks.answer_run import evaluate_tasks, with_all_rows
from wfa.tasks.predictions import read_predictions
from wfa.tasks.task_settings import TaskSettings

WORDS = [
    "data=scenes_s1s2", "data.train_images=24", "data.validation_images=8", "data.test_images=4",
    "data.bench_images=6", "train.epochs=1", "encoder.context_length=24",
    "model=coca", "model.width=16", "model.layers=1", "model.heads=2", "model.vocabulary=512",
    "model.max_answer_tokens=8",
]  # fmt: skip
TASK = ["task=bigearthnet_txt", "task.epochs=1", "task.width=16", "task.images=16"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a tiny run with a decoder; its cache lies beside it."""
    folder = tmp_path_factory.mktemp("tasks")
    run(["train", *SMALL, *WORDS, f"out={folder / 'run'}"], folder / "cache")
    return folder / "run"


@pytest.fixture(scope="module")
def printed(trained: Path) -> str:
    """Let the run answer, as a process; give what that printed."""
    return run(["evaluate", str(trained), *TASK], trained.parent / "cache")


@pytest.mark.slow
def test_every_question_is_answered_and_scored(trained: Path, printed: str) -> None:
    folder = trained / "tasks" / "scenes_s1s2-bench"
    content = json.loads((folder / "scores.json").read_text())
    answers = read_predictions(folder / "answers.jsonl")
    rows = content["data"]["rows"]
    assert len(answers) == sum(rows.values())
    assert min(rows.values()) > 0
    assert {(f["unparsed"], f["missing"]) for f in content["figures"]} == {(0, 0)}
    assert any(f["task"] == "binary" for f in content["ranked"])
    assert {r["metric"] for r in content["retrieval"]} == {"R@1", "R@5", "R@10", "nDCG@10"}
    assert all(0 <= r["value"] <= 1 for r in content["retrieval"])
    boxes = [text for text in answers.values() if text.startswith("[")]
    assert len(boxes) == rows["referring"]
    for text in boxes:
        parse_box(text)
    assert "by ranking" in printed
    controls = content["controls"]
    tasks = {f["task"] for f in content["figures"]}
    for name in ("majority", "prior", "blind", "shuffled"):
        own = [f for f in controls["figures"] if f["control"] == name and f["of"] != "generated"]
        assert {f["task"] for f in own} == tasks
        assert name in printed
    assert controls["left_out"] == {}
    seen = {(row["answers"], row["task"]) for row in controls["seen"]}
    assert seen == {(name, task) for name in ("figures", "generated") for task in tasks}
    assert {f["missing"] for f in controls["figures"] if f["control"] in ("blind", "shuffled")} == {
        0
    }


@pytest.mark.slow
@pytest.mark.usefixtures("printed")
def test_the_decoder_answers_everything_too(trained: Path) -> None:
    folder = trained / "tasks" / "scenes_s1s2-bench"
    content = json.loads((folder / "scores.json").read_text())
    written = read_predictions(folder / "generated.jsonl")
    assert written.keys() == read_predictions(folder / "answers.jsonl").keys()
    figures = {(f["task"], f["metric"]): f for f in content["generated"]}
    assert figures.keys() == {(f["task"], f["metric"]) for f in content["figures"]}
    assert all(f["missing"] == 0 for f in figures.values())
    for task in ("binary", "mcq"):
        assert figures[task, "accuracy"]["unparsed"] == 0
    history = (trained / "history.csv").read_text().splitlines()
    assert "loss_captioning" in history[0].split(",")


@pytest.mark.slow
@pytest.mark.usefixtures("printed")
def test_answers_score_the_same_as_a_file_and_heads_are_kept(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = trained.parent / "cache"
    folder = trained / "tasks" / "scenes_s1s2-bench"
    heads = trained / "tasks" / "bigearthnet_txt.safetensors"
    before, made = json.loads((folder / "scores.json").read_text()), heads.stat().st_mtime_ns
    blind = heads.with_name("bigearthnet_txt.blind.safetensors")
    made_too = blind.stat().st_mtime_ns
    monkeypatch.setenv("WFA_CACHE_DIR", str(cache))
    answer(trained, TASK)
    assert heads.stat().st_mtime_ns == made
    assert blind.stat().st_mtime_ns == made_too
    again = json.loads((folder / "scores.json").read_text())
    assert again["figures"] == before["figures"]
    rows = next(cache.rglob("BigEarthNet.txt.parquet"))
    scored = trained.parent / "scores.json"
    run(["score", str(folder / "answers.jsonl"), f"rows={rows}", f"out={scored}"], cache)
    assert json.loads(scored.read_text())["figures"] == before["figures"]


def answer(run: Path, words: Sequence[str]) -> None:
    """Do what the verb does, and print nothing."""
    asked = read_run_settings(TaskSettings, run, words)
    evaluate_tasks(run, asked.data, asked.split, asked.task, asked.extras)


@pytest.mark.slow
@pytest.mark.usefixtures("printed")
def test_few_images_at_once_give_the_same_answers(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained / "tasks" / "scenes_s1s2-bench"
    files = [folder / name for name in ("answers.jsonl", "ranked.jsonl")]
    before = [read_predictions(file) for file in files]
    monkeypatch.setenv("WFA_CACHE_DIR", str(trained.parent / "cache"))
    monkeypatch.setattr("wfa.tasks.answering.answerer.IMAGES_AT_ONCE", 4)
    answer(trained, TASK)
    assert [read_predictions(file) for file in files] == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("task=chess", "Known: bigearthnet_txt"),
        ("task.epoch=3", "did you mean 'task.epochs'"),
        ("task.width=7", "multiple of 8"),
        ("aggregation=mean", "cannot change a finished run"),
        ("extras=chess", "Known: similarity, BERTScore"),
        ("data=captions_folder", "has no questions"),
    ],
)
def test_a_mistake_is_named_before_anything_is_loaded(
    trained: Path, word: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("wfa.tasks.answer_run.load_run")
    with pytest.raises(ConfigError, match=message):
        answer(trained, ["task=bigearthnet_txt", word])


def test_a_data_set_without_questions() -> None:
    with pytest.raises(ConfigError, match=r"data=captions_folder has no questions.*scenes_s1s2"):
        with_all_rows(resolve(["data=captions_folder"]).data)
