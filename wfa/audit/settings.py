"""What `wfa audit` is asked for: the words of the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa.captions.options import UniquenessOptions
from wfa.config import build_options, parse_word, resolve_section
from wfa.errors import ConfigError
from wfa.plugins import Choice

DEFAULT_DATA = "scenes"


@dataclass(frozen=True)
class AuditRequest:
    """What a person asked to be audited.

    Attributes:
        data: The data set.
        against: A second one to compare with, or None.
        uniqueness: What uniqueness means.
        out: The folder of `audit.json` and `audit.html`.
    """

    data: Choice
    against: Choice | None
    uniqueness: UniquenessOptions
    out: Path


def parse_request(words: Sequence[str]) -> AuditRequest:
    """Read `data=NAME data.KEY=VALUE against=NAME against.KEY=VALUE uniqueness.KEY=VALUE out=DIR`.

    Raises:
        ConfigError: A word is none of these, or a name, key or type is wrong.
    """
    names: dict[str, str] = {"data": DEFAULT_DATA}
    options: dict[str, list[str]] = {"data": [], "against": []}
    measure: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        section, dot, option = key.partition(".")
        if equals and dot and section in options:
            options[section].append(f"data.{option}={value}")
        elif equals and dot and section == "uniqueness":
            measure[option] = parse_word(word)[1]
        elif equals and value and key in ("data", "against", "out"):
            names[key] = value
        else:
            raise ConfigError(
                f"{word!r} is nothing that audit takes: say data=NAME, data.KEY=VALUE, "
                "against=NAME, against.KEY=VALUE, uniqueness.KEY=VALUE or out=DIR"
            )
    other = names.get("against")
    if options["against"] and other is None:
        raise ConfigError("against.KEY=VALUE needs against=NAME, the second data set")
    return AuditRequest(
        data=resolve_section("data", names["data"], options["data"]),
        against=resolve_section("data", other, options["against"]) if other else None,
        uniqueness=build_options(UniquenessOptions, measure, "uniqueness"),
        out=Path(names.get("out", f"runs/audit-{names['data']}")),
    )
