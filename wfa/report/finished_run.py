"""A finished run as its folder tells it: every file read, checked and given types."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wfa.errors import ConfigError, RunError
from wfa.json_files import read_json
from wfa.options.recipes import read_yaml
from wfa.plugins.registry import label
from wfa.report.by_class import read_classes
from wfa.report.run_evaluations import (
    TRAIN_AGAIN,
    Evaluation,
    own_rows,
    read_evaluations,
    rule_of,
    wording_of,
)
from wfa.report.scores import Line, shown_lines
from wfa.report.training_curve import History, read_history
from wfa.retrieval.embeddings import Integers
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.ranks import SCHEMA
from wfa.retrieval.ties import WORST
from wfa.runs.run_folder import CLASSES_FILE
from wfa.tables import DASH

FILES = ("config.yaml", "run.json", "metrics.json", "ranks.parquet", "history.csv")
"""What every finished run folder holds and a report needs; `gallery.json` may be missing."""
_SECTIONS = ("git", "versions", "machine", "data", "seconds", "selection", "throughput",
             "parameters")  # fmt: skip
_DATA_URI = re.compile(r"data:image/(jpeg|png);base64,[A-Za-z0-9+/=]+")

RankKey = tuple[str, str, str, str]
"""(split, protocol, queries, direction)."""


@dataclass(frozen=True, eq=False)
class RunResult:
    """One run.

    Attributes:
        folder: Its folder.
        config: The resolved config, plain values by section.
        info: `run.json`.
        rows: The rows of `metrics.json`, and those of evaluations with the same options that it
            lacks, such as of a further split.
        history: The course of training.
        ranks: Rank of the best right answer of each query, in the file's order.
        gallery: `gallery.json`: queries with their hits; None where the run has none.
        classes: `classes.json`; None where the data knows no classes.
        evaluations: What was measured with other options, in the order of their folders' names.
    """

    folder: Path
    config: Mapping[str, Any]
    info: Mapping[str, Any]
    rows: tuple[MetricRow, ...]
    history: History
    ranks: Mapping[RankKey, Integers]
    gallery: Mapping[str, Any] | None
    classes: Mapping[str, Any] | None = None
    evaluations: tuple[Evaluation, ...] = ()

    @property
    def name(self) -> str:
        """The run's name, as `run.json` has it."""
        return str(self.info["name"])

    @cached_property
    def lines(self) -> list[Line]:
        """The rows as tables show them, under the run's rule of ties; further evaluations last."""
        further = [
            shown_lines(one.rows, one.ties, one.mark, one.wording) for one in self.evaluations
        ]
        own = shown_lines(self.rows, self.ties, wording=wording_of(self.config))
        return [*own, *(line for lines in further for line in lines)]

    @property
    def ties(self) -> str:
        """The rule of ties under which the run's checkpoint was selected and tables are shown."""
        return rule_of(self.config, WORST)

    @property
    def data(self) -> str:
        """The name of the data set that the run was trained on."""
        return str(self.info["data"].get("name", self.look("data", "name", default="?")))

    @property
    def split(self) -> str:
        """The split that speaks for the run: test where it was measured."""
        splits = [(line.data, line.split) for line in self.lines if not line.evaluation]
        own = [split for data, split in splits if data == self.data]
        return (own or [split for _, split in splits] or ["test"])[0]

    @property
    def own_lines(self) -> list[Line]:
        """The lines of the run's own data set and `split`."""
        place = (self.data, self.split, "")
        return [x for x in self.lines if (x.data, x.split, x.evaluation) == place]

    def choice(self, section: str) -> str:
        """Return what to call the plug-in that a config section names, or a dash."""
        values = self.config.get(section)
        name = values.get("name", DASH) if isinstance(values, Mapping) else values or DASH
        return label(str(name))

    def look(self, *path: str, default: Any = None) -> Any:
        """Return what `run.json` holds at nested keys, or `default`."""
        value: Any = self.info
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return default if value is None else value

    def number(self, *path: str) -> float | None:
        """Return a finite number of `run.json`, or None."""
        value = self.look(*path)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if fits and math.isfinite(value) else None


