"""Measure a finished run on any data set and split."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from wfa.plugins.registry import Choice
from wfa.progress import Track, untracked
from wfa.provenance import git_state, versions
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.ranks import write_ranks
from wfa.retrieval.retrieval_options import Config, wording
from wfa.runs.best_device import best_device
from wfa.runs.parts import load_run, open_split
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_results import describe, measure


def evaluate_run(
    path: Path,
    data: Choice | None = None,
    split: str = "test",
    retrieval: Config | None = None,
    track: Track[Any] = untracked,
) -> tuple[list[MetricRow], Path]:
    """Measure retrieval of a run's model.

    Args:
        path: A finished run's folder.
        data: The data set; the run's own unless given.
        split: Its split.
        retrieval: How it is evaluated; as the run was unless given.
        track: Shows progress.

    Returns:
        The rows, and the folder `evaluations/<data>-<split>` below the run's that holds
        `metrics.json`, `ranks.parquet` and `evaluation.json`; its name ends in six hex digits of
        the options where they are not those of the run.

    Raises:
        RunError: The folder holds no finished run.
        DataError: The data set or split cannot be read.
    """
    parts = load_run(path)
    config = replace(
        parts.config,
        data=data or parts.config.data,
        retrieval=retrieval or parts.config.retrieval,
    )
    present = config.data.plugin().splits(config.data.options)
    part = parts.prepare(open_split(config.data, split, present))
    parts.model.to(best_device())
    embeddings = parts.embed(part, track, retrieval=config.retrieval)
    found = measure(embeddings, part.dataset.name, split, config.retrieval)
    asked = {key: config.as_dict()[key] for key in ("data", "retrieval")}
    trained = parts.config.as_dict()
    same = all(asked[key] == trained[key] for key in asked)
    mark = "" if same else f"-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:6]}"
    folder = RunFolder(path / "evaluations" / f"{config.data.label}-{split}{mark}")
    folder.write_json("metrics.json", [row.as_dict() for row in found.rows])
    write_ranks(folder.path / "ranks.parquet", found.ranks)
    folder.write_json(
        "evaluation.json",
        {
            "config_id": parts.config.config_id,
            "config": asked,
            "wording": wording(asked["retrieval"]),
            "git": git_state(),
            "versions": versions(),
            "data": {
                "name": part.dataset.name,
                "notes": list(part.dataset.notes),
                "splits": {split: describe(part)},
            },
        },
    )
    return found.rows, folder.path
