"""The folder of a comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa.comparing.cells import Cell
from wfa.comparing.settings import Request
from wfa.errors import RunError
from wfa.files import write_text
from wfa.options.recipes import from_yaml, read_yaml, to_yaml

COMPARISON_FILE = "comparison.json"
"""What the cells say together; what reports are made of."""


@dataclass(frozen=True)
class Folder:
    """Paths of one comparison.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def request_file(self) -> Path:
        """What was asked for."""
        return self.path / "comparison.yaml"

    @property
    def results(self) -> Path:
        """One row a finished run x protocol x queries x direction x metric."""
        return self.path / "results.jsonl"

    @property
    def failures(self) -> Path:
        """One row a cell that failed; there is no such file where none did."""
        return self.path / "failures.jsonl"

    def of(self, cell: Cell) -> Path:
        """Return a cell's run folder."""
        return self.path / "cells" / cell.folder

    def claim(self, request: Request, extend: bool) -> None:
        """Make the folder this comparison's.

        Args:
            request: The comparison.
            extend: Whether a changed request may go on in a folder that holds another one.

        Raises:
            RunError: It holds another comparison, or other files.
        """
        wanted = request.as_dict()
        if self.request_file.is_file():
            held = read_yaml(self.request_file)
            asked = from_yaml(to_yaml(wanted), "the comparison")  # text, as a file is read
            if held == asked:
                return
            if not extend:
                # Of another version of the toolkit the file may have keys that are no more.
                key = next(key for key in {**asked, **held} if held.get(key) != asked.get(key))
                there, here = (_shown(values.get(key)) for values in (held, asked))
                raise RunError(
                    f"{self.path} holds another comparison ({key} is {there} there and {here} "
                    "here): choose another folder with out=DIR, or add --extend to go on in it "
                    "with what is asked here"
                )
        elif self.path.is_dir() and any(self.path.iterdir()):
            raise RunError(
                f"{self.path} is not empty and holds no comparison: choose another with out=DIR"
            )
        write_text(self.request_file, to_yaml(wanted))


def _shown(value: Any) -> str:
    """Return a value of a comparison's file as a person would write it."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else repr(value)
