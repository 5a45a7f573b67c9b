"""The search page under load: many people ask at once, each as soon as the last answer is there.

    python experiments/benchmarks/search_page.py INDEX [USERS]

INDEX is an index folder, or a run with one. The page runs in a process of its own, as `wfa serve`
starts it; its clients are threads of this one, on the same machine. Every best hit is compared with
that of the same question asked without a page. The machine's load is part of the case: milliseconds
of other hours do not compare.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
from _record import Row, record

from wfa.search.ask import Question, ask
from wfa.search.open_libraries import open_library, run_model

USERS, EACH = 60, 20
WORDS = (
    "river",
    "harbour",
    "forest",
    "runway",
    "roofs",
    "fields",
    "beach",
    "bridge",
    "cars",
    "lake",
)


def questions(user: int) -> list[str]:
    """Return what a person asks; no two are alike, so that nothing is answered from memory."""
    return [
        f"{WORDS[(user + turn) % 10]} number {user} beside {WORDS[turn % 7]} number {turn}"
        for turn in range(EACH)
    ]


def one_user(address: str, texts: Sequence[str], taken: list[float], first: dict[str, int]) -> None:
    """Ask over one connection as soon as each answer is there."""
    place = urlsplit(address)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=120)
    for text in texts:
        start = time.perf_counter()
        connection.request("GET", f"/api/search?top=24&q={quote(text)}")
        answer = json.loads(connection.getresponse().read())
        taken.append(time.perf_counter() - start)
        first[text] = answer["hits"][0]["id"]
    connection.close()


def under_load(address: str, users: int) -> tuple[list[float], float, dict[str, int]]:
    """Let all ask at once; return the seconds of each answer, of all, and each best hit."""
    taken: list[float] = []
    first: dict[str, int] = {}
    threads = [
        threading.Thread(target=one_user, args=(address, questions(user), taken, first))
        for user in range(users)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, time.perf_counter() - start, first


def main() -> None:
    """Measure, print and write `search_page.json`."""
    index = Path(sys.argv[1])
    users = int(sys.argv[2]) if len(sys.argv) > 2 else USERS
    library = open_library(index)
    model = run_model(library)
    command = [sys.executable, "-m", "wfa", "serve", str(index), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found is not None, "the page did not start"
            under_load(found[0], 2)  # warm
            load = os.getloadavg()[0]
            taken, seconds, first = under_load(found[0], users)
        finally:
            server.terminate()
    texts = [text for user in range(users) for text in questions(user)]
    alone = {text: ask(library, model, Question((text,), top=24)).hits[0].id for text in texts}
    wrong = float(np.mean([alone[text] != first[text] for text in texts]))
    p50, p95 = np.percentile(1000 * np.array(taken), (50, 95))
    case = f"{users} users at once, {EACH} questions each, {len(library):,} images x {model.width}"
    told = f"{case}, load {load:.0f} before it began"
    record(Path(__file__).stem, [
        Row(f"{told}, p95 of an answer", float(p95), None, None, None, wrong, "ms",
            "encoding: one text at a time"),
        Row(f"{told}, median of an answer", float(p50), None, None, None, wrong, "ms",
            "encoding: one text at a time"),
        Row(f"{told}, answers of all in a second", len(taken) / seconds, None, None, None, wrong,
            "answers/s", "the interpreter, shared by requests and encoding"),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
