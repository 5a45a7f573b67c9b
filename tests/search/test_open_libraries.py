import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.search.conftest import make_run, picture
from wfa.errors import RunError, SearchIndexError
from wfa.search.ask import Answer, Question, ask
from wfa.search.index_outcome import Indexed
from wfa.search.library import Library
from wfa.search.open_libraries import OpenLibraries, open_library, run_model


def lakes(libraries: OpenLibraries, place: int) -> Answer:
    return ask(libraries[place], libraries.model(place), Question(("a lake",), top=99))


def test_an_index_is_found_by_its_folder_or_its_run(
    index: Callable[..., Indexed], run: Path, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="has no index yet: make one with `wfa index"):
        open_library(run)
    first = index()
    assert open_library(run).folder == open_library(first.folder).folder == first.folder
    index(f"out={run / 'indexes' / 'second'}")
    with pytest.raises(RunError, match="has 2 indexes, name one"):
        open_library(run)
    with pytest.raises(RunError, match="neither an index nor a run"):
        open_library(tmp_path)
    with pytest.raises(RunError, match="does not exist"):
        open_library(tmp_path / "nowhere")


def test_a_run_that_is_gone_can_be_named(
    index: Callable[..., Indexed], run: Path, tmp_path: Path
) -> None:
    folder = index(f"out={tmp_path / 'index'}").folder
    run.rename(tmp_path / "moved")
    library = Library(folder)
    with pytest.raises(RunError, match="--run DIR"):
        run_model(library)
    run.mkdir()  # a folder, and no run
    with pytest.raises(RunError, match=r"where .*library\.json says that it is"):
        run_model(library)
    assert run_model(library, tmp_path / "moved").width == 16
    with pytest.raises(SearchIndexError, match="another model"):
        run_model(library, make_run(tmp_path / "other", seed=1))


def test_a_retrained_run_is_noticed(index: Callable[..., Indexed], run: Path) -> None:
    folder = index().folder
    make_run(run, "aggregation=uniqueness", seed=2)
    with pytest.raises(SearchIndexError, match="indexed by another model"):
        OpenLibraries([folder])


def test_an_index_that_was_brought_up_to_date_is_reopened(
    index: Callable[..., Indexed], images: Path
) -> None:
    folder = index().folder
    libraries = OpenLibraries([folder])
    assert len(lakes(libraries, 0).hits) == 9
    picture(77).save(images / "new.png")
    index()
    paths = [hit.path for hit in lakes(libraries, 0).hits]
    assert len(paths) == 10
    assert "new.png" in paths
    shutil.rmtree(folder)
    with pytest.raises(SearchIndexError, match="is gone"):
        libraries[0]


def test_runs_are_loaded_once(index: Callable[..., Indexed], run: Path) -> None:
    one = index().folder
    two = index(f"out={run / 'indexes' / 'two'}").folder
    libraries = OpenLibraries([one, two])
    assert len(libraries) == 2
    assert libraries.model(0) is libraries.model(1)
    assert lakes(libraries, 1).library == "two"
    with pytest.raises(SearchIndexError, match="no index 2"):
        libraries[2]
