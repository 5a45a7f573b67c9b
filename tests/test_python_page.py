"""The page of the Python face: its snippets are short, and do what stands below them."""

import doctest
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from wfa.cli.main import app
from wfa.plugins import registry as plugins

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```pycon\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is registered, cached or written beyond a test."""
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield
    plugins._registered.clear()


def test_snippets_have_at_most_five_lines() -> None:
    assert len(SNIPPETS) > 10
    assert PAGE.count("```") == 2 * len(SNIPPETS)
    for snippet in SNIPPETS:
        assert len(re.findall(r"^(?:>>>|\.\.\.) ", snippet, re.MULTILINE)) <= 5, snippet


@pytest.mark.slow
def test_snippets_do_what_they_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ModuleType("python_page")  # where pickle finds the class that is shown
    monkeypatch.setitem(sys.modules, page.__name__, page)
    runner, parser = doctest.DocTestRunner(verbose=False), doctest.DocTestParser()
    for place, snippet in enumerate(SNIPPETS):
        if ".search(" in snippet:
            indexed(tmp_path / "pictures")
        test = parser.get_doctest(snippet, {}, f"snippet {place}", "python.md", 0)
        test.globs = vars(page)
        assert runner.run(test, clear_globs=False).failed == 0, snippet


def indexed(folder: Path) -> None:
    """Run the command that the page names above the snippet."""
    folder.mkdir()
    for grey in (20, 90, 160, 230):
        Image.fromarray(np.full((8, 8, 3), grey, np.uint8)).save(folder / f"{grey}.png")
    done = CliRunner().invoke(app, ["index", "runs/mine", "--images", str(folder)])
    assert done.exit_code == 0, done.output
