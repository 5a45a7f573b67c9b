"""Train and pack while files may not grow, a shard is cut or a store stalls; then once more.

    nice python -m experiments.robustness.failing_storage [CASE ...]

Each case runs the command line as a person does; its row goes to `failing_storage.json` as it ends:
the exit code, the last line that was printed, the half-written files that were left, what training
left out, and how the same command ended once the fault was gone. Files are limited in size as by
`ulimit -f` (EFBIG); a full disk (ENOSPC) is not measured.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
from PIL import Image

from experiments.robustness._rows import SEED, asked_cases, keep_row
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
    """

    case: str
    code: int
    said: str
    leftovers: int
    traceback: bool
    left_out: Mapping[str, Any]
    again: int | None = None


def main() -> None:
    """Run the cases that are asked for, each in a folder of its own."""
    for name in asked_cases(__doc__, list(CASES)):
        with tempfile.TemporaryDirectory() as folder:
            keep_row(__file__, name, asdict(CASES[name](Path(folder))))


def limited_pack(folder: Path) -> Outcome:
    """Pack shards of eight pictures that are larger than a file may be."""
    large = folder / "large"
    large.mkdir()
    make_folder(large, 24)
    rng = np.random.default_rng(SEED)
    for path in large.glob("*.png"):  # 150 kB each, so that a shard of eight is above the limit
        Image.fromarray(rng.integers(0, 255, (224, 224, 3), dtype=np.uint8)).save(path)
    words = ["data", "pack", "captions_folder", f"data.root={large}", "images=8",
             f"out={folder / 'run'}"]  # fmt: skip
    return limited("the largest file is too small while packing", words, folder, 500_000)


def limited_checkpoint(folder: Path) -> Outcome:
    """Train where a checkpoint is larger than a file may be."""
    own = folder / "own"
    own.mkdir()
    words = ["train", *WORDS, "train.epochs=2", f"data.root={make_folder(own, 40)}",
             "data=captions_folder", f"out={folder / 'run'}"]  # fmt: skip
    return limited("the largest file is too small for the first checkpoint", words, folder, 60_000)


def cut(remedy: str, folder: Path) -> Outcome:
    """Train while a shard is cut."""
    out = packed(folder)
    words = [*streamed(out), f"data.shards={out}/train-*.tar", f"data.on_bad_shard={remedy}",
             f"out={folder / 'run'}"]  # fmt: skip
    case = f"a shard is cut while training, on_bad_shard={remedy}"
    return cut_on_the_way(case, words, out / "train-00001.tar", folder / "run", folder)


def stalled(how: str, seconds: float, folder: Path) -> Outcome:
    """Train from a store that stalls the first time that it is asked for a shard."""
    out = packed(folder)
    with store(out, "/train-00002.tar", seconds) as address:
        where = f"data.shards={address}/train-{{00000..00003}}.tar"
        code, said = ended([*streamed(out), where, f"out={folder / 'run'}"], folder)
    return outcome(f"a store stalls in the middle of a shard {how}", code, said, folder)


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


def cut_on_the_way(
    case: str, words: Sequence[str], shard: Path, run: Path, folder: Path
) -> Outcome:
    """Cut a shard once there is a checkpoint; put it back and run once more."""
    whole = shard.read_bytes()
    process, limit = wfa(words, folder / "cache"), time.monotonic() + LIMIT
    while not (run / "checkpoints" / "last.ckpt").is_file() and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.005)
    shard.write_bytes(whole[: len(whole) // 2])
    said, _ = process.communicate(timeout=LIMIT)
    first = outcome(case, process.returncode, said, folder)
    shard.write_bytes(whole)
    return replace(first, again=ended(words, folder)[0]) if first.code else first


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


@contextmanager
def store(folder: Path, stalled: str, seconds: float) -> Iterator[str]:
    """Serve a folder; the first time that `stalled` is asked for, stop halfway for a while."""
    over = Event()
    handler = partial(_Stalling, directory=str(folder), stalled=stalled, seconds=seconds, over=over)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.asked = set()  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        over.set()
        server.shutdown()


class _Stalling(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, stalled: str, seconds: float, over: Event, **more: Any) -> None:
        self._stalled, self._seconds, self._over = stalled, seconds, over
        super().__init__(*args, **more)

    def do_GET(self) -> None:
        """Serve a file from the byte that was asked for."""
        content = Path(self.translate_path(self.path)).read_bytes()
        begin = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        half = len(content) // 2
        asked: set[str] = self.server.asked  # type: ignore[attr-defined]
        if self.path == self._stalled and self.path not in asked and not begin:
            asked.add(self.path)
            self.wfile.write(content[:half])
            self.wfile.flush()
            self._over.wait(self._seconds)
            begin = half
        try:
            self.wfile.write(content[begin:])
        except OSError:
            return  # whoever asked has gone

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


CASES: Mapping[str, Callable[[Path], Outcome]] = {
    "limited_pack": limited_pack,
    "limited_checkpoint": limited_checkpoint,
    "cut_error": partial(cut, "error"),
    "cut_skip": partial(cut, "skip"),
    "stall_30_s": partial(stalled, "30 s", STALL),
    "stall_for_good": partial(stalled, "for good, and answers when it is asked again", LIMIT),
}


if __name__ == "__main__":
    main()
