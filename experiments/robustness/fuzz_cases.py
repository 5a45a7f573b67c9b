"""Run numbered cases, each in a bounded time; count what is read, refused, breaks, hangs or prints.

A case is its number: it is made again from it alone. Nothing but the errors that are expected may
come out, each case has ten seconds of work, and a crash of the process is counted as a traceback.
"""

import argparse
import json
import os
import random
import signal
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SECONDS, PATIENCE = 10, 300  # of a case: at work, and by the clock
PART = 250  # cases of one process
SPECIALS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b"[", b"]", b"{", b"}", b",", b";", b"\t",
    b"\n", b"\r", b"\\", b"\\ud800", b"null", b"NaN", b"1e999", b"9" * 5000, b"[" * 3000,
    b"['" * 50, b"../", b"file_name", b"caption", b"split", b"train", b"${", b"!!python/object",
    b"&a *a", b"a" * 300,
)  # fmt: skip
OUTCOMES = ("read", "refused", "traceback", "hang", "printed")

Case = Callable[[random.Random, Path], None]
Kinds = Mapping[str, tuple[Case, float]]
"""Kind -> what a case of it does with an empty folder, and its share of all cases."""


class Hang(BaseException):
    """A case took too long."""


class Fuzz(NamedTuple):
    """What is fuzzed.

    Attributes:
        kinds: The kinds of cases; functions of a module, since processes are sent them.
        expected: The errors that may come out.
        silent: Whether anything on the terminal counts as wrong.
    """

    kinds: Kinds
    expected: tuple[type[Exception], ...]
    silent: bool = False


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Change, remove, repeat or insert a few bytes, or cut the end."""
    for _ in range(rng.choice((0, 1, 1, 2, 4, 16))):
        start = rng.randrange(len(content) + 1)
        length = rng.choice((0, 1, 1, 2, 8, 64))
        part = content[start : start + length]
        new = rng.choice((b"", part * 2, rng.choice(SPECIALS), rng.randbytes(length), content[:64]))
        content = content[:start] + new + content[start + length :]
        if rng.random() < 0.05:
            content = content[:start]
    return content


def run_case(fuzz: Fuzz, number: int) -> tuple[str, str, str]:
    """Return the kind of a case, what became of it, and the traceback where there is one."""
    rng = random.Random(number)
    kind = rng.choices(list(fuzz.kinds), [share for _, share in fuzz.kinds.values()])[0]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        became, detail = "read", ""
        with printed(Path(folder) / ".printed") as said:
            try:
                with alarm():
                    fuzz.kinds[kind][0](rng, Path(folder))
            except fuzz.expected:
                became = "refused"
            except Hang:
                became, detail = "hang", traceback.format_exc(limit=-3)
            except Exception:
                became, detail = "traceback", traceback.format_exc(limit=-4)
    if fuzz.silent and said and not detail:
        became, detail = "printed", said[0]
    return kind, became, detail


@contextmanager
def printed(path: Path) -> Iterator[list[str]]:
    """Collect what the block prints, from Python or from C; the list is filled at its end."""
    said: list[str] = []
    kept = [os.dup(1), os.dup(2)]
    with path.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield said
    finally:
        for number, descriptor in enumerate(kept, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if text := path.read_text(errors="replace"):
            said.append(text[:500])


@contextmanager
def alarm() -> Iterator[None]:
    """Stop what takes longer than a case may."""

    def stop(*_: object) -> None:
        raise Hang

    signal.signal(signal.SIGPROF, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)


def run_part(fuzz: Fuzz, numbers: range) -> list[tuple[str, str, str]]:
    """Run some cases in this process."""
    return [run_case(fuzz, number) for number in numbers]


def outcomes(fuzz: Fuzz, numbers: range) -> list[tuple[str, str, str]]:
    """Run cases in a process of their own; one that crashes it is found by running each alone."""
    try:
        with ProcessPoolExecutor(1) as pool:
            return pool.submit(run_part, fuzz, numbers).result()
    except BrokenProcessPool:
        if len(numbers) == 1:
            return [("unknown", "traceback", "the process crashed")]
        half = len(numbers) // 2
        return outcomes(fuzz, numbers[:half]) + outcomes(fuzz, numbers[half:])


def run_all(fuzz: Fuzz, script: Path) -> None:
    """Run all cases that the command line asks for, and write the counts beside the script."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--out", type=Path, default=script.with_suffix(".json"))
    asked = parser.parse_args()
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in fuzz.kinds}
    failures = []
    began = time.perf_counter()
    for start in range(asked.first, asked.first + asked.cases, PART):
        numbers = range(start, min(start + PART, asked.first + asked.cases))
        for number, (kind, became, detail) in zip(numbers, outcomes(fuzz, numbers), strict=True):
            counts.setdefault(kind, Counter())[became] += 1
            if detail:
                failures.append({"case": number, "kind": kind, "detail": detail})
                print(f"case {number} ({kind}): {detail}")
    found = {
        "cases": asked.cases,
        "first": asked.first,
        "seconds": round(time.perf_counter() - began),
        "counts": {kind: {each: own[each] for each in OUTCOMES} for kind, own in counts.items()},
        "failures": failures,
    }
    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["counts"], indent=1))
