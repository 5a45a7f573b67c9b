"""Running cells into a folder: resumed cell by cell, failures recorded, other folders refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.comparing.conftest import TINY, good_ranks
from wfa.comparing.cell_files import Failure
from wfa.comparing.cells import Cell, grid
from wfa.comparing.comparison_folder import Folder
from wfa.comparing.run_cells import run_cells
from wfa.comparing.settings import Request
from wfa.errors import RunError

Make = Callable[..., Request]
Made = Callable[..., tuple[list[Cell], Folder]]


class Heard(dict[str, Failure | None]):
    """Notes which cells have ended, and why they failed."""

    def __call__(self, cell: Cell, failure: Failure | None) -> None:
        self[cell.folder] = failure


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_broken_cell_costs_no_other_and_nothing_runs_twice(
    request_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))
    broken = {"good": "single", "broken": "attention aggregation.heads=3"}
    request = request_of(*TINY, techniques=broken, seeds=1, budget={"epochs": 1})
    folder = Folder(tmp_path / "out")
    folder.claim(request, extend=False)
    first = Heard()
    failures = run_cells(request, grid(request), folder, first)
    assert list(first) == ["good-s0", "broken-s0"]
    assert set(failures) == {"broken-s0"}
    (failed,) = lines(folder.failures)
    assert (failed["label"], failed["seed"]) == ("broken", 0)
    assert "heads=3 does not divide" in str(failed["message"])
    rows = lines(folder.results)
    assert {row["label"] for row in rows} == {"good"}
    assert {row["split"] for row in rows} == {"validation", "test"}
    written = (folder.path / "cells" / "good-s0" / "run.json").stat().st_mtime_ns

    # The same folder again, the broken technique mended: the good cell is not run again.
    mended = request_of(*TINY, techniques={"good": "single", "broken": "attention"}, seeds=1,
                        budget={"epochs": 1})  # fmt: skip
    folder.claim(mended, extend=True)
    second = Heard()
    assert run_cells(mended, grid(mended), folder, second) == {}
    assert second == {"good-s0": None, "broken-s0": None}
    assert (folder.path / "cells" / "good-s0" / "run.json").stat().st_mtime_ns == written
    assert {row["label"] for row in lines(folder.results)} == {"good", "broken"}
    assert not folder.failures.exists()
    probe = json.loads((folder.path / "cells" / "broken-s0" / "cell.json").read_text())
    assert probe["peak_memory_bytes"] > 2**20
    assert probe["load_average"] >= 0.0
    assert probe["width"] == 16
    assert not (folder.path / "cells" / "broken-s0" / "checkpoints").exists()


def test_a_cell_whose_results_cannot_be_read_is_a_failed_one(
    request_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "wfa.comparing.run_cells.run_here",
        lambda tasks: [(task, None) for task in tasks],
    )
    request = request_of(*TINY, techniques={"lost": "single"}, seeds=1)
    folder, heard = Folder(tmp_path / "out"), Heard()
    folder.claim(request, extend=False)
    failures = run_cells(request, grid(request), folder, heard)
    assert set(failures) == {"lost-s0"}
    assert heard["lost-s0"] is failures["lost-s0"]
    assert len(lines(folder.failures)) == 1


def test_finished_cells_are_found(request_of: Make, made: Made) -> None:
    request = request_of()
    cells, folder = made(request, good_ranks())
    heard = Heard()
    assert run_cells(request, cells, folder, heard) == {}
    assert len(heard) == 4
    assert len(lines(folder.results)) == 4 * 14


def test_a_folder_of_another_comparison_is_refused(request_of: Make, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out")
    folder.claim(request_of(), extend=False)
    folder.claim(request_of("compare.workers=2"), extend=False)
    other = request_of("compare.seeds=3")
    with pytest.raises(RunError, match=r"another comparison \(seeds is \[0, 1\] there"):
        folder.claim(other, extend=False)
    folder.claim(other, extend=True)
    folder.claim(other, extend=False)


def test_a_key_that_only_the_folder_knows_makes_it_another_comparison(
    request_of: Make, tmp_path: Path
) -> None:
    request, folder = request_of(), Folder(tmp_path / "out")
    folder.claim(request, extend=False)
    with folder.request_file.open("a", encoding="utf-8") as file:
        file.write("colour: red\n")  # as another version may have written it
    with pytest.raises(RunError, match=r"\(colour is 'red' there and None here\)"):
        folder.claim(request, extend=False)
    folder.claim(request, extend=True)
    folder.claim(request, extend=False)


def test_a_folder_of_other_files_is_refused(request_of: Make, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("")
    with pytest.raises(RunError, match="holds no comparison"):
        Folder(tmp_path / "out").claim(request_of(), extend=False)
