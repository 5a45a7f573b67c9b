"""Rows of `metrics.json`: those of a run, and those of its evaluations afterwards."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wfa.errors import RunError
from wfa.json_files import read_json, read_object
from wfa.report.scores import parse_rows
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.retrieval_options import REPORTED, wording

TRAIN_AGAIN = "train the run again with --overwrite"
"""The remedy where a file of a run is broken."""
_MEASURE_AGAIN = "evaluate the run again, or delete the folder of this evaluation"
_MARK = re.compile(r"-([0-9a-f]{6})$")
"""Ends the name of an evaluation's folder where its options are not the run's."""


@dataclass(frozen=True)
class Evaluation:
    """A further evaluation of a run, on other data or with other options than its own.

    Attributes:
        mark: Six hex digits of its options, from the name of its folder.
        ties: Its rule of ties.
        wording: How captions were worded; empty for as they are.
        rows: Its `metrics.json`.
    """

    mark: str
    ties: str
    wording: str
    rows: tuple[MetricRow, ...]


def own_rows(folder: Path) -> tuple[MetricRow, ...]:
    """Read a run's own rows, and those of evaluations with the same options that it lacks.

    Raises:
        RunError: A file is broken, or the run has no rows.
    """
    rows = _read_rows(folder / "metrics.json", TRAIN_AGAIN)
    if not rows:
        raise RunError(f"{folder / 'metrics.json'} is empty: {TRAIN_AGAIN}")
    for path in _evaluated(folder):
        if not _MARK.search(path.parent.name):
            known = set(map(_measured, rows))
            rows += tuple(
                row for row in _read_rows(path, _MEASURE_AGAIN) if _measured(row) not in known
            )
    return rows


def read_evaluations(folder: Path, ties: str) -> tuple[Evaluation, ...]:
    """Read what was measured with other options than a run's.

    Args:
        folder: The run's.
        ties: The run's rule of ties, that of evaluations which name none.

    Raises:
        RunError: A file is broken.
    """
    found = []
    for path in _evaluated(folder):
        facts = path.parent / "evaluation.json"
        if mark := _MARK.search(path.parent.name):
            asked = read_object(facts, ("config",), _MEASURE_AGAIN) if facts.is_file() else {}
            rule = rule_of(asked.get("config"), ties)
            rows = _read_rows(path, _MEASURE_AGAIN)
            found.append(Evaluation(mark[1], rule, wording_of(asked.get("config")), rows))
    return tuple(found)


def rule_of(config: Any, default: str) -> str:
    """Return the rule of ties that a config names, or the default."""
    named = _retrieval(config).get("ties")
    return str(named) if named in REPORTED else default


def wording_of(config: Any) -> str:
    """Say how a config words captions; empty for as they are."""
    return wording(_retrieval(config))


def _retrieval(config: Any) -> Mapping[str, Any]:
    section = config.get("retrieval") if isinstance(config, Mapping) else None
    return section if isinstance(section, Mapping) else {}


def _evaluated(folder: Path) -> list[Path]:
    return sorted(folder.glob("evaluations/*/metrics.json"))


def _measured(row: MetricRow) -> MetricRow:
    """Return what a row measures, without what came out."""
    return replace(row, value=0.0)


def _read_rows(path: Path, again: str) -> tuple[MetricRow, ...]:
    values = read_json(path, again)
    if not isinstance(values, list):
        raise RunError(f"{path} must hold a list of rows, but holds a {type(values).__name__}")
    return parse_rows(values, str(path))
