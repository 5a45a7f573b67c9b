"""Cells of one data set have seen the same data, or the comparison is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.comparing.conftest import TINY, good_ranks
from wfa.comparing.cells import Cell, grid
from wfa.comparing.comparison_folder import Folder
from wfa.comparing.run_cells import run_cells
from wfa.comparing.settings import Request
from wfa.errors import RunError

Make = Callable[..., Request]
Made = Callable[..., tuple[list[Cell], Folder]]


def nothing(*_: object) -> None:
    return


def change(folder: Path, split: str) -> None:
    """Note other data of a split in a run."""
    path = folder / "run.json"
    run = json.loads(path.read_text())
    run["data"]["splits"][split]["checksum"] = "other"
    path.write_text(json.dumps(run))


def test_finished_cells_of_different_data_are_not_averaged(request_of: Make, made: Made) -> None:
    request = request_of()
    cells, folder = made(request, good_ranks())
    change(folder.of(cells[2]), "train")
    with pytest.raises(RunError, match=r"single-s0 and single-s1 .*captions of train changed"):
        run_cells(request, cells, folder, nothing)
    assert not folder.results.exists()


def test_data_that_are_asked_for_may_differ(request_of: Make, made: Made) -> None:
    request = request_of(techniques={"all": "single", "few": "single data.train_images=10"})
    cells, folder = made(request, good_ranks())
    for cell in cells:
        if cell.label == "few":
            change(folder.of(cell), "train")
    assert run_cells(request, cells, folder, nothing) == {}


def test_a_comparison_does_not_go_on_with_an_edited_file(
    request_of: Make, tmp_path: Path, write_captions: Callable[[Path, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "own"
    write_captions(root, "a pond")
    own = {"data": {"own": f"data=captions_folder data.root={root}"}, "budget": {"epochs": 1}}
    words = [word for word in TINY if not word.startswith("data.")]
    request = request_of(*words, techniques=["single"], seeds=1, **own)
    folder = Folder(tmp_path / "out")
    folder.claim(request, extend=False)
    assert run_cells(request, grid(request), folder, nothing) == {}
    write_captions(root, "a lake")
    more = request_of(*words, techniques=["single"], seeds=2, **own)
    folder.claim(more, extend=True)
    with pytest.raises(RunError, match=r"own-single-s0 was trained on other data .*train changed"):
        run_cells(more, grid(more), folder, nothing)
    assert not (folder.path / "cells" / "own-single-s1").exists()
    write_captions(root, "a pond")
    assert run_cells(more, grid(more), folder, nothing) == {}


@pytest.fixture
def write_captions() -> Callable[[Path, str], None]:
    """Write a CSV of own images, whose first caption is given; the images are made once."""

    def write(root: Path, first: str) -> None:
        root.mkdir(exist_ok=True)
        lines = ["image,caption,split"]
        for place, split in enumerate(["train"] * 8 + ["validation"] * 3 + ["test"] * 3):
            path = root / f"{place}.png"
            if not path.exists():
                Image.fromarray(np.full((16, 16, 3), 10 * place, np.uint8)).save(path)
            text = first if place == 0 else f"picture {place}"
            lines += [f"{path.name},{text},{split}", f"{path.name},again {text},{split}"]
        (root / "captions.csv").write_text("\n".join(lines) + "\n")

    return write
