"""Cells as jobs, by submitit's own processes: what fails is told, what dies costs one cell."""

import sys
from pathlib import Path

import pytest

from tests.comparing.test_processes import tasks
from wfa.comparing.cluster_jobs import run_as_jobs
from wfa.comparing.settings import CompareSettings, SlurmOptions
from wfa.errors import ConfigError
from wfa.options.read_settings import read_settings

DYING = """
import os
from dataclasses import dataclass
from wfa.aggregation.base import Aggregation
from wfa.aggregation.caption_draws import AggregationConfig

if "SUBMITIT_LOCAL_JOB_ID" in os.environ:
    os._exit(7)


@dataclass(frozen=True)
class Config(AggregationConfig):
    pass


class Dying(Aggregation):
    Config = Config
"""


@pytest.mark.slow
def test_each_cell_is_a_job_and_one_that_dies_costs_no_other(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    (tmp_path / "dying.py").write_text(DYING)
    asked = tasks(tmp_path, 1, [f"compare.techniques=[single,{tmp_path / 'dying.py'}]"])
    ended = run_as_jobs(asked, 2, SlurmOptions(), tmp_path / "logs")
    told = {task.name: failure for task, failure in ended}
    assert set(told) == {task.name for task in asked}
    failed, dead = (told[task.name] for task in asked)
    assert failed is not None
    assert "nowhere" in failed.message
    assert dead is not None
    assert "died" in dead.message
    assert not list((tmp_path / "logs").glob("*.yaml"))


def test_without_submitit_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(ConfigError, match=r"compare\.executor=submitit needs .*pip install"):
        next(run_as_jobs(tasks(tmp_path, 1), 1, SlurmOptions(), tmp_path / "logs"))


def test_who_runs_the_cells_is_no_part_of_what_is_compared() -> None:
    plain = read_settings(CompareSettings, []).request()
    words = ["compare.executor=submitit", "compare.slurm.partition=gpu", "compare.slurm.minutes=60"]
    asked = read_settings(CompareSettings, words).request()
    assert asked.request_id == plain.request_id
    assert asked.slurm == SlurmOptions(partition="gpu", minutes=60)
    with pytest.raises(ConfigError, match=r"compare\.slurm\.minutes=0"):
        read_settings(CompareSettings, ["compare.slurm.minutes=0"])
    with pytest.raises(ConfigError, match=r"compare\.executor='slurm'.*Known: local, submitit"):
        read_settings(CompareSettings, ["compare.executor=slurm"])
