"""Libraries with the models of their runs, each model loaded once."""

from collections.abc import Sequence
from pathlib import Path

from wfa.errors import RunError, SearchIndexError
from wfa.runs.run_model import RunModel
from wfa.search.library import Library
from wfa.search.library_file import FILE, find_library


def open_library(path: Path) -> Library:
    """Open an index folder, or the one index of a run.

    Raises:
        RunError: The folder is neither, or the run has no index or several.
        SearchIndexError: The index is unfinished or damaged.
    """
    return Library(find_library(path))


def run_model(library: Library, run: Path | None = None) -> RunModel:
    """Load the model that a library was made with.

    Args:
        library: The library.
        run: The run's folder; where the library says, if it is None.

    Raises:
        RunError: The run is gone.
        SearchIndexError: The run holds another model.
    """
    folder = run or library.facts.run_folder(library.folder)
    if run is None and not (folder / "config.yaml").is_file():
        raise RunError(
            f"the run of {library.folder} is not at {folder}, where {library.folder / FILE} says "
            "that it is: put it there, or name its folder with --run DIR"
        )
    model = RunModel(folder)
    library.check_model(model.checksum, model.width, model.run)
    return model


class OpenLibraries:
    """Several libraries that are asked by their place; one that was indexed again is reopened.

    Args:
        paths: Index folders, or runs with one index each.

    Raises:
        RunError: A folder is no index, or its run is gone.
        SearchIndexError: An index is damaged, or of another model than its run holds now.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._libraries = [open_library(path) for path in paths]
        self._stamps = [_stamp(library) for library in self._libraries]
        models: dict[Path, RunModel] = {}
        self._models = []
        for library in self._libraries:
            run = library.facts.run_folder(library.folder).resolve()
            if run not in models:
                models[run] = run_model(library)
            library.check_model(models[run].checksum, models[run].width, run)
            self._models.append(models[run])

    def __len__(self) -> int:
        return len(self._libraries)

    def __getitem__(self, place: int) -> Library:
        """Return a library as its folder holds it now.

        Raises:
            SearchIndexError: There is none at this place, or it was damaged meanwhile.
        """
        if not 0 <= place < len(self):
            raise SearchIndexError(f"there is no index {place}: there are {len(self)}, from 0")
        stamp = _stamp(self._libraries[place])
        if stamp != self._stamps[place]:
            self._libraries[place] = Library(self._libraries[place].folder)
            self._stamps[place] = stamp
        return self._libraries[place]

    def model(self, place: int) -> RunModel:
        """Return the model that the library at a place was made with."""
        return self._models[place]


def _stamp(library: Library) -> tuple[int, int]:
    try:
        status = (library.folder / FILE).stat()
    except OSError as error:
        raise SearchIndexError(f"the index {library.folder} is gone: index again") from error
    return status.st_mtime_ns, status.st_ino
