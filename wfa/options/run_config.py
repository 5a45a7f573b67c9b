"""The config of a run: its sections, resolved, checked and saved.

`wfa.options.read_settings` says in which order values count. The resolved config, saved beside the
results, gives the same run again.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wfa.errors import ConfigError
from wfa.options.read_settings import read_settings
from wfa.options.recipes import Values, read_yaml, recipe_values, to_yaml
from wfa.options.typed_options import as_plain
from wfa.plugins.registry import Choice

PLUGIN_SECTIONS = ("data", "aggregation", "encoder", "loss", "model")
PLAIN_SECTIONS = ("train", "retrieval")
"""Sections without a choice of plug-in."""
DEFAULT_MODEL = "clip"
"""What a config means that names no model, such as those saved before there was a choice."""
DEFAULT_RUN = "scenes"


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run's result.

    Attributes:
        data: The data set and its options.
        aggregation: The technique and its options.
        encoder: The towers and their options.
        loss: The loss and its options.
        model: The kind of model and its options.
        train: Options of training.
        retrieval: Options of evaluation.
        name: Names the run folder; changes nothing else.
    """

    data: Choice = field(metadata={"plugin": "data"})
    aggregation: Choice = field(metadata={"plugin": "aggregation"})
    encoder: Choice = field(metadata={"plugin": "encoder"})
    loss: Choice = field(metadata={"plugin": "loss"})
    model: Choice = field(metadata={"plugin": "model", "choice": DEFAULT_MODEL})
    train: Any = field(metadata={"options": "train"})
    retrieval: Any = field(metadata={"options": "retrieval"})
    name: str = "run"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w.+-]*", self.name):
            raise ConfigError(
                f"name={self.name!r} names the run's folder: use letters, digits and . _ + - only"
            )

    def as_dict(self) -> Values:
        """Return plain values: each plug-in section as its name and all its options."""
        values: Values = {"name": self.name}
        for section in PLUGIN_SECTIONS:
            choice: Choice = getattr(self, section)
            values[section] = {"name": choice.name, **as_plain(choice.options)}
        for section in PLAIN_SECTIONS:
            values[section] = as_plain(getattr(self, section))
        return values

    def as_yaml(self) -> str:
        """Return the resolved config as YAML; `resolve(file=...)` of it gives this object."""
        return to_yaml(self.as_dict())

    @property
    def config_id(self) -> str:
        """Ten hex digits that differ when any value but the name differs."""
        values = {key: value for key, value in self.as_dict().items() if key != "name"}
        return hashlib.sha256(to_yaml(values, sort_keys=True).encode()).hexdigest()[:10]


def resolve(arguments: Sequence[str] = (), file: Path | None = None) -> RunConfig:
    """Build a run's config.

    Args:
        arguments: `KEY=VALUE` words: `run=NAME`, `<section>=NAME`, `<section>.<key>=VALUE`,
            `name=NAME`.
        file: A saved `config.yaml`, or any file of the same form, in place of `run=NAME`.

    Raises:
        ConfigError: A word is not KEY=VALUE, or a key, a name or a type is wrong.
    """
    given = [word.partition("=")[2] for word in arguments if word.startswith("run=")]
    recipe = given[-1] if given else None
    if recipe is not None and file is not None:
        raise ConfigError(f"both run={recipe} and --config-file {file} are given: choose one")
    layer = read_yaml(file) if file is not None else recipe_values("run", recipe or DEFAULT_RUN)
    words = [word for word in arguments if not word.startswith("run=")]
    config = read_settings(RunConfig, words, layer, str(file or f"run={recipe or DEFAULT_RUN}"))
    # Without a recipe or a name, a run is called by the data that it trains on.
    named = recipe is not None or file is not None or any(w.startswith("name=") for w in words)
    return config if named else replace(config, name=config.data.label)
