"""What a result rests on."""

import subprocess
from pathlib import Path

import pytest

from wfa import provenance


def test_git_state_is_gits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "wfa"
    package.mkdir()
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    assert provenance.git_state() == {"commit": None, "dirty": None}

    def git(*words: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (package / "file").write_text("one")
    git("add", "-A")
    git("commit", "-qm", "first")
    assert provenance.git_state() == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    (package / "file").write_text("two")
    assert provenance.git_state()["dirty"] is True


def test_versions_and_machine_are_told() -> None:
    assert {"python", "wfa", "torch", "numpy"} <= set(provenance.versions())
    assert provenance.machine()["cores"] >= 1
    assert provenance.machine()["processor"]
