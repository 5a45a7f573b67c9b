"""What shells and schedulers do to a command: end it by SIGTERM, or close the pipe it writes to."""

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

TERMINATED = 128 + signal.SIGTERM
"""Exit code of a command that SIGTERM ended, as shells have it: 143."""


class Terminated(SystemExit):
    """SIGTERM arrived."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


@contextmanager
def terminating() -> Iterator[None]:
    """Let SIGTERM end the block by `Terminated`, so that nothing is left half-written.

    Schedulers send it before they kill: SLURM, Docker, systemd. Lightning calls this handler
    beside its own. Processes that are forked meanwhile end as they would have before.
    """
    owner = os.getpid()

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        signal.signal(number, signal.SIG_IGN)  # one is enough: the way out is not to be disturbed
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


class _Patient(io.RawIOBase):
    """A stream that takes what a closed pipe no longer takes, and forgets it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: Any) -> int:
        try:
            return os.write(self._descriptor, data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._descriptor)
            os.close(nowhere)
            return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)


def outlive_closed_pipes() -> None:
    """Let a command go on when whoever reads its output has gone, as in `wfa list | head -1`.

    What it prints then is lost, and the files that were asked for are written all the same.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not getattr(sys, f"__{name}__") or not isinstance(stream, io.TextIOWrapper):
            continue  # replaced by whoever calls: a test, a notebook
        patient = io.TextIOWrapper(
            io.BufferedWriter(_Patient(stream.fileno())), stream.encoding, stream.errors,
            line_buffering=True,
        )  # fmt: skip
        stream.flush()
        setattr(sys, name, patient)
