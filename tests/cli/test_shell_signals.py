"""What shells do to a command: SIGTERM, Ctrl-C, and a reader that goes away."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.conftest import SMALL, make_folder, run, wfa


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def interrupted(words: list[str], out: Path, cache: Path, number: signal.Signals) -> str:
    """Train until the first checkpoint is there, then send a signal; return the last line."""
    process = wfa(["train", *words, f"out={out}"], cache)
    limit = time.monotonic() + 120
    while not (out / "checkpoints" / "last.ckpt").is_file():
        assert time.monotonic() < limit and process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert "Traceback" not in text
    return " ".join(text.split())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_broken_off_says_so_and_resumes_exactly(
    tmp_path: Path, cache: Path, number: signal.Signals
) -> None:
    root = tmp_path / "own"
    root.mkdir()
    words = [*SMALL, f"data.root={make_folder(root, 40)}", "train.epochs=8"]
    text = interrupted(words, tmp_path / "run", cache, number)
    assert text.endswith("interrupted: the same command goes on where this one stopped")
    assert not (tmp_path / "run" / "metrics.json").exists()
    run(["train", *words, f"out={tmp_path / 'run'}"], cache)
    run(["train", *words, f"out={tmp_path / 'whole'}"], cache)
    for name in ("metrics.json", "model.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize("verb", ["train", "serve"])
def test_sigterm_before_anything_is_done_ends_the_same_way(
    tmp_path: Path, cache: Path, verb: str
) -> None:
    script = (
        "import os, signal, sys, typer\n"
        "from wfa.cli import main\n"
        f"@main.app.command({verb!r})\n"
        "def ended(words: list[str]) -> None:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        f"sys.argv = ['wfa', {verb!r}, 'index']\n"
        "main.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "WFA_CACHE_DIR": str(cache)},
    )  # fmt: skip
    assert done.returncode == 143
    assert "interrupted" in done.stderr
    assert ("the same command goes on" in done.stderr) == (verb == "train")
    assert "Traceback" not in done.stderr


def closed_after(arguments: list[str], cache: Path, lines: int) -> tuple[int, str]:
    """Run a command whose reader leaves after some lines; return its exit code and its errors."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wfa", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "WFA_CACHE_DIR": str(cache)},
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    with process:
        for _ in range(lines):
            process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    return process.returncode, errors


@pytest.mark.slow
@pytest.mark.parametrize("lines", [0, 1])
def test_a_closed_pipe_ends_quietly_and_the_files_are_written(
    tmp_path: Path, cache: Path, lines: int
) -> None:
    root = tmp_path / "own"
    root.mkdir()
    for number in range(6):
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(root / f"{number}.png")
    rows = [f"{number}.png,a lake {number}" for number in range(6)]
    (root / "c.csv").write_text("\n".join(["file_name,caption", *rows]))
    assert closed_after(["list"], cache, lines) == (0, "")
    out = tmp_path / "audit"
    words = ["audit", "data=captions_folder", f"data.root={root}", f"out={out}", "--no-images"]
    code, errors = closed_after(words, cache, lines)
    assert (code, errors) == (0, "")
    assert len(list(tmp_path.rglob("*.html"))) == 1
