"""The dataclass of options of every section, and plug-ins that are chosen with theirs.

No plug-in is imported where its options are only shown or checked.
"""

import dataclasses
import importlib
from collections.abc import Mapping
from functools import partial
from typing import Any, get_type_hints

from wfa.errors import unknown
from wfa.options.recipes import Values, config_folder, read_yaml
from wfa.options.typed_options import build_options, list_items, mapping_of
from wfa.plugins.class_alone import class_alone
from wfa.plugins.registry import (
    PACKAGES,
    Choice,
    canonical,
    config_class,
    is_file,
    source,
)

OPTIONS: Mapping[str, tuple[str, str]] = {
    "train": ("wfa.training.train_options", "Config"),
    "retrieval": ("wfa.retrieval.retrieval_options", "Config"),
    "uniqueness": ("wfa.captions.options", "UniquenessOptions"),
    "task.bigearthnet_txt": ("wfa.tasks.answering.answer_options", "Config"),
    "task.classification": ("wfa.tasks.classification.class_options", "ClassOptions"),
    "compare": ("wfa.comparing.settings", "Request"),
    "benchmark": ("wfa.search.benchmark.settings", "BenchmarkOptions"),
    "index": ("wfa.search.index_settings", "IndexOptions"),
    "pack": ("wfa.data.shards.pack_options", "PackOptions"),
    "tile": ("wfa.search.tiles.tile_options", "TileOptions"),
    "annotate": ("wfa.bigearthnet.annotate.annotator", "Config"),
    "paraphrase": ("wfa.bigearthnet.annotate.paraphrase", "Config"),
}
"""Sections without a choice of plug-in -> module and dataclass of their options.

A section whose options follow from what it is set to stands here once for each: `task.NAME`.
"""


def imported_class(section: str, name: str | None = None) -> type[Any]:
    """Return the dataclass of a section's options, or of one of its plug-ins.

    Raises:
        ConfigError: There is no such section or plug-in, or a package that it needs is missing.
    """
    if name is not None:
        return config_class(section, name)
    module, label = _place(section)
    cls: type[Any] = getattr(importlib.import_module(module), label)
    return cls


def shown_class(section: str, name: str | None = None) -> type[Any]:
    """Return a class that has the same options and checks, to be looked at before any import.

    It stands in for what `imported_class` returns; its instances are not the plug-in's.

    Raises:
        ConfigError: There is no such section or plug-in.
    """
    if name is None:
        (module, label), file = _place(section), None
    else:
        found = source(section, name)
        if found.origin:  # from outside: no matter how it is made
            return imported_class(section, name)
        module, label, file = found.module, "Config", found.file
    try:
        cls: type[Any] = class_alone(module, label, file)
        get_type_hints(cls)
    except Exception:  # a source that only makes sense as a whole
        return imported_class(section, name)
    return cls


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


def _place(section: str) -> tuple[str, str]:
    if section not in OPTIONS:
        raise unknown("section", section, [*PACKAGES, *OPTIONS])
    return OPTIONS[section]
