"""Where the toolkit keeps what can be made again."""

import importlib
import sys
from pathlib import Path

import platformdirs
import pytest

from wfa.files import cache_dir


def test_the_variable_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_dir() == tmp_path / "mine"
    assert not cache_dir().exists()


@pytest.mark.parametrize(
    ("platform", "variable", "wanted"),
    [
        ("linux", "", ".cache/wfa"),
        ("linux", "XDG_CACHE_HOME", "there/wfa"),
        ("darwin", "", "Library/Caches/wfa"),
    ],
)
def test_the_platforms_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, wanted: str
) -> None:
    for name in ("WFA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "there"))
    with monkeypatch.context() as there:
        there.setattr(sys, "platform", platform)
        importlib.reload(platformdirs)  # which asks for the platform when it is imported
        found = cache_dir()
    importlib.reload(platformdirs)
    assert found == tmp_path / wanted
