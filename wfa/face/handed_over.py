"""Objects that are handed over in place of names become choices of a run."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from wfa.aggregation.base import Aggregation
from wfa.data.dataset import ImageTextDataset
from wfa.data.own_pairs import own_pairs
from wfa.encoders.own_towers import encoder_of
from wfa.errors import ArgumentError, unknown
from wfa.model.contrast import Contrast
from wfa.options.option_classes import read_choice
from wfa.options.setting_differences import flat_settings
from wfa.options.typed_options import as_plain
from wfa.plugins.registry import PACKAGES, Choice, names, register, source

HandedOver = Any
"""A name, the path of a plug-in file, a mapping of `name` and options, a class, or an object."""


def choice_of(kind: str, given: HandedOver) -> Choice:
    """Make a choice of what was handed over.

    Args:
        kind: The section.
        given: A name, the path of a file, `{"name": ..., option: ...}`, a plug-in class, a
            technique or loss, two callables (encoder) or pairs of images and captions (data).

    Raises:
        ConfigError: There is no such kind, name or option, or an object is not what its kind must
            be.
        DataError: Pairs are not as they must be.
    """
    if kind not in PACKAGES:
        raise unknown("kind of plug-in", kind, PACKAGES)
    if isinstance(given, str | Path):
        return read_choice(kind, str(given))
    if isinstance(given, Mapping) and "name" in given:
        options = {str(key): value for key, value in given.items() if key != "name"}
        return read_choice(kind, str(given["name"]), options)
    if isinstance(given, Aggregation | Contrast):
        return Choice(kind, _registered(kind, type(given)), given.options)
    if kind == "encoder" and isinstance(given, tuple):
        if len(given) != 2:
            raise ArgumentError(f"encoder must be two callables, not {len(given)}")
        given = encoder_of(*given)
    if kind == "data" and not isinstance(given, type):
        given = own_pairs(given)
    if not isinstance(given, type):
        raise ArgumentError(
            f"{kind} must be a name, the path of a file, a class or an object of it, not {given!r}"
        )
    name = _registered(kind, given)
    return Choice(kind, name, source(kind, name).classes()[0]())


def words_of(choice: Choice, given: HandedOver) -> tuple[str, ...]:
    """Return the words of the command line that make a choice.

    Args:
        choice: What `choice_of` made.
        given: Of this.
    """
    options: Mapping[str, Any] = {}
    if isinstance(given, Mapping) and "name" in given:
        options = {key: value for key, value in given.items() if key != "name"}
    elif isinstance(given, Aggregation | Contrast):
        options = as_plain(choice.options)
    return f"{choice.kind}={choice.name}", *option_words(choice.kind, options)


def option_words(section: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of the command line that set options.

    >>> option_words("train", {"lr": 0.1, "loggers": ["csv"], "precision": "32"})
    ('train.lr=0.1', 'train.loggers=["csv"]', 'train.precision=32')
    """
    return tuple(
        f"{key}={value if isinstance(value, str) else json.dumps(value, default=str)}"
        for key, value in flat_settings(options, f"{section}.").items()
    )


def with_options(options: Any, given: Mapping[str, Any], where: str) -> Any:
    """Return options with some of them changed.

    Raises:
        ConfigError: There is no such option, or its value is out of range.
    """
    assert is_dataclass(options)
    known = [field.name for field in fields(options)]
    for key in given:
        if key not in known:
            raise unknown(f"option of {where}", key, known)
    return replace(options, **given)  # type: ignore[type-var]


def _registered(kind: str, cls: type[Any]) -> str:
    """Return the name of a class, which is registered unless it is one of ours."""
    package, _, file = cls.__module__.rpartition(".")
    if package in PACKAGES[kind]:
        return file
    if issubclass(cls, ImageTextDataset):
        name = cls.name
    else:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
    if name in names(kind) and not source(kind, name).origin:
        name = f"own_{name}"
    register(kind, name, cls)
    return name
