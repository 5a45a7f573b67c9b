"""The words of `wfa benchmark`: `benchmark=NAME`, `benchmark.KEY=VALUE`, and what they say."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wfa.config import build_options, parse_word, resolve_section
from wfa.errors import ConfigError
from wfa.plugins import Choice
from wfa.recipes import read_yaml, recipe_values
from wfa.search.benchmark.benchmark_options import Config, Goal

DEFAULT = "default"
_RECOMMEND = "recommend"
_DISTRACTORS = "distractors"

Values = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What is measured and what is wanted.

    Attributes:
        name: The recipe's name.
        config: How it is measured.
        goal: What a recommended point must keep.
        distractors: Data sets whose images fill the gallery up, in this order.
        others: The words that are about something else, such as `data=` and `split=`.
        k_asked: Whether `benchmark.k=` is one of the words; else a small gallery lowers it.
    """

    name: str
    config: Config
    goal: Goal
    distractors: tuple[Choice, ...] = ()
    others: tuple[str, ...] = ()
    k_asked: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as a recipe has them."""
        values = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self.config).items()
        }
        data = {choice.name: asdict(choice.options) for choice in self.distractors}
        return {"name": self.name, **values, _DISTRACTORS: data, _RECOMMEND: asdict(self.goal)}


def parse_request(words: Sequence[str]) -> Request:
    """Read the words of the command line.

    Args:
        words: `benchmark=NAME` reads `configs/benchmark/NAME.yaml`, `benchmark=FILE.yaml` that
            file; `benchmark.gallery=1000000`, `benchmark.recommend.max_ms=5` change a key of it.
            `benchmark.distractors=[rsicd,rsitmd]` names data sets, and
            `benchmark.distractors.NAME.KEY=VALUE` one with an option of it.

    Raises:
        ConfigError: A key, name or value is wrong.
    """
    name, changes, others = DEFAULT, [], []
    for word in words:
        key, value = parse_word(word)
        if key == "benchmark":
            name = str(value)
        elif key.startswith("benchmark."):
            changes.append((key.removeprefix("benchmark.").split("."), value))
        else:
            others.append(word)
    is_file = name.endswith((".yaml", ".yml"))
    values = read_yaml(Path(name)) if is_file else recipe_values("benchmark", name)
    goal = _section(values, _RECOMMEND, changes)
    distractors = _section(values, _DISTRACTORS, changes)
    values |= {".".join(path): value for path, value in changes}
    return Request(
        name=Path(name).stem,
        config=build_options(Config, values, "benchmark"),
        goal=build_options(Goal, goal, f"benchmark.{_RECOMMEND}"),
        distractors=tuple(_data(*item) for item in distractors.items()),
        others=tuple(others),
        k_asked=any(path == ["k"] for path, _ in changes),
    )


def _section(values: Values, section: str, changes: list[tuple[list[str], Any]]) -> Values:
    """Take a section out of a recipe, with the changes that are about it, out of those too."""
    found = _mapping(values.pop(section, None), section)
    for path, value in [change for change in changes if change[0][0] == section]:
        changes.remove((path, value))
        if len(path) == 1:
            found = _mapping(value, section)
            continue
        inner = found
        for step in path[1:-1]:
            inner[step] = _mapping(inner.get(step), f"{section}.{step}")
            inner = inner[step]
        inner[path[-1]] = value
    return found


def _mapping(value: Any, section: str) -> Values:
    """Read KEY: VALUE lines; of data sets their names alone as well."""
    if section == _DISTRACTORS and isinstance(value, str):
        value = [value]
    if section == _DISTRACTORS and isinstance(value, list):
        value = dict.fromkeys(map(str, value))
    if not isinstance(value or {}, dict):
        raise ConfigError(f"benchmark.{section} must hold KEY: VALUE lines, but is {value!r}")
    return dict(value or {})


def _data(name: str, options: Any) -> Choice:
    options = _mapping(options, f"{_DISTRACTORS}.{name}")
    return resolve_section("data", name, [f"data.{k}={json.dumps(v)}" for k, v in options.items()])
