"""Runs on pairs that were handed over in Python, in a program that does not have them."""

from collections.abc import Mapping
from typing import Any

from wfa.options.recipes import Values
from wfa.plugins.registry import names, register

_PAIRS = {"name": "own", "origin": "class OwnPairs"}
"""What run.json says of such data."""


def are_pairs(recorded: Mapping[str, Any]) -> bool:
    """Say whether what run.json has of a run's data are pairs, and no plug-in of a person's."""
    return _PAIRS.items() <= recorded.items()


def stand_in_for_pairs(saved: Values) -> None:
    """Let a run on pairs be read; they have no split here.

    Args:
        saved: The values of the run's config, section by section.
    """
    name = _PAIRS["name"]
    if saved.get("data", {}).get("name") == name and name not in names("data"):
        from wfa.data.own_pairs import OwnPairs  # brings torch

        register("data", name, OwnPairs)
