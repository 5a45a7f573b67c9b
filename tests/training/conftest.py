"""A folder of pictures and a model small enough to train in a test."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COLOURS = ("red", "green", "blue", "white")
SMALL = (
    "data=captions_folder", "encoder=small", "aggregation=uniqueness", "loss=info_nce",
    "encoder.image_size=16", "encoder.image_tower=vit", "encoder.patch_size=8",
    "encoder.image_width=32", "encoder.image_layers=1", "encoder.text_width=32",
    "encoder.text_layers=1",
    "encoder.embed_dim=16", "encoder.context_length=16", "train.epochs=3", "train.batch_size=8",
    "train.workers=0", "train.accelerator=cpu", "train.augment=none",
)  # fmt: skip


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures as `make_folder` makes them."""
    return make_folder(tmp_path_factory.mktemp("own"), 40)


def make_folder(root: Path, pictures: int) -> Path:
    """Write pictures of one noisy colour, two or three captions each, in a CSV; 8 validate."""
    rng = np.random.default_rng(0)
    rows = []
    for place in range(pictures):
        colour = COLOURS[place % 4]
        picture = rng.integers(0, 60, (20, 24, 3), dtype=np.uint8)
        channels = [0, 1, 2] if colour == "white" else [COLOURS.index(colour)]
        picture[..., channels] += 180
        Image.fromarray(picture).save(root / f"{place}.png")
        split = "validation" if place >= pictures - 8 else "train"
        texts = [f"a {colour} field number {place}", f"the field is {colour}", "an aerial image"]
        rows += [(f"{place}.png", text, split) for text in texts[: 2 + place % 2]]
    with (root / "captions.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("file_name", "caption", "split"), *rows])
    return root


@pytest.fixture
def words(own_folder: Path) -> list[str]:
    """Settings of a run that takes seconds."""
    return [*SMALL, f"data.root={own_folder}"]


def wfa(arguments: Sequence[str], cache: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the command line as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "wfa", *arguments],
        env={**os.environ, "WFA_CACHE_DIR": str(cache), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Whoever runs the tests in the background has interrupts ignored, and children inherit it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def run(arguments: Sequence[str], cache: Path, code: int = 0, seconds: float = 900.0) -> str:
    """Run the command line to its end; return what it printed."""
    process = wfa(arguments, cache)
    try:
        out, _ = process.communicate(timeout=seconds)
    finally:
        process.kill()  # one that is too slow must not slow the other tests down
        process.wait()
    assert process.returncode == code, out
    return out


def train_until_killed(words: Sequence[str], out: Path, cache: Path, seconds: float) -> None:
    """Train as a process, and kill it once it has written a checkpoint.

    Args:
        words: The settings.
        out: The run folder.
        cache: The folder of caches.
        seconds: In which a checkpoint must be there.
    """
    process = wfa(["train", *words, f"out={out}"], cache)
    limit = time.monotonic() + seconds
    while not (out / "checkpoints" / "last.ckpt").is_file() and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert not (out / "run.json").exists(), "the run ended before it was killed"