def load_run(folder: Path) -> RunResult:
    """Read a finished run's folder.

    Raises:
        RunError: It is no run folder, the run is unfinished, or a file is missing or broken; the
            message names the file and says what to do.
    """
    if not folder.is_dir():
        raise RunError(f"there is no run folder {folder}: give the folder that `wfa train` wrote")
    if not (folder / "config.yaml").is_file():
        raise RunError(f"{folder} is no run folder: it has no config.yaml")
    info = _read_info(folder)
    for name in FILES:
        if not (folder / name).is_file():
            raise RunError(f"{folder} lacks {name}: {TRAIN_AGAIN}")
    try:
        config = read_yaml(folder / "config.yaml")
    except ConfigError as error:
        raise RunError(str(error)) from error
    gallery, classes = folder / "gallery.json", folder / CLASSES_FILE
    return RunResult(
        folder=folder,
        config=config,
        info=info,
        rows=own_rows(folder),
        history=read_history(folder / "history.csv"),
        ranks=_read_ranks(folder / "ranks.parquet"),
        gallery=_read_gallery(gallery) if gallery.is_file() else None,
        classes=read_classes(classes) if classes.is_file() else None,
        evaluations=read_evaluations(folder, rule_of(config, WORST)),
    )


def _read_info(folder: Path) -> Mapping[str, Any]:
    path = folder / "run.json"
    info = read_json(path, TRAIN_AGAIN) if path.is_file() else {}
    if not isinstance(info, Mapping):
        raise RunError(f"{path} must hold an object, but holds a {type(info).__name__}")
    if not info.get("finished"):
        raise RunError(
            f"{folder} holds an unfinished run: go on with "
            f"`wfa train --config-file {folder / 'config.yaml'} out={folder}`"
        )
    for name in ("name", "config_id"):
        if not isinstance(info.get(name), str):
            raise RunError(f"{path}: {name} must be a text, but is {info.get(name)!r}")
    for name in _SECTIONS:
        if not isinstance(info.get(name), Mapping):
            raise RunError(f"{path}: {name} must be an object, but is {info.get(name)!r}")
    return info


def _read_ranks(path: Path) -> dict[RankKey, Integers]:
    keys = ["split", "protocol", "queries", "direction"]
    try:
        table = pq.read_table(path, columns=[*keys, "rank"])
        groups = table.cast(pa.schema([SCHEMA.field(name) for name in table.column_names]))
    except (pa.ArrowException, OSError) as error:
        raise RunError(f"{path} cannot be read ({error}): {TRAIN_AGAIN}") \
            from error  # fmt: skip
    labels = list(zip(*(groups[name].to_pylist() for name in keys), strict=True))
    rank = groups["rank"].to_numpy()
    ids = {key: number for number, key in enumerate(dict.fromkeys(labels))}
    of_row = np.array([ids[key] for key in labels], np.int64)
    return {key: rank[of_row == number] for key, number in ids.items()}


def _read_gallery(path: Path) -> Mapping[str, Any]:
    """Read `gallery.json`, checked: see `wfa.runs.query_gallery.build_gallery`."""
    values = read_json(path, TRAIN_AGAIN)
    try:
        return {
            **{key: str(values[key]) for key in ("data", "split")},
            "images": int(values["images"]),
            "queries": [
                {
                    "text": str(query["text"]),
                    "rank": int(query["rank"]),
                    "relevant": list(query["relevant"]),
                    "own": _picture(query["own"]),
                    "hits": [
                        {**_picture(hit), "score": float(hit["score"]), "right": bool(hit["right"])}
                        for hit in query["hits"]
                    ],
                }
                for query in values["queries"]
            ],
        }
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} does not hold a gallery ({error!r}): delete it, or train the run "
                       "again with --overwrite") from error  # fmt: skip


def _picture(values: Mapping[str, Any]) -> dict[str, str]:
    return {"image": str(values["image"]), "thumbnail": safe_thumbnail(values["thumbnail"])}


def safe_thumbnail(value: Any) -> str:
    """Let nothing through that a browser would fetch from elsewhere.

    Raises:
        ValueError: It is no data URI of a picture.
    """
    if not isinstance(value, str) or not _DATA_URI.fullmatch(value):
        raise ValueError(f"a thumbnail must be a JPEG or PNG data URI, but is {str(value)[:40]!r}")
    return value
