"""Plug-ins chosen by name, with their shipped options and given ones above them."""

import dataclasses
from functools import partial
from typing import Any

from wfa.options.option_classes import imported_class, shown_class
from wfa.options.recipes import Values, config_folder, read_yaml
from wfa.options.typed_options import build_options, list_items, mapping_of
from wfa.plugins.registry import Choice, canonical, is_file


def read_choice(kind: str, name: str, values: Values | None = None, section: str = "") -> Choice:
    """Choose a plug-in: its shipped options, and given ones above them.

    Args:
        kind: What kind of plug-in, such as `data`.
        name: Its name.
        values: Options by key.
        section: What the options are called in messages; the kind where it is empty.

    Raises:
        ConfigError: The name, a key, a type or a value is wrong.
    """
    name = canonical(kind, name)
    values = {**shipped_options(kind, name), **(values or {})}
    build_options(shown_class(kind, name), values, section or kind)
    return Choice(kind, name, build_options(imported_class(kind, name), values, section or kind))


def choices(kind: str) -> Any:
    """Declare an option that names several plug-ins: `[a, b]`, or KEY: VALUE lines below each."""
    return dataclasses.field(
        default=(), metadata={"read": partial(_read_choices, kind), "named": True}
    )


def _read_choices(kind: str, value: Any, key: str) -> tuple[Choice, ...]:
    found = {
        name: mapping_of(options, f"{key}.{name}") for name, options in named_values(value, key)
    }
    return tuple(read_choice(kind, name, own, f"{key}.{name}") for name, own in found.items())


def named_values(value: Any, key: str) -> list[tuple[str, Any]]:
    """Return names with what is said of each; nothing is of those in a list.

    Args:
        value: KEY: VALUE lines below each name, or a list of names.
        key: What holds them, for messages.

    Raises:
        ConfigError: It is neither.
    """
    if isinstance(value, dict) or value is None:
        return list(mapping_of(value, key).items())
    return [(str(name), None) for name in list_items(value, key)]


def shipped_options(kind: str, name: str) -> Values:
    """Return what `configs/<kind>/<name>.yaml` says of a plug-in; empty where there is no file.

    Raises:
        ConfigError: There is no such plug-in.
    """
    name = canonical(kind, name)
    path = config_folder() / kind / f"{name}.yaml"
    return read_yaml(path) if path.is_file() and not is_file(name) else {}
