"""Rows of the cases of a script: each is written beside it as it ends, others stay as they are."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wfa.files import write_text
from wfa.provenance import git_state, machine

SEED = 0
"""Of the pictures and of the training."""
STARTED = git_state()
"""Before the first row changes a file."""


def asked_cases(description: str | None, names: Sequence[str]) -> Iterator[str]:
    """Read which cases the command line names; all of them where it names none."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(names))
    asked = parser.parse_args().cases
    if unknown := set(asked) - set(names):
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return iter(asked or names)


def keep_row(script: str, name: str, row: Mapping[str, Any]) -> None:
    """Put the row of a case into the JSON file beside its script, in place of an earlier one.

    Args:
        script: File of the script.
        name: Of the case, as the command line has it.
        row: What came of it; seed, commit and machine are added.
    """
    path = Path(script).with_suffix(".json")
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    made = {"name": name, **row, "seed": SEED, "git": STARTED, "machine": machine()}
    print(made, flush=True)
    rows = {one["name"]: one for one in old} | {name: made}
    write_text(path, json.dumps(list(rows.values()), indent=1) + "\n")
