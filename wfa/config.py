"""Load, merge, check and save the config of a run.

Order of precedence, lowest first: defaults of the dataclasses, `configs/<section>/<name>.yaml`, a
recipe `configs/run/<name>.yaml` or a saved `config.yaml`, `KEY=VALUE` on the command line. The
resolved config, saved beside the results, gives the same run again.
"""

import hashlib
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from wfa.errors import ConfigError
from wfa.plugins import Choice, config_class, names, unknown
from wfa.recipes import Values, config_folder, read_yaml, recipe_names, recipe_values

PLUGIN_SECTIONS = ("data", "aggregation", "encoder", "loss", "model")
DEFAULT_MODEL = "clip"
"""What a config means that names no model, such as those saved before there was a choice."""
PLAIN_SECTIONS: Mapping[str, str] = {
    "train": "wfa.training.train_options",
    "retrieval": "wfa.retrieval.retrieval_options",
}
"""Sections without a choice of plug-in -> the module that holds their `Config`."""
SECTIONS = (*PLUGIN_SECTIONS, *PLAIN_SECTIONS)
DEFAULT_RUN = "scenes"


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run's result.

    Attributes:
        name: Names the run folder; changes nothing else.
        data: The data set and its options.
        aggregation: The technique and its options.
        encoder: The towers and their options.
        loss: The loss and its options.
        model: The kind of model and its options.
        train: Options of training.
        retrieval: Options of evaluation.
    """

    name: str
    data: Choice
    aggregation: Choice
    encoder: Choice
    loss: Choice
    model: Choice
    train: Any
    retrieval: Any

    def as_dict(self) -> Values:
        """Return plain values: each plug-in section as its name and all its options."""
        values: Values = {"name": self.name}
        for section in PLUGIN_SECTIONS:
            choice: Choice = getattr(self, section)
            values[section] = {"name": choice.name, **_plain(choice.options)}
        for section in PLAIN_SECTIONS:
            values[section] = _plain(getattr(self, section))
        return values

    def as_yaml(self) -> str:
        """Return the resolved config as YAML; `resolve(file=...)` of it gives this object."""
        return str(OmegaConf.to_yaml(OmegaConf.create(self.as_dict())))

    @property
    def config_id(self) -> str:
        """Ten hex digits that differ when any value but the name differs."""
        values = {key: value for key, value in self.as_dict().items() if key != "name"}
        text = OmegaConf.to_yaml(OmegaConf.create(values), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]


def resolve(arguments: Sequence[str] = (), file: Path | None = None) -> RunConfig:
    """Build a run's config.

    Args:
        arguments: `KEY=VALUE` words: `run=NAME`, `<section>=NAME`, `<section>.<key>=VALUE`,
            `name=NAME`.
        file: A saved `config.yaml`, or any file of the same form, in place of `run=NAME`.

    Raises:
        ConfigError: A word is not KEY=VALUE, or a key, a name or a type is wrong.
    """
    words = [parse_word(word) for word in arguments]
    recipe = next((value for key, value in reversed(words) if key == "run"), None)
    if recipe is not None and file is not None:
        raise ConfigError(f"both run={recipe} and --config-file {file} are given: choose one")
    layer = read_yaml(file) if file is not None else recipe_values("run", recipe or DEFAULT_RUN)
    sections: dict[str, Values] = {section: {} for section in SECTIONS}
    _choose(sections, "model", DEFAULT_MODEL)
    title = _apply_layer(layer, sections, str(file or f"run={recipe or DEFAULT_RUN}"))
    named = recipe is not None or file is not None
    # Choices first, whatever the order of the words: an option always means the chosen plug-in.
    for key, value in words:
        if key in SECTIONS:
            _choose(sections, key, value)
    for key, value in words:
        if key == "name":
            title = str(value)
        elif key not in SECTIONS and key != "run":
            _set_option(sections, key, value)
    # Without a recipe or a name, a run is called by the data that it trains on.
    named = named or any(key == "name" for key, _ in words)
    return _build(title if named else str(sections["data"]["name"]), sections)


def resolve_section(section: str, name: str, words: Sequence[str]) -> Choice:
    """Build one plug-in section: `name`, its shipped options and `<section>.<key>=VALUE` words.

    Raises:
        ConfigError: The name, a key or a type is wrong.
    """
    sections: dict[str, Values] = {section: {}}
    _choose(sections, section, name)
    for key, value in map(parse_word, words):
        _set_option(sections, key, value)
    options = {key: value for key, value in sections[section].items() if key != "name"}
    return Choice(section, name, build_options(config_class(section, name), options, section))


def build_options(cls: type[Any], values: Values, where: str) -> Any:
    """Build a config dataclass from plain values, checking keys and types.

    Args:
        cls: A dataclass with defaults for every field.
        values: Options by field name.
        where: The section's name for messages, such as `aggregation`.

    Raises:
        ConfigError: A key does not exist (the nearest known one is named) or a type is wrong.
    """
    known = [field.name for field in fields(cls)]
    for key in values:
        if key not in known:
            raise _unknown_key(f"{where}.{key}", [f"{where}.{name}" for name in known])
    base = OmegaConf.structured(cls)
    OmegaConf.set_readonly(base, False)  # it takes a frozen dataclass for a finished config
    for key, value in values.items():
        try:
            OmegaConf.update(base, key, value, merge=False)
        except OmegaConfBaseException as error:
            wanted = next(field.type for field in fields(cls) if field.name == key)
            label = getattr(wanted, "__name__", str(wanted))
            raise ConfigError(f"{where}.{key} wants {label}, but is {value!r}") from error
    return cls(**{name: _frozen(value) for name, value in _container(base).items()})


def parse_word(word: str) -> tuple[str, Any]:
    """Split `KEY=VALUE` and read the value as YAML.

    Raises:
        ConfigError: It is not KEY=VALUE, or the value cannot be read.
    """
    key, equals, text = word.partition("=")
    if not equals or not key:
        raise ConfigError(f"{word!r} is not KEY=VALUE; an example: aggregation=uniqueness")
    try:
        parsed = OmegaConf.from_dotlist([f"value={text}"])
        value = OmegaConf.to_container(parsed)
    except Exception as error:  # PyYAML and OmegaConf share no base class
        raise ConfigError(f"the value of {key} cannot be read: {text!r} ({error})") from error
    assert isinstance(value, dict)  # from_dotlist gives a mapping
    return key, value["value"]


def _apply_layer(layer: Values, sections: dict[str, Values], where: str) -> str:
    """Put a recipe's sections in place; return the run's name."""
    for key in layer:
        if key not in (*SECTIONS, "name"):
            raise _unknown_key(key, [*SECTIONS, "name"], where)
    for section in SECTIONS:
        value = layer.get(section)
        if isinstance(value, str):
            _choose(sections, section, value)
        elif isinstance(value, dict):
            options = dict(value)
            chosen = options.pop("name", None)
            if chosen is not None:
                _choose(sections, section, chosen)
            sections[section].update(options)
        elif value is not None:
            raise ConfigError(f"{where}: {section} must be a name or KEY: VALUE lines: {value!r}")
    return str(layer.get("name", "run"))


def _choose(sections: dict[str, Values], section: str, name: Any) -> None:
    """Switch a section to a named choice: its file's options, none of the old choice's."""
    if section in PLUGIN_SECTIONS and name not in names(section):
        raise unknown(section, str(name), names(section))
    path = config_folder() / section / f"{name}.yaml"
    if section in PLAIN_SECTIONS and not path.is_file():
        raise unknown(section, str(name), recipe_names(section))
    shipped = read_yaml(path) if path.is_file() else {}
    chosen = {"name": name} if section in PLUGIN_SECTIONS else {}
    sections[section] = {**chosen, **shipped}


def _set_option(sections: dict[str, Values], key: str, value: Any) -> None:
    section, dot, option = key.partition(".")
    if not dot or section not in sections:
        raise _unknown_key(key, _all_keys(sections))
    if option == "name":
        raise ConfigError(f"write {section}={value} instead of {key}={value}")
    sections[section][option] = value


def _build(title: str, sections: dict[str, Values]) -> RunConfig:
    built: Values = {}
    for section, values in sections.items():
        options = dict(values)
        chosen = options.pop("name", None)
        if section in PLUGIN_SECTIONS and chosen is None:
            raise ConfigError(f"{section} is not chosen: add {section}=NAME, one of "
                              f"{', '.join(names(section))}")  # fmt: skip
        checked = build_options(_section_class(section, chosen), options, section)
        built[section] = Choice(section, chosen, checked) if chosen is not None else checked
    if not re.fullmatch(r"\w[\w.+-]*", title):
        raise ConfigError(
            f"name={title!r} names the run's folder: use letters, digits and . _ + - only"
        )
    return RunConfig(name=title, **built)


def _section_class(section: str, chosen: str | None) -> type[Any]:
    if chosen is not None:
        return config_class(section, chosen)
    cls: type[Any] = importlib.import_module(PLAIN_SECTIONS[section]).Config
    return cls


def _all_keys(sections: dict[str, Values]) -> list[str]:
    keys = [*sections, "name", "run"]
    for section, values in sections.items():
        chosen = values.get("name")
        if section in PLAIN_SECTIONS or chosen is not None:
            keys += [f"{section}.{f.name}" for f in fields(_section_class(section, chosen))]
    return keys


def _unknown_key(key: str, known: list[str], where: str = "") -> ConfigError:
    # `epochs` should lead to `train.epochs`: the part after the dot counts as a match as well.
    tails = {name.rpartition(".")[2]: name for name in known}
    near = get_close_matches(key, known, n=1) or [
        tails[tail] for tail in get_close_matches(key.rpartition(".")[2], list(tails), n=1)
    ]
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    return ConfigError(f"{where + ': ' if where else ''}there is no key {key!r}; {hint}")


def _plain(options: Any) -> Values:
    return _container(OmegaConf.structured(options))


def _container(node: Any) -> Values:
    values = OmegaConf.to_container(node)
    assert isinstance(values, dict)  # a dataclass gives a mapping
    return {str(key): value for key, value in values.items()}


def _frozen(value: Any) -> Any:
    """Lists become tuples, so that options stay hashable and frozen."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
