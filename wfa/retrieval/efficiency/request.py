"""The words of `wfa benchmark`: `benchmark=NAME`, `benchmark.KEY=VALUE`, and what they say."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wfa.config import build_options, parse_word
from wfa.errors import ConfigError
from wfa.recipes import read_yaml, recipe_values
from wfa.retrieval.efficiency.config import Config, Goal

DEFAULT = "default"
_RECOMMEND = "recommend"


@dataclass(frozen=True)
class Request:
    """What is measured and what is wanted.

    Attributes:
        name: The recipe's name.
        config: How it is measured.
        goal: What a recommended point must keep.
        others: The words that are about something else, such as `data=` and `split=`.
    """

    name: str
    config: Config
    goal: Goal
    others: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as a recipe has them."""
        values = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self.config).items()
        }
        return {"name": self.name, **values, _RECOMMEND: asdict(self.goal)}


def parse_request(words: Sequence[str]) -> Request:
    """Read the words of the command line.

    Args:
        words: `benchmark=NAME` reads `configs/benchmark/NAME.yaml`, `benchmark=FILE.yaml` that
            file; `benchmark.gallery=1000000`, `benchmark.recommend.max_ms=5` change a key of it.

    Raises:
        ConfigError: A key, name or value is wrong.
    """
    name, changes, others = DEFAULT, [], []
    for word in words:
        key, value = parse_word(word)
        if key == "benchmark":
            name = str(value)
        elif key.startswith("benchmark."):
            changes.append((key.removeprefix("benchmark."), value))
        else:
            others.append(word)
    is_file = name.endswith((".yaml", ".yml"))
    values = read_yaml(Path(name)) if is_file else recipe_values("benchmark", name)
    limits: dict[str, Any] = {}
    for key, value in changes:
        section, _, option = key.partition(".")
        if option and section == _RECOMMEND:
            limits[option] = value
        else:
            values[key] = value
    goal = values.pop(_RECOMMEND, None) or {}
    if not isinstance(goal, dict):
        raise ConfigError(f"benchmark.{_RECOMMEND} must hold KEY: VALUE lines, but is {goal!r}")
    goal |= limits
    return Request(
        name=Path(name).stem,
        config=build_options(Config, values, "benchmark"),
        goal=build_options(Goal, goal, f"benchmark.{_RECOMMEND}"),
        others=tuple(others),
    )
