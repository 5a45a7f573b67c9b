"""Plug-ins that are not ours: what a run records of them, and whether they are still the same."""

from pathlib import Path
from typing import Any

from wfa.errors import ConfigError, RunError
from wfa.options.run_config import PLUGIN_SECTIONS, RunConfig
from wfa.plugins.registry import Choice, source
from wfa.runs.handed_pairs import are_pairs


def recorded(config: RunConfig) -> dict[str, Any]:
    """Return what run.json says of a run's plug-ins: those that are not ours.

    Returns:
        Kind -> name, origin (package and version, file, or class), file, and its SHA-256.
    """
    found: dict[str, Any] = {}
    for section in PLUGIN_SECTIONS:
        choice: Choice = getattr(config, section)
        found |= choice.outside()
    return found


def check_contracts(config: RunConfig) -> None:
    """Hold a run's plug-ins that are not ours to the contract of their kind.

    Raises:
        ConfigError: One breaks it; the message names it and says how.
    """
    outside = recorded(config)
    if not outside:
        return
    from wfa.testing import check_plugin  # only a plug-in that is not ours is held to it

    for kind, facts in outside.items():
        check_plugin(kind, facts["name"])


def check_recorded(run: Path, facts: dict[str, Any]) -> None:
    """Refuse a run whose plug-ins are gone or were changed since.

    Args:
        run: The run's folder.
        facts: What its run.json holds.

    Raises:
        RunError: One is gone or changed; the message says which, and from where it came.
    """
    for kind, then in facts.get("plugins", {}).items():
        if kind == "data" and are_pairs(then):
            continue  # no code of theirs
        what = f"{run} was trained with {kind}={then['name']} (from {then['origin']})"
        try:
            now = source(kind, then["name"]).record()
        except (ConfigError, OSError) as error:
            raise RunError(
                f"{what}, which is gone ({error}): bring it back, or hand it over with wfa.register"
            ) from error
        if now["sha256"] != then["sha256"]:
            raise RunError(
                f"{what}, whose source has changed since (SHA-256 {then['sha256'][:12]} then, "
                f"{now['sha256'][:12]} now): bring that version back, or train again"
            )
