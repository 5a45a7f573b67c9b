"""Every notebook runs to its end in a process of its own, and its outputs are fit to be kept."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LARGEST = 300_000
PLACES = re.compile(r"(?:^|[\s\"'(=])(?:/[\w.-]+){2,}|[A-Za-z]:\\|file://", re.MULTILINE)
"""Where something lies on one machine."""

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def words(output: nbformat.NotebookNode) -> str:
    """Return all of an output but its pictures."""
    texts = [text for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join([output.get("text", ""), *texts, *output.get("traceback", [])])


def pictures(notebook: nbformat.NotebookNode) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


@pytest.mark.slow
@each
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WFA_DATA_DIR", raising=False)
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # tqdm says so where there is no ipywidgets; its bars are text then.
    monkeypatch.setenv("PYTHONWARNINGS", "ignore:IProgress not found")
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=900, resources=place).execute()  # raises what a cell raises
    assert [words(one) for one in outputs(notebook) if one.get("name") == "stderr"] == []
    assert pictures(notebook) >= 2


@each
def test_kept_outputs_are_small_and_name_no_machine(path: Path) -> None:
    assert path.stat().st_size < LARGEST
    notebook = nbformat.read(path, as_version=4)
    assert pictures(notebook) >= 2
    for output in outputs(notebook):
        assert output.output_type != "error"
        assert PLACES.search(words(output)) is None


@pytest.mark.parametrize("text", ["in /srv/someone/file.py:21: Warning", "/tmp/a", "C:\\Users"])
def test_a_place_is_seen(text: str) -> None:
    assert PLACES.search(text)


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 3
