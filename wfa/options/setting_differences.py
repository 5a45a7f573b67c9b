"""In which options two sets of settings differ."""

from collections.abc import Mapping
from typing import Any


def flat_settings(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return settings by their whole keys.

    >>> flat_settings({"train": {"lr": 0.1}, "name": "a"})
    {'train.lr': 0.1, 'name': 'a'}
    """
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flat_settings(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def first_difference(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """Name the first option, other than `name`, in which settings that a folder holds differ.

    >>> first_difference({"train": {"lr": 0.1}}, {"train": {"lr": 0.2}})
    'train.lr is 0.1 there and 0.2 here'
    """
    old, new = flat_settings(held), flat_settings(wanted)
    for key in [*new, *old]:
        if key != "name" and old.get(key) != new.get(key):
            return f"{key} is {old.get(key)!r} there and {new.get(key)!r} here"
    return None
