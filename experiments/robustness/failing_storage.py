"""Train, pack and index while files may not grow, a disk is full, a shard is cut or a store stalls.

    nice python -m experiments.robustness.failing_storage [CASE ...]

Each case runs the command line as a person does; its row goes to `failing_storage.json` as it ends:
the exit code, the last line that was printed, the half-written files that were left, what training
left out, and how the same command ended once the fault was gone. Files are limited in size as by
`ulimit -f` (EFBIG); the full disk (ENOSPC) is a small one in memory, which only those who may mount
can have: for others there is no row.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from experiments.robustness._rows import SEED, asked_cases, keep_row
from tests.data.shards.stalling_store import stalling_store
from tests.training.conftest import SMALL, make_folder, wfa
from wfa.files import TEMPORARY_SUFFIX

WORDS = (
    *(word for word in SMALL if not word.startswith(("data=", "train.epochs"))),
    "train.keep_checkpoints=true", f"train.seed={SEED}",
)  # fmt: skip
STALL = 30.0
"""Seconds that the store sends nothing."""
LIMIT = 3600.0
"""Seconds that a command may take on a busy machine."""


DISK = 200_000_000
"""Bytes of the disk that is filled."""
FILLER = "filler"
"""What fills it."""


class NotMeasuredError(Exception):
    """A case cannot be made here; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        case: What was done.
        code: The exit code.
        said: The message, or the last line.
        leftovers: Half-written files.
        traceback: Whether there was one.
        left_out: What training could not read and left out, of its run.json; empty without.
        again: The exit code of the same command without the fault; None where it was not repeated.
        kept: Whether the checkpoint that was there before can still be read; None without one.
    """

    case: str
    code: int
    said: str
    leftovers: int
    traceback: bool
    left_out: Mapping[str, Any]
    again: int | None = None
    kept: bool | None = None


def main() -> None:
    """Run the cases that are asked for, each in a folder of its own."""
    for name in asked_cases(__doc__, list(CASES)):
        with tempfile.TemporaryDirectory() as folder:
            try:
                keep_row(__file__, name, asdict(CASES[name](Path(folder))))
            except NotMeasuredError as error:
                print(f"{name} is not measured: {error}", flush=True)


def limited_pack(folder: Path) -> Outcome:
    """Pack where a shard is larger than a file may be."""
    words = packing(folder, folder / "run")
    return limited("the largest file is too small while packing", words, folder, 500_000)


def limited_checkpoint(folder: Path) -> Outcome:
    """Train where a checkpoint is larger than a file may be."""
    own = folder / "own"
    own.mkdir()
    words = ["train", *WORDS, "train.epochs=2", f"data.root={make_folder(own, 40)}",
             "data=captions_folder", f"out={folder / 'run'}"]  # fmt: skip
    return limited("the largest file is too small for the first checkpoint", words, folder, 60_000)


def full_pack(folder: Path) -> Outcome:
    """Pack to a disk that has room for one shard."""
    with disk(folder) as place:
        words = packing(folder, place / "run")
        fill(place, 1_500_000)
        code, said = ended(words, folder)
        first = outcome("the disk is full while packing", code, said, folder)
        (place / FILLER).unlink()
        return replace(first, again=ended(words, folder)[0])


def full_checkpoint(folder: Path) -> Outcome:
    """Train to a disk that has no room for a checkpoint after the first."""
    own = folder / "own"
    own.mkdir()
    with disk(folder) as place:
        run = place / "run"
        words = ["train", *WORDS, "train.epochs=20", f"data.root={make_folder(own, 40)}",
                 "data=captions_folder", f"out={run}"]  # fmt: skip
        case, mend = "the disk is full while training", (place / FILLER).unlink
        return on_the_way(case, words, run, folder, partial(fill, place, 1_000_000), mend)


def full_index(folder: Path) -> Outcome:
    """Index pictures to a disk that has room for next to nothing."""
    own, run = folder / "own", folder / "trained"
    own.mkdir()
    code, said = ended(["train", *WORDS, "train.epochs=1", f"data.root={make_folder(own, 40)}",
                        "data=captions_folder", f"out={run}"], folder)  # fmt: skip
    assert code == 0, said
    with disk(folder) as place:
        words = ["index", str(run), "--images", str(own), f"out={place / 'run'}"]
        fill(place, 4096)
        code, said = ended(words, folder)
        first = outcome("the disk is full while indexing", code, said, folder)
        (place / FILLER).unlink()
        return replace(first, again=ended(words, folder)[0])


def cut(remedy: str, folder: Path) -> Outcome:
    """Train while a shard is cut."""
    out = packed(folder)
    words = [*streamed(out), f"data.shards={out}/train-*.tar", f"data.on_bad_shard={remedy}",
             f"out={folder / 'run'}"]  # fmt: skip
    case, shard = f"a shard is cut while training, on_bad_shard={remedy}", out / "train-00001.tar"
    whole = shard.read_bytes()
    halve, mend = (partial(shard.write_bytes, part) for part in (whole[: len(whole) // 2], whole))
    return on_the_way(case, words, folder / "run", folder, halve, mend)


def stalled(how: str, seconds: float | None, folder: Path) -> Outcome:
    """Train from a store that stalls the first time that it is asked for a shard."""
    out = packed(folder)
    with stalling_store(out, "train-00002.tar", seconds) as address:
        where = f"data.shards={address}/train-{{00000..00003}}.tar"
        code, said = ended([*streamed(out), where, f"out={folder / 'run'}"], folder)
    return outcome(f"a store stalls in the middle of a shard {how}", code, said, folder)


def packing(folder: Path, out: Path) -> list[str]:
    """Make pictures of 150 kB each; return the words that pack shards of eight of them."""
    large = folder / "large"
    large.mkdir()
    make_folder(large, 24)
    rng = np.random.default_rng(SEED)
    for path in large.glob("*.png"):
        Image.fromarray(rng.integers(0, 255, (224, 224, 3), dtype=np.uint8)).save(path)
    return ["data", "pack", "captions_folder", f"data.root={large}", "images=8", f"out={out}"]


def packed(folder: Path) -> Path:
    """Pack small pictures; return where."""
    own, out = folder / "own", folder / "packed"
    own.mkdir()
    code, said = ended(["data", "pack", "captions_folder", f"data.root={make_folder(own, 40)}",
                        "images=8", f"out={out}"], folder)  # fmt: skip
    assert code == 0, said
    return out


def streamed(shards: Path) -> list[str]:
    """Return the words of a training that reads shards."""
    return ["train", *WORDS, "data=webdataset", "train.steps_per_epoch=2", "train.steps=8",
            f"data.validation_shards={shards}/validation-00000.tar"]  # fmt: skip


def limited(case: str, words: Sequence[str], folder: Path, size: int) -> Outcome:
    """Run with a limit on the size of files, in bytes; then without."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    code, said = ended(words, folder, limit)
    first = outcome(case, code, said, folder)
    return replace(first, again=ended(words, folder)[0])


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """Mount a small disk in memory.

    Raises:
        NotMeasuredError: That is not allowed here.
    """
    place = folder / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotMeasuredError("a disk of its own may not be mounted here") from error
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(place: Path, room: int = 0) -> None:
    """Fill a disk but for so many bytes."""
    with (place / FILLER).open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        file.truncate(file.tell() - room)


