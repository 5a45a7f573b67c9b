"""The search page under load: many people ask at once, each as soon as the last answer is there.

    python experiments/benchmarks/search_page.py INDEX [--users 60] [--peer-python PATH]

INDEX is an index folder, or a run with one. The page runs in a process of its own, as `wfa serve`
starts it; its clients are threads of this one, on the same machine. They ask with words, which both
sides encode, and with an image of the index: ours knows it by its id, the peer, clip-retrieval's
back end, is given its vector. Every best hit is compared with the peer's, or without one with that
of the same question asked without a page. Both sides take turns. The machine's load is part of the
case: milliseconds of other hours do not compare.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
from _record import Row, record
from _search_peer import served, versions

from wfa.search.ask import Question, ask
from wfa.search.library import Library
from wfa.search.open_libraries import open_library, run_model

USERS, EACH, TURNS, TOP = 60, 20, 2, 24
WORDS = (
    "river", "harbour", "forest", "runway", "roofs", "fields", "beach", "bridge", "cars", "lake",
)  # fmt: skip
Asked = str | int
"""Words, or the row of an image of the index."""


@dataclass
class Side:
    """A server, how it is asked, and what came of it.

    Attributes:
        address: Of the server.
        request: Makes method, path and body of what is asked.
        best: Reads the row of the best hit from an answer.
        taken: Seconds of each answer.
        seconds: Of all answers.
        first: What was asked -> row of the best hit.
    """

    address: str
    request: Callable[[Asked], tuple[str, str, str | None]]
    best: Callable[[Any], int]
    taken: list[float] = field(default_factory=list)
    seconds: float = 0.0
    first: dict[Asked, int] = field(default_factory=dict)


def ours(address: str, library: Library) -> Side:
    """Ask our page."""

    def request(asked: Asked) -> tuple[str, str, None]:
        if isinstance(asked, str):
            return "GET", f"/api/search?top={TOP}&q={quote(asked)}", None
        return "GET", f"/api/search?top={TOP}&like={library.ids[asked]}", None

    return Side(address, request, lambda answer: library.row_of(answer["hits"][0]["id"]))


def theirs(address: str, library: Library) -> Side:
    """Ask clip-retrieval's back end for as much."""

    def request(asked: Asked) -> tuple[str, str, str]:
        what = (
            {"text": asked} if isinstance(asked, str)
            else {"embedding_input": library.feature(asked)[0].tolist()}
        )  # fmt: skip
        body = {**what, "modality": "image", "num_images": TOP, "indice_name": "ours"}
        return "POST", "/knn-service", json.dumps(body)

    return Side(address, request, lambda answer: answer[0]["id"])


def words_of(user: int) -> list[Asked]:
    """Return what a person asks; no two are alike, so that nothing is answered from memory."""
    return [
        f"{WORDS[(user + turn) % 10]} number {user} beside {WORDS[turn % 7]} number {turn}"
        for turn in range(EACH)
    ]


def images_of(user: int, count: int) -> list[Asked]:
    """Return the rows of the images that a person asks with."""
    return [(user * EACH + turn) % count for turn in range(EACH)]


def one_user(side: Side, asked: Sequence[Asked]) -> None:
    """Ask over one connection, where the server keeps it, as soon as each answer is there."""
    place = urlsplit(side.address)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=120)
    for each, (method, path, body) in [(each, side.request(each)) for each in asked]:
        start = time.perf_counter()
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body, headers)
        answer = json.loads(connection.getresponse().read())
        side.taken.append(time.perf_counter() - start)
        side.first[each] = side.best(answer)
    connection.close()


def load(side: Side, everyone: Sequence[Sequence[Asked]]) -> None:
    """Let all ask at once."""
    threads = [threading.Thread(target=one_user, args=(side, asked)) for asked in everyone]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    side.seconds += time.perf_counter() - start


@contextmanager
def page(index: Path) -> Iterator[str]:
    """Give the address of our page while it runs."""
    command = [sys.executable, "-m", "wfa", "serve", str(index), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found is not None, "the page did not start"
            yield found[0]
        finally:
            server.terminate()


def measured(sides: Sequence[Side], everyone: Sequence[Sequence[Asked]]) -> None:
    """Load the sides in turn, after a few to warm up."""
    for side in sides:
        load(side, everyone[:2])
        side.taken.clear()
        side.seconds = 0.0
    for _ in range(TURNS):
        for side in sides:
            load(side, everyone)


def rows(case: str, sides: Sequence[Side], differ: float, bound_by: str) -> Iterator[Row]:
    """Make the rows of one kind of question."""
    for what, quantile in (("p95", 95), ("median", 50)):
        own, peer = (_milliseconds(sides, place, quantile) for place in (0, 1))
        yield Row(f"{case}, {what} of an answer", own, peer, peer and peer / (own or 1), None,
                  differ, "ms", bound_by)  # fmt: skip
    rates = [len(side.taken) / side.seconds for side in sides]
    peer = rates[1] if len(rates) > 1 else None
    yield Row(f"{case}, answers of all in a second", rates[0], peer, peer and rates[0] / peer, None,
              differ, "answers/s", bound_by)  # fmt: skip


def _milliseconds(sides: Sequence[Side], place: int, quantile: int) -> float | None:
    if place >= len(sides):
        return None
    return float(np.percentile(1000 * np.array(sides[place].taken), quantile))


def differing(library: Library, sides: Sequence[Side]) -> float:
    """Return the share of questions whose best hit is another than the peer's, or than alone."""
    if len(sides) > 1:
        expected = sides[1].first
    else:
        model = run_model(library)
        expected = {
            asked: library.row_of(ask(library, model, question).hits[0].id)
            for asked in sides[0].first
            for question in [Question((asked,)) if isinstance(asked, str)
                             else Question(like=int(library.ids[asked]))]
        }  # fmt: skip
    return float(np.mean([row != expected[asked] for asked, row in sides[0].first.items()]))


def main() -> None:
    """Measure, print and write `search_page.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--peer-python", type=Path, help="an interpreter with clip-retrieval")
    asked = parser.parse_args()
    library = open_library(asked.index)
    users = range(asked.users)
    kinds = {
        "words": [words_of(user) for user in users],
        "an image of the index": [images_of(user, len(library)) for user in users],
    }
    found: list[Row] = []
    with ExitStack() as opened:
        addresses = [(ours, opened.enter_context(page(asked.index)))]
        peer = ""
        if asked.peer_python:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
            addresses.append((theirs, opened.enter_context(
                served(asked.peer_python, library, folder))))  # fmt: skip
            peer = f"; peer: {versions(asked.peer_python)}"
        for kind, everyone in kinds.items():
            before = os.getloadavg()[0]
            sides = [make(address, library) for make, address in addresses]
            measured(sides, everyone)
            case = (f"{asked.users} users at once, {EACH} questions each with {kind}, "
                    f"{len(library):,} images x {library.facts.width}, load {before:.0f} before it "
                    f"began{peer}")  # fmt: skip
            bound = "the interpreter: requests and JSON"
            bound += ", and encoding one text at a time" * (kind == "words")
            found += rows(case, sides, differing(library, sides), bound)
    record(Path(__file__).stem, found)


if __name__ == "__main__":
    main()
