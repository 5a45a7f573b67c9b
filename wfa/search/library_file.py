"""What an index folder says of itself: `library.json`, written last and naming all its files."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from wfa.errors import RunError, SearchIndexError
from wfa.files import write_text

FILE = "library.json"
FORMAT = "wfa-library-1"
EXACT, ANN = "exact", "ann"
"""The kinds of search, and the folders of their FAISS indexes."""
ROWS, METADATA, LEFT_OUT = "images.parquet", "metadata.parquet", "left_out.json"
SHARDS = "shards"
"""The folder of what an unfinished indexing has encoded."""


@dataclass(frozen=True)
class LibraryFacts:
    """The content of `library.json`.

    Attributes:
        run: The run's folder, relative to the index where it lies in the run.
        model: SHA-256 (hex) of the run's `model.safetensors`.
        width: Width of the features.
        technique: The run's aggregation.
        root: The folder of images.
        images: How many images the index holds.
        left_out: How many files it could not take; `left_out.json` lists them.
        digest: Digest of the rows that the indexes were made of.
        next_id: The id of the next new image; none is given twice.
        indexes: Kind of search -> the FAISS file that `index.json` in its folder names.
        ann: Factory string of the approximate index; empty without one.
        rerank: Its re-ranking.
        columns: The columns of the metadata.
        versions: Versions of Python and of packages.
        scenes: How many georeferenced scenes its images are cut from.
    """

    run: str
    model: str
    width: int
    technique: str
    root: str
    images: int
    left_out: int
    digest: str
    next_id: int
    indexes: Mapping[str, str]
    ann: str
    rerank: str
    columns: tuple[str, ...]
    versions: Mapping[str, str]
    scenes: int = 0

    def write(self, folder: Path) -> None:
        """Write `library.json`, whole or not at all."""
        values = {"format": FORMAT, **asdict(self)}
        write_text(folder / FILE, json.dumps(values, indent=1, ensure_ascii=False) + "\n")

    def run_folder(self, folder: Path) -> Path:
        """Return where the run lies."""
        return Path(os.path.normpath(folder / self.run))


def read_facts(folder: Path) -> LibraryFacts:
    """Read `library.json`.

    Raises:
        SearchIndexError: The folder holds no finished index, or the file was edited.
    """
    path = folder / FILE
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SearchIndexError(
            f"{folder} holds no finished index: make one with `wfa index RUN --images DIR`"
        ) from error
    except (OSError, ValueError) as error:
        raise SearchIndexError(
            f"{path} cannot be read ({error}): remove it and index again"
        ) from error
    kinds = {field.name: _KINDS.get(field.name, str) for field in fields(LibraryFacts)}
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise SearchIndexError(f"{path} is not of the form {FORMAT}: remove it and index again")
    values.setdefault("scenes", 0)  # indexes of 0.1.0 know of none
    for key, kind in kinds.items():
        if not isinstance(values.get(key), kind):
            raise SearchIndexError(f"{path}: {key} was edited: remove the file and index again")
    found = {key: values[key] for key in kinds}
    return LibraryFacts(**{**found, "columns": tuple(found["columns"])})


def find_library(path: Path) -> Path:
    """Return the index folder that a person means: the folder itself, or the one index of a run.

    Raises:
        RunError: The folder is neither, or the run has no index or several.
    """
    if (path / FILE).is_file():
        return path
    if not (path / "config.yaml").is_file():
        what = "is neither an index nor a run" if path.is_dir() else "does not exist"
        raise RunError(f"{path} {what}: name the folder that `wfa index` printed, or a run's")
    found = sorted(file.parent for file in path.glob(f"indexes/*/{FILE}"))
    if not found:
        raise RunError(f"{path} has no index yet: make one with `wfa index {path} --images DIR`")
    if len(found) > 1:
        names = ", ".join(str(folder) for folder in found)
        raise RunError(f"{path} has {len(found)} indexes, name one: {names}")
    return found[0]


def relative_run(run: Path, folder: Path) -> str:
    """Return a run's path as an index keeps it: relative where the index lies in the run."""
    real, inside = run.resolve(), folder.resolve()
    return os.path.relpath(real, inside) if inside.is_relative_to(real) else str(real)


_KINDS: Mapping[str, type] = {
    "width": int, "images": int, "left_out": int, "next_id": int, "indexes": dict,
    "columns": list, "versions": dict, "scenes": int,
}  # fmt: skip
"""The type of each value that is no text."""
