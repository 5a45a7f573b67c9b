"""A folder of made data: it appears whole, or not at all, with a manifest of what it holds."""

import errno
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wfa.errors import DataError
from wfa.files import file_hash, remove_leftovers, temporary_folder, write_text


def make_whole(
    folder: Path,
    manifest: str,
    wanted: Mapping[str, Any],
    fill: Callable[[Path], Mapping[str, Any]],
) -> None:
    """Make a folder's content, unless it is there already.

    Of several processes that make the same folder, the first to finish wins and the others take
    its result.

    Args:
        folder: Where the content shall lie.
        manifest: Name of the JSON file that says what the folder holds.
        wanted: The settings that decide the content.
        fill: Writes the content into the folder that it is given; returns what else the manifest
            shall say.

    Raises:
        DataError: The folder holds something else.
        UserError: The folder cannot be written, or the disk is full.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        _check_same(folder, manifest, wanted)
        return
    remove_leftovers(folder.parent)
    with temporary_folder(folder) as building:
        more = fill(building)
        sums = {
            path.relative_to(building).as_posix(): file_hash(path)
            for path in sorted(building.rglob("*"))
            if path.is_file()
        }
        write_text(building / manifest, as_json({**wanted, **more, "sha256": sums}))
        _move_into_place(building, folder, manifest, wanted)


def as_json(content: Mapping[str, Any]) -> str:
    """Return the text of a JSON file."""
    return json.dumps(content, indent=1) + "\n"


def _check_same(folder: Path, manifest: str, wanted: Mapping[str, Any]) -> None:
    """Refuse a folder that does not hold what is wanted."""
    try:
        found = json.loads((folder / manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder} holds other files and no readable {manifest}, so that these scenes cannot "
            "be made there: choose another folder"
        ) from error
    for key, value in wanted.items():
        if found.get(key) != value:
            raise DataError(
                f"{folder} holds scenes with {key} {found.get(key)!r}, but {value!r} is wanted: "
                "choose another folder, or delete this one to have it made again"
            )


def _move_into_place(
    building: Path, folder: Path, manifest: str, wanted: Mapping[str, Any]
) -> None:
    try:
        building.rename(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        # Another process was faster.
        _check_same(folder, manifest, wanted)
