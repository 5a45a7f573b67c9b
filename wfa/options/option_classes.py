"""The dataclass of options of every section, without importing a plug-in where it is only shown."""

import importlib
from collections.abc import Mapping
from typing import Any, get_type_hints

from wfa.errors import unknown
from wfa.plugins.class_alone import class_alone
from wfa.plugins.registry import PACKAGES, config_class, plugin_module, source, source_file

OPTIONS: Mapping[str, tuple[str, str]] = {
    "train": ("wfa.training.train_options", "Config"),
    "retrieval": ("wfa.retrieval.retrieval_options", "Config"),
    "uniqueness": ("wfa.captions.options", "UniquenessOptions"),
    "task.bigearthnet_txt": ("wfa.tasks.answering.answer_options", "Config"),
    "task.classification": ("wfa.tasks.classification.class_options", "ClassOptions"),
    "compare": ("wfa.compare.settings", "Request"),
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
    if name is not None and source(section, name).origin:  # from outside: no matter how it is made
        return imported_class(section, name)
    module, label = _place(section) if name is None else (plugin_module(section, name), "Config")
    file = None if name is None else source_file(section, name)
    try:
        cls: type[Any] = class_alone(module, label, file)
        get_type_hints(cls)
    except Exception:  # a source that only makes sense as a whole
        return imported_class(section, name)
    return cls


def _place(section: str) -> tuple[str, str]:
    if section not in OPTIONS:
        raise unknown("section", section, [*PACKAGES, *OPTIONS])
    return OPTIONS[section]