def on_the_way(
    case: str, words: Sequence[str], run: Path, folder: Path,
    fault: Callable[[], object], mend: Callable[[], object],
) -> Outcome:  # fmt: skip
    """Train, with a fault once there is a checkpoint; mend it and run once more."""
    process, limit = wfa(words, folder / "cache"), time.monotonic() + LIMIT
    last = run / "checkpoints" / "last.ckpt"
    while not last.is_file():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.005)
    fault()
    said, _ = process.communicate(timeout=LIMIT)
    first = outcome(case, process.returncode, said, folder)
    mend()
    if not first.code:
        return first
    kept = bool(torch.load(last, weights_only=True))
    return replace(first, kept=kept, again=ended(words, folder)[0])


def ended(
    words: Sequence[str], folder: Path, before: Callable[[], None] | None = None
) -> tuple[int, str]:
    """Run a command to its end; return its code and all that it printed."""
    found = subprocess.run(
        [sys.executable, "-m", "wfa", *words],
        capture_output=True, text=True, timeout=LIMIT, preexec_fn=before, check=False,
        env={**os.environ, "WFA_CACHE_DIR": str(folder / "cache")},
    )  # fmt: skip
    return found.returncode, found.stdout + found.stderr


def outcome(case: str, code: int, said: str, folder: Path) -> Outcome:
    """Describe what came of a command whose run is in the folder `run`."""
    left = sum(path.name.endswith(TEMPORARY_SUFFIX) and ".lock" not in path.name
               for path in folder.rglob("*"))  # fmt: skip
    lines = [line for line in said.splitlines() if line.strip()]
    message = [line for line in lines if "error" in line.lower()][-1:] if code else lines[-1:]
    shown = (message or lines[-1:])[0].replace(str(folder), "DIR") if lines else ""
    facts = folder / "run" / "run.json"
    left_out = json.loads(facts.read_text()).get("left_out", {}) if facts.is_file() else {}
    return Outcome(case, code, shown, left, "Traceback" in said, left_out)


CASES: Mapping[str, Callable[[Path], Outcome]] = {
    "limited_pack": limited_pack,
    "limited_checkpoint": limited_checkpoint,
    "full_pack": full_pack,
    "full_checkpoint": full_checkpoint,
    "full_index": full_index,
    "cut_error": partial(cut, "error"),
    "cut_skip": partial(cut, "skip"),
    "stall_30_s": partial(stalled, "30 s", STALL),
    "stall_for_good": partial(stalled, "for good, and answers when it is asked again", None),
}


if __name__ == "__main__":
    main()
