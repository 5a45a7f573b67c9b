"""Measure a finished run on any data set and split."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from wfa.config import resolve
from wfa.errors import ConfigError
from wfa.progress import Track, untracked
from wfa.provenance import git_state, versions
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.ranks import write_ranks
from wfa.runs.parts import load_run, open_split
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_results import describe, measure


def evaluate_run(
    path: Path, words: Sequence[str], track: Track[Any] = untracked
) -> tuple[list[MetricRow], Path]:
    """Measure retrieval of a run's model.

    Args:
        path: A finished run's folder.
        words: `data=NAME`, `data.KEY=VALUE`, `split=NAME`, `retrieval.KEY=VALUE`; the run's own
            data set and its test split where they say nothing.
        track: Shows progress.

    Returns:
        The rows, and the folder `evaluations/<data>-<split>` below the run's that holds
        `metrics.json`, `ranks.parquet` and `evaluation.json`; its name ends in six hex digits of
        the options where they are not those of the run.

    Raises:
        ConfigError: A word changes what the run was trained with.
        RunError: The folder holds no finished run.
        DataError: The data set or split cannot be read.
    """
    split = "test"
    kept = []
    for word in words:
        key, _, value = word.partition("=")
        if key == "split":
            split = value
        elif key.partition(".")[0] in ("data", "retrieval"):
            kept.append(word)
        else:
            raise ConfigError(
                f"{word!r} cannot change a finished run: evaluate takes data, split and retrieval"
            )
    parts = load_run(path)
    config = resolve(kept, file=RunFolder(path).config_file)
    present = config.data.plugin().splits(config.data.options)
    part = parts.prepare(open_split(config.data, split, present))
    parts.model.to(best_device())
    found = measure(parts.embed(part, track), config.data.name, split, config.retrieval)
    asked = {key: config.as_dict()[key] for key in ("data", "retrieval")}
    trained = parts.config.as_dict()
    same = all(asked[key] == trained[key] for key in asked)
    mark = "" if same else f"-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:6]}"
    folder = RunFolder(path / "evaluations" / f"{config.data.name}-{split}{mark}")
    folder.write_json("metrics.json", [row.as_dict() for row in found.rows])
    write_ranks(folder.path / "ranks.parquet", found.ranks)
    folder.write_json(
        "evaluation.json",
        {
            "config_id": parts.config.config_id,
            "config": asked,
            "git": git_state(),
            "versions": versions(),
            "data": {
                "name": config.data.name,
                "notes": list(part.dataset.notes),
                "splits": {split: describe(part)},
            },
        },
    )
    return found.rows, folder.path


def best_device() -> torch.device:
    """Return the accelerator where there is one, else the CPU."""
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return found or torch.device("cpu")
