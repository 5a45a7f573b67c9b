"""Measure a finished run on any data set and split, or on several data sets."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from wfa.auditing.training_leaks import TrainingSet
from wfa.errors import DataError
from wfa.options.run_config import RunConfig
from wfa.plugins.registry import Choice
from wfa.provenance import git_state, versions
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.ranks import write_ranks
from wfa.retrieval.retrieval_options import Config, wording
from wfa.runs.best_device import best_device
from wfa.runs.embed import embed_split
from wfa.runs.parts import Parts, load_run, open_split
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_results import describe, measure

Evaluated = tuple[list[MetricRow], Path]
"""The rows, and the folder that they were written to."""


def evaluate_on(
    path: Path,
    data: Sequence[Choice | None] = (None,),
    split: str = "test",
    retrieval: Config | None = None,
) -> list[Evaluated]:
    """Measure retrieval of a run's model on data sets.

    Args:
        path: A finished run's folder.
        data: The data sets; None is the run's own.
        split: Their split.
        retrieval: How they are evaluated; as the run was unless given.

    Returns:
        For each the rows, and the folder `evaluations/<data>-<split>` below the run's that holds
        `metrics.json`, `ranks.parquet` and `evaluation.json`; its name ends in six hex digits of
        the options where they are not those of the run. `evaluation.json` lists as `leaks` what a
        data set shares with the other one that the run was trained on.

    Raises:
        RunError: The folder holds no finished run.
        DataError: A data set or its split cannot be read.
    """
    parts = load_run(path)
    parts.model.to(best_device())
    own = parts.config
    learned = RunFolder(path).read_run().get("selection", {}).get("trained", True)
    configs = [
        replace(own, data=one or own.data, retrieval=retrieval or own.retrieval) for one in data
    ]
    foreign = any(config.data != own.data for config in configs)
    trained = _training_set(parts) if learned and foreign else None
    return [_evaluated(path, parts, config, split, trained) for config in configs]


def _training_set(parts: Parts) -> TrainingSet | None:
    """Open what the run was trained on; None where it is no longer there."""
    try:
        return TrainingSet(parts.dataset("train"))
    except DataError:
        return None


def _evaluated(
    path: Path,
    parts: Parts,
    config: RunConfig,
    split: str,
    trained: TrainingSet | None,
) -> Evaluated:
    present = config.data.plugin().splits(config.data.options)
    part = parts.prepare(open_split(config.data, split, present))
    embeddings = embed_split(parts, part, retrieval=config.retrieval)
    found = measure(embeddings, part.dataset.name, split, config.retrieval)
    asked = {key: config.as_dict()[key] for key in ("data", "retrieval")}
    of_run = parts.config.as_dict()
    same = all(asked[key] == of_run[key] for key in asked)
    mark = "" if same else f"-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:6]}"
    leaks = trained.leaks(part.dataset) if trained and config.data != parts.config.data else []
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
                "splits": {split: describe(part.dataset)},
            },
            "trained_on": parts.config.data.label,
            "leaks": [asdict(leak) for leak in leaks],
        },
    )
    return found.rows, folder.path
