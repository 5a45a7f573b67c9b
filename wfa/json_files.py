"""Reading the JSON files that `wfa` wrote."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wfa.errors import RunError


def read_json(path: Path, again: str) -> Any:
    """Read a file of results.

    Args:
        path: The file.
        again: What makes it anew, such as "run `wfa benchmark` again".

    Returns:
        Plain values.

    Raises:
        RunError: There is no such file, it cannot be read or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"{path} cannot be read: there is no such file; {again}") from error
    except (OSError, ValueError, RecursionError) as error:  # a wrong encoding is a ValueError
        raise RunError(f"{path} cannot be read ({error}): {again}") from error


def read_object(path: Path, keys: Sequence[str], again: str) -> dict[str, Any]:
    """Read a file of results that holds an object with at least these keys.

    Raises:
        RunError: As `read_json`, or it holds something else.
    """
    found = read_json(path, again)
    if not isinstance(found, dict):
        kind = type(found).__name__
        raise RunError(f"{path} cannot be read (an object is wanted, but it holds a {kind}): "
                       f"{again}")  # fmt: skip
    missing = [key for key in keys if key not in found]
    if missing:
        raise RunError(f"{path} has no {missing[0]}: {again}")
    return found
