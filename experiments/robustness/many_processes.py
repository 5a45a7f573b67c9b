"""Train on shards and on a mixture, on one, two and four processes, and with one that is killed.

    nice python -m experiments.robustness.many_processes [CASE ...]

Generated pictures, cached contrast in parts of four, shuffled captions and shards. torchrun starts
the processes as those of two machines, over gloo; then as those of one, of which number 1 is killed
once there is a checkpoint, and torchrun starts both again. What differs from one process at the end
goes to `many_processes.json` as each case ends: the largest difference of weights and of metrics.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from safetensors.numpy import load_file

from experiments.robustness._rows import SEED, asked_cases, keep_row
from tests.training.conftest import SMALL, make_folder, run

WORDS = (
    *(word for word in SMALL if not word.startswith(("data=", "train.batch", "train.workers"))),
    "train.batch_size=16", "train.micro_batch=4", "train.workers=1", "train.strategy=ddp",
    "train.epochs=4", "train.keep_checkpoints=true", "aggregation.caption_dropout=0.5",
    f"train.seed={SEED}",
)  # fmt: skip
FRESH = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
"""Else processes that are started again may find the addresses of those before them."""
LIMIT = 3600.0
"""Seconds that a run may take on a busy machine."""


def main() -> None:
    """Train what is asked for and compare; the run on one process is made once for each data."""
    with tempfile.TemporaryDirectory() as folder:
        data = made(Path(folder))
        for name in asked_cases(__doc__, [f"{each}_{way}" for each in data for way in WAYS]):
            source, _, way = name.partition("_")
            words, root = data[source], Path(folder) / source
            one, out = root / "one", root / way
            if not one.exists():
                run(["train", *words, f"out={one}"], root, seconds=LIMIT)
            WAYS[way]([*words, f"out={out}"], out, root)
            facts = {"processes": 4 if way == "4" else 2, "killed": int(way == "killed")}
            keep_row(__file__, name, {"data": source, **facts, **differences(out, one)})


def made(folder: Path) -> dict[str, list[str]]:
    """Make the data; return the settings of each run."""
    one, two = folder / "one", folder / "two"
    one.mkdir()
    make_folder(one, 72)
    shutil.copytree(one, two)
    for path in two.glob("*.png"):  # other pictures than those of `one`
        ImageOps.invert(Image.open(path)).save(path)
    for path in (one, two):
        pack = ["data", "pack", "captions_folder", f"data.root={path}", "images=8"]
        run([*pack, f"out={folder / 'packed' / path.name}"], folder, seconds=LIMIT)
    packed = folder / "packed"
    parts = f"[{{name: captions_folder, as: one, root: {one}, weight: 1.5}}, " \
        f"{{name: webdataset, as: two, root: {packed / 'two'}}}]"  # fmt: skip
    shards = ["data=webdataset", f"data.root={packed / 'one'}", "data.streams=4", "data.shuffle=6"]
    return {"shards": [*WORDS, *shards], "mixture": [*WORDS, "data=mixture", f"data.parts={parts}"]}


def as_two_machines(each: int, words: Sequence[str], _out: Path, cache: Path) -> None:
    """Train on two launchers, so many processes each, that meet at an address of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launched = [
        launch(
            ["--nnodes=2", f"--node-rank={node}", f"--nproc-per-node={each}",
             "--master-addr=127.0.0.1", f"--master-port={port}"],
            ["train.num_nodes=2", f"train.devices={each}", *words],
            cache,
        )
        for node in range(2)
    ]  # fmt: skip
    for process in launched:
        said, _ = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, said


def killed_once(words: Sequence[str], out: Path, cache: Path) -> None:
    """Train on two processes, kill number 1 on the way, and wait for those that torchrun starts."""
    launcher = launch(
        ["--nproc-per-node=2", "--max-restarts=1", "--master-addr=127.0.0.1", "--master-port=0",
         "--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0"],
        ["train.devices=2", *words],
        cache,
    )  # fmt: skip
    limit = time.monotonic() + LIMIT
    while not (out / "checkpoints" / "last.ckpt").is_file():
        assert launcher.poll() is None, launcher.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.005)
    first = number_one(launcher.pid)
    os.kill(first, signal.SIGKILL)
    assert not (out / "run.json").exists(), "the run ended before it was killed"
    said, _ = launcher.communicate(timeout=LIMIT)
    assert launcher.returncode == 0, said


def launch(launcher: Sequence[str], words: Sequence[str], cache: Path) -> "subprocess.Popen[str]":
    """Start torchrun."""
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *launcher, "-m", "wfa", "train", *words],
        env={**os.environ, **FRESH, "WFA_CACHE_DIR": str(cache), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def number_one(launcher: int) -> int:
    """Return the process of rank 1 that a launcher started."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            environment = folder.joinpath("environ").read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        if parent == launcher and b"RANK=1" in environment:
            return int(folder.name)
    raise AssertionError("there is no process of rank 1")


def differences(folder: Path, other: Path) -> dict[str, Any]:
    """Return the largest differences of two runs."""
    ours, theirs = (load_file(path / "model.safetensors") for path in (folder, other))
    values = [
        [row["value"] for row in json.loads((path / "metrics.json").read_text())]
        for path in (folder, other)
    ]
    return {
        "weights": max(float(abs(ours[name] - theirs[name]).max()) for name in theirs),
        "metrics": max(abs(a - b) for a, b in zip(*values, strict=True)),
    }


WAYS: Mapping[str, Callable[[Sequence[str], Path, Path], None]] = {
    "2": partial(as_two_machines, 1),
    "4": partial(as_two_machines, 2),
    "killed": killed_once,
}
"""What is done with the words of a run, its folder and the cache."""


if __name__ == "__main__":
    main()
