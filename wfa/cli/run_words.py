"""Words about a finished run: its own config says what they do not."""

import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from wfa.errors import ConfigError
from wfa.options.read_settings import check_keys, read_settings
from wfa.runs.run_folder import RunFolder

T = TypeVar("T")
_SEVERAL = re.compile(r"data=\[(.*)\]")


def read_run_settings(cls: type[T], run: Path, words: Sequence[str]) -> T:
    """Read the settings of a verb that works on a run; its config says what the words do not.

    Args:
        cls: The dataclass of what the verb takes.
        run: The run's folder.
        words: What a person wrote.

    Raises:
        ConfigError: A word is not of the verb, or a name, a type or a value is wrong.
        RunError: The folder holds no run.
    """
    check_keys(cls, words)
    folder = RunFolder(run)
    taken = {one.name for one in fields(cls)}  # type: ignore[arg-type]  # a dataclass
    saved = {name: value for name, value in folder.read_saved().items() if name in taken}
    return read_settings(cls, words, saved, str(folder.config_file))


def words_of_each(words: Sequence[str]) -> list[list[str]]:
    """Return the words for each data set that `data=[NAME,NAME]` names; once where it does not.

    >>> words_of_each(["data=[ucm_captions, rsicd]", "split=test"])
    [['data=ucm_captions', 'split=test'], ['data=rsicd', 'split=test']]

    Raises:
        ConfigError: One folder is given to all of them.
    """
    named = [found[1].split(",") for word in words if (found := _SEVERAL.fullmatch(word))]
    if not named:
        return [list(words)]
    rest = [word for word in words if not word.startswith("data=")]
    root = next((word for word in rest if word.startswith("data.root=")), None)
    if root and len(named[-1]) > 1:
        raise ConfigError(
            f"{root} names one folder for {len(named[-1])} data sets: put the folders "
            "where data sets are found (WFA_DATA_DIR), or evaluate them one at a time"
        )
    return [[f"data={name.strip()}", *rest] for name in named[-1]]
