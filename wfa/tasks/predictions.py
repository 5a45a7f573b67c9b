"""A model's answers: one JSON object a line with `ID` and `output`."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wfa.errors import DataError
from wfa.files import atomic_write
from wfa.text_files import json_value

_SHOWN = 60  # characters of a broken line in a message


def read_predictions(path: Path) -> dict[int, str]:
    """Read answers in JSON lines, `{"ID": 17, "output": "yes"}`; other keys are not looked at.

    An answer of null is an empty one: wrong, and counted.

    Returns:
        ID -> answer as it stands there.

    Raises:
        DataError: The file cannot be read, a line is not such an object, or an ID stands twice;
            the message names the line.
    """
    found: dict[int, str] = {}
    lines: dict[int, int] = {}
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    rid, output = _entry(line, f"{path}, line {number}")
                    if rid in found:
                        raise DataError(
                            f"{path}, line {number}: ID {rid} was answered in line {lines[rid]} "
                            "already; give each question one answer"
                        )
                    found[rid], lines[rid] = output, number
    except FileNotFoundError as error:
        raise DataError(f"the file of answers {path} does not exist") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} cannot be read as UTF-8 text: {error}") from error
    if not found:
        raise DataError(f'{path} holds no answer; wanted are lines {{"ID": 17, "output": "yes"}}')
    return found


def write_predictions(path: Path, answers: Mapping[int, str]) -> None:
    """Write answers so that `read_predictions` reads them."""
    write_lines(path, ({"ID": rid, "output": output} for rid, output in answers.items()))


def write_lines(path: Path, objects: Iterable[Mapping[str, Any]]) -> int:
    """Write one JSON object a line, the file whole or not at all; return how many there were.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    count = 0
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for entry in objects:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            count += 1
    return count


def _entry(line: str, where: str) -> tuple[int, str]:
    shown = line.strip()[:_SHOWN]
    try:
        entry = json_value(line)
    except ValueError as error:
        raise DataError(f"{where} is not JSON ({error}): {shown}") from error
    if not isinstance(entry, dict) or not {"ID", "output"} <= entry.keys():
        raise DataError(f'{where} is no object with "ID" and "output": {shown}')
    rid, output = entry["ID"], entry["output"]
    if not isinstance(rid, int) or isinstance(rid, bool):
        raise DataError(f'{where}: "ID" must be a whole number: {shown}')
    if not isinstance(output, str | None):
        raise DataError(f'{where}: "output" must be a string: {shown}')
    return rid, output or ""
