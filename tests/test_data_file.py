"""A data set that stands in a file of one's own: its name, not its path, is in names and tables."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.search.conftest import SMALL
from wfa.auditing.dataset_audit import audit
from wfa.auditing.settings import AuditSettings
from wfa.comparing.cells import grid
from wfa.comparing.settings import Request
from wfa.options.run_config import resolve
from wfa.report.finished_run import load_run
from wfa.report.retrieval_tables import split_tables
from wfa.retrieval.retrieval_options import Config as Retrieval
from wfa.runs.evaluate_run import evaluate_on
from wfa.runs.untrained_run import evaluate_untrained
from wfa.search.benchmark.benchmark_options import Config
from wfa.search.benchmark.benchmark_run import benchmark
from wfa.search.benchmark.settings import Request as Benchmark
from wfa.tasks.classification.classify_run import classify_run

SOURCE = '''"""Colours by class."""

from dataclasses import dataclass

from wfa.data.sets import class_folder


@dataclass(frozen=True)
class Config(class_folder.Config):
    """Where they lie."""


class Colours(class_folder.ClassFolder):
    """Colours by class."""

    name = "colours"
'''


@pytest.fixture
def words(tmp_path: Path, cache_dir: Path) -> list[str]:
    """Write the plug-in and its images; the settings that choose them."""
    (tmp_path / "colours.py").write_text(SOURCE)
    rng = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for name, level in (("dark", 40), ("light", 210)):
            folder = tmp_path / "images" / split / name
            folder.mkdir(parents=True)
            for number in range(3):
                noise = rng.integers(-20, 20, (16, 16, 3))
                Image.fromarray((level + noise).astype(np.uint8)).save(folder / f"{number}.png")
    return [f"data={tmp_path / 'colours.py'}", f"data.root={tmp_path / 'images'}"]


def test_the_path_of_a_plug_in_is_in_no_name(tmp_path: Path, words: list[str]) -> None:
    config = resolve([*SMALL, *words])
    folder = evaluate_untrained(config, tmp_path / "run").path
    ((_, again),) = evaluate_on(folder, split="validation")
    scores, tasks = classify_run(folder, "linear_probe")
    asked = Benchmark(config=Config(families=("flat",), gallery=12, repeats=1, singles=1))
    searched = json.loads(benchmark(folder, asked).read_text())
    assert again == folder / "evaluations" / "colours-validation"
    assert tasks == folder / "tasks" / "linear_probe-colours-test"
    assert scores["data"]["name"] == searched["source"]["data"] == "colours"
    assert str(tmp_path) not in json.dumps(searched["gallery"])
    ((_, other),) = evaluate_on(folder, retrieval=Retrieval(ties="expected"))
    run = load_run(folder)
    (further,) = run.evaluations
    assert other.name == f"colours-test-{further.mark}"
    assert (run.ties, further.ties) == ("worst", "expected")
    assert (run.data, run.choice("data")) == ("colours", "colours")
    assert {row.data for row in run.rows} == {"colours"}
    assert run.own_lines
    for file in ("metrics.json", "evaluation.json"):
        assert "colours" in (again / file).read_text()

    evaluate_on(folder, retrieval=Retrieval(caption_case="capitalise", prompt="seen:"))
    worded = [one for one in load_run(folder).evaluations if one.wording]
    assert [one.wording for one in worded] == ["captions capitalised, behind 'seen:'"]
    titles = [table.title for table in split_tables(load_run(folder).lines)]
    assert sum(worded[0].wording in title for title in titles) == 1
    seen = resolve([*SMALL, *words, "retrieval.prompt=seen:"])
    prompted = load_run(evaluate_untrained(seen, tmp_path / "prompted").path)
    assert all(line.wording == "captions behind 'seen:'" for line in prompted.lines)
    assert prompted.info["wording"] == "captions behind 'seen:'"

    found = audit(config.data, config.data, images=False)
    assert {part["label"] for part in found["splits"]} >= {"train", "colours/train"}
    assert (found["data"], found["against"]) == ("colours", "colours")
    assert AuditSettings(config.data).folder == Path("runs/audit-colours")
    techniques = {"single": ("aggregation=single",)}
    (cell,) = grid(Request(techniques, settings=(*SMALL, *words), seeds=(0,)))
    assert cell.data == "colours"
