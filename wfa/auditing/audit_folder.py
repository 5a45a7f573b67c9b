"""The folder of an audit: what it was asked, and when another may take its place."""

import json
from pathlib import Path
from typing import Any

from wfa.captions.options import UniquenessOptions
from wfa.errors import RunError
from wfa.files import write_text
from wfa.json_files import read_object
from wfa.options.setting_differences import first_difference
from wfa.options.typed_options import as_plain
from wfa.plugins.registry import Choice

FILE = "audit.json"
Plain = dict[str, Any]
"""Only strings, numbers, booleans, None, lists and mappings."""


def asked_settings(
    data: Choice, against: Choice | None, images: bool, uniqueness: UniquenessOptions
) -> Plain:
    """Return what an audit is asked, as `settings` of its file holds it."""

    def chosen(choice: Choice | None) -> Plain | None:
        return None if choice is None else {"name": choice.name, **as_plain(choice.options)}

    return {
        "data": chosen(data),
        "against": chosen(against),
        "images": images,
        "uniqueness": as_plain(uniqueness),
    }


def check_folder(folder: Path, asked: Plain, overwrite: bool = False) -> None:
    """Refuse a folder that holds an audit of other settings; one of the same is made anew.

    Args:
        folder: Where the audit goes.
        asked: What `asked_settings` returned.
        overwrite: Whether the one that is there may be lost.

    Raises:
        RunError: It holds another audit, or one that cannot be read.
    """
    path = folder / FILE
    if overwrite or not path.exists():
        return
    held = read_object(path, ["settings"], "add --overwrite to make it anew")["settings"]
    there = {key: held.get(key) for key in asked} if isinstance(held, dict) else {}
    found = first_difference(there, through_json(asked))
    if found is not None:
        raise RunError(
            f"{folder} holds another audit ({found}): choose another folder with out=DIR, or add "
            "--overwrite to lose that one"
        )


def write_audit(found: Plain, folder: Path) -> Path:
    """Write `audit.json` into a folder, whole or not at all, and return its path.

    Raises:
        UserError: The file cannot be written.
    """
    path = folder / FILE
    write_text(path, json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return path


def through_json(values: Plain) -> Plain:
    """Return values as a file gives them back.

    Keys become strings, and what no file can hold (a lone surrogate) a "?".
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    plain: Plain = json.loads(text.encode("utf-8", "replace"))
    return plain
