"""`comparison.json`: what the cells of a comparison say together."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wfa.comparing.advice import advise, ranked
from wfa.comparing.cell_files import Failure
from wfa.comparing.cell_results import Gathered, gather
from wfa.comparing.cells import Cell
from wfa.comparing.comparison_folder import COMPARISON_FILE, Folder
from wfa.comparing.cost import cheapest_best, reached, target_of, text_bytes, typical_cost
from wfa.comparing.guidelines import Ranked
from wfa.comparing.image_scores import MAIN, Kind
from wfa.comparing.result_rows import Point, captions_an_image
from wfa.comparing.settings import Request
from wfa.comparing.technique_pairs import Pair, all_pairs
from wfa.comparing.telling_queries import shown_queries
from wfa.errors import RunError
from wfa.files import write_text
from wfa.provenance import git_state, machine, versions

_FIELDS = ("protocol", "queries", "direction", "metric")

Values = dict[str, Any]


def summarise(
    request: Request, cells: Sequence[Cell], folder: Folder, failures: Mapping[str, Failure]
) -> Path:
    """Write `comparison.json` from the finished cells and return its path.

    Args:
        request: The comparison.
        cells: All its cells.
        folder: Its folder.
        failures: Cell folder -> why it failed.

    Raises:
        RunError: No cell finished, or a run folder is broken.
    """
    finished = [cell for cell in cells if cell.folder not in failures]
    if not finished:
        first = next(iter(failures.values()))
        raise RunError(
            f"all {len(cells)} cells failed, the first with: {first.message} ({folder.failures} "
            "has them all)"
        )
    found = {
        "name": request.name,
        "request": request.as_dict(),
        "git": git_state(),
        "versions": versions(),
        "machine": machine(),
        "cells": [_cell(cell, failures.get(cell.folder)) for cell in cells],
        "sets": [_set(request, one) for one in gather(finished, folder, request.split)],
    }
    path = folder.path / COMPARISON_FILE
    write_text(path, json.dumps(found, indent=1, allow_nan=False) + "\n")
    return path


def _cell(cell: Cell, failure: Failure | None) -> Values:
    message = {} if failure is None else {"message": failure.message}
    return {
        "label": cell.label,
        "seed": cell.seed,
        "data": cell.data,
        "folder": cell.folder,
        "config_id": cell.config.config_id,
        "state": "finished" if failure is None else "failed",
        **message,
    }


def _set(request: Request, one: Gathered) -> Values:
    """Summarise one data set."""
    pairs = {kind: all_pairs(runs, request.alpha) for kind, runs in one.scores.items()}
    against = {
        kind: all_pairs(runs, request.alpha, request.against)
        for kind, runs in one.scores.items()
        if request.against in one.labels
    }
    means = {kind: ranked(one.scores[kind], pairs[kind]) for kind in pairs}
    costs = {label: typical_cost(list(of.values())) for label, of in one.costs.items()}
    courses = {label: list(of.values()) for label, of in one.courses.items()}
    target = request.target or target_of(courses)
    speeds = {label: vars(reached(runs, target)) for label, runs in courses.items()}
    return {
        "data": one.data,
        "split": request.split,
        "images": one.images,
        "techniques": [_technique(one, label) for label in one.labels],
        "scores": _scores(one),
        "pairs": _pair_rows(pairs),
        "against": _pair_rows(against),
        "cost": [
            {"label": label, **cost, **_index(one, request.split, label)}
            for label, cost in costs.items()
        ],
        "pareto": _fronts(means, costs),
        "target": target,
        "speed": [{"label": label, **speed} for label, speed in speeds.items()],
        "curves": [{"label": label, "points": _curve(runs)} for label, runs in courses.items()],
        "guidelines": advise(request, one, means, costs, target, speeds),
        "examples": [
            {"label": label, "examples": probe["examples"]} for label, probe in one.probes.items()
        ],
        "queries": shown_queries(one, request.split),
    }


def _technique(one: Gathered, label: str) -> Values:
    """Say what a label stands for; settings are those of its first run, without the seed."""
    cells = [cell for cell in one.cells if cell.label == label]
    values = cells[0].config.as_dict()
    return {
        "label": label,
        "seeds": [cell.seed for cell in cells],
        **{key: values[key]["name"] for key in ("aggregation", "loss", "encoder")},
        "options": values["aggregation"],
    }


def _scores(one: Gathered) -> list[Values]:
    """Average every metric over seeds, and add the ceiling of each."""
    found: dict[tuple[Any, ...], dict[str, list[float]]] = {}
    ceilings: dict[tuple[Any, ...], float] = {}
    for cell, rows in one.rows.items():
        for row in rows:
            key = tuple(row[name] for name in _FIELDS)
            if row.get("oracle"):
                ceilings[key] = row["value"]
            else:
                found.setdefault(key, {}).setdefault(cell.label, []).append(row["value"])
    return [
        {
            **dict(zip(_FIELDS, key, strict=True)),
            "label": label,
            "mean": float(np.mean(values)),
            "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
            "values": values,
            "ceiling": ceilings.get(key),
        }
        for key, of in found.items()
        for label, values in of.items()
    ]


def _pair_rows(pairs: Mapping[Kind, Sequence[Pair]]) -> list[Values]:
    return [
        {"protocol": protocol, "queries": queries, "metric": "mR", **pair.as_dict()}
        for (protocol, queries), of in pairs.items()
        for pair in of
    ]


def _index(one: Gathered, split: str, label: str) -> Values:
    """Return what an index of this technique holds of an image, and the time of a query."""
    cell = next(cell for cell in one.cells if cell.label == label)
    captions = captions_an_image(one.runs[cell], split)
    probe = one.probes.get(label)
    vectors = {
        "image_vectors": 1.0,
        "text_vectors_single": captions,
        "text_vectors_aggregated": 1.0,
    }
    if probe is None:
        return vectors
    return {
        **vectors,
        "width": probe["width"],
        "text_bytes_single": text_bytes(captions, probe["width"], "single"),
        "text_bytes_aggregated": text_bytes(captions, probe["width"], "aggregated"),
        "query_seconds_single": probe["query_seconds"]["single"],
        "query_seconds_aggregated": probe["query_seconds"]["aggregated"],
    }


def _fronts(means: Mapping[Kind, Ranked], costs: Mapping[str, Values]) -> list[Values]:
    return [
        {
            "protocol": protocol,
            "queries": queries,
            "cost": "train_seconds",
            "front": cheapest_best(
                {label: (costs[label]["train_seconds"], mean) for label, mean in of.means.items()}
            ),
        }
        for (protocol, queries), of in means.items()
        if protocol == MAIN
    ]


def _curve(runs: Sequence[Sequence[Point]]) -> list[list[float]]:
    """Average the validation mR of each epoch over the seeds that got there."""
    epochs: dict[int, list[float]] = {}
    for run in runs:
        for point in run:
            epochs.setdefault(point.epoch, []).append(point.value)
    return [[float(epoch), float(np.mean(values))] for epoch, values in sorted(epochs.items())]
