"""Where the toolkit keeps what can be made again."""

import sys
from pathlib import Path

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
        ("darwin", "XDG_CACHE_HOME", "Library/Caches/wfa"),
        ("win32", "LOCALAPPDATA", "there/wfa"),
    ],
)
def test_the_platforms_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, wanted: str
) -> None:
    for name in ("WFA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "there"))
    assert cache_dir() == tmp_path / wanted
