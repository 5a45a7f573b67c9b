"""What `wfa score` is asked, taken out of its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from wfa.errors import ConfigError
from wfa.tasks.captioning.caption_figures import check_extras
from wfa.tasks.questions import Questions, annotations_file

KEYS = ("rows", "data.root", "data.on_bad_row", "split", "extras", "out")


@dataclass(frozen=True)
class Request:
    """A request to score answers or to write prompts.

    Attributes:
        answers: The file of answers; None where prompts are wanted.
        rows: The Parquet file itself, or None.
        root: The data set's folder, or None.
        split: The split, or several joined by `+`.
        on_bad_row: `error` or `skip`.
        extras: Further figures of captions.
        out: Where `scores.json` goes, or None.
    """

    answers: Path | None
    rows: str | None = None
    root: str | None = None
    split: str = "bench"
    on_bad_row: str = "error"
    extras: tuple[str, ...] = ()
    out: str | None = None

    def questions(self) -> Questions:
        """Open the questions.

        Raises:
            DataError: They cannot be read, or the split has none.
        """
        return Questions(annotations_file(self.rows, self.root), self.split, self.on_bad_row)


def parse_request(words: Sequence[str]) -> Request:
    """Take `PREDICTIONS.jsonl` and `KEY=VALUE` words apart.

    Raises:
        ConfigError: A key or a value is not known, or two files are named.
    """
    values: dict[str, str] = {}
    files = [word for word in words if "=" not in word]
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KEYS)}"
            raise ConfigError(f"there is no key {key!r}; {hint}")
        if equals:
            values[key] = value
    if len(files) > 1:
        raise ConfigError(f"one file of answers is scored at a time: {' '.join(files)} are several")
    if values.get("rows") is not None and values.get("data.root") is not None:
        raise ConfigError("both rows=FILE and data.root=DIR are given: choose one")
    on_bad_row = values.get("data.on_bad_row", "error")
    if on_bad_row not in ("error", "skip"):
        raise ConfigError(f"data.on_bad_row={on_bad_row!r} must be one of 'error', 'skip'")
    extras = tuple(name for name in values.get("extras", "").split(",") if name)
    check_extras(extras)
    return Request(
        answers=Path(files[0]) if files else None,
        rows=values.get("rows"),
        root=values.get("data.root"),
        split=values.get("split", "bench"),
        on_bad_row=on_bad_row,
        extras=extras,
        out=values.get("out"),
    )
