"""BLEU uniqueness of whole data sets against sacrebleu in a loop.

    WFA_DATA_DIR=... python experiments/benchmarks/bleu.py                     all RSICD train
    WFA_DATA_DIR=... python experiments/benchmarks/bleu.py --large 9500000     and so many captions

Both sides use one definition: sentence BLEU of each caption against the other captions of its
image, 13a tokens, lower case, exponential smoothing, effective order. `keep` is the literal list,
for which sacrebleu scores every caption; `merge` scores distinct captions only, on both sides.
"""

import argparse
import gc
import json
import multiprocessing
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import sacrebleu
from _record import Row, record

from wfa.captions.options import UniquenessOptions
from wfa.captions.segments import Floats
from wfa.captions.uniqueness import uniqueness

Captions = list[list[str]]

GOAL = 100.0
LARGE_SECONDS = 180.0
LARGE_GIGABYTES = 4.0
REPEATS = 3
SAMPLE_IMAGES = 500


def main() -> None:
    """Run the cases that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--large", type=int, default=0, help="captions of the large case; 0: none")
    parser.add_argument("--processes", type=int, default=2, help="worker processes of it")
    arguments = parser.parse_args()
    captions = rsicd_train()
    rows = [against_sacrebleu(captions, duplicates) for duplicates in ("keep", "merge")]
    if arguments.large:
        rows += large(captions, arguments.large, arguments.processes)
    record("bleu", rows)


def rsicd_train() -> Captions:
    """Read the captions of RSICD's training images."""
    root = os.environ.get("WFA_DATA_DIR")
    if root is None:
        sys.exit("set WFA_DATA_DIR to the folder that holds rsicd/captions.json")
    text = (Path(root) / "rsicd" / "captions.json").read_text(encoding="utf-8")
    images = json.loads(text)["images"]
    return [[s["raw"] for s in i["sentences"]] for i in images if i["split"] == "train"]


def against_sacrebleu(captions: Captions, duplicates: str) -> Row:
    """Time ours and the loop on the same captions; both are the best of as many runs."""
    options = UniquenessOptions(duplicates=duplicates)
    ours, found = timed(lambda: uniqueness(captions, options), REPEATS)
    peer, expected = timed(lambda: sacrebleu_loop(captions, duplicates), REPEATS)
    return Row(
        case=f"RSICD train, {len(found):,} captions, duplicates={duplicates}, one process",
        ours=ours,
        peer=peer,
        ratio=peer / ours,
        goal=GOAL if duplicates == "keep" else None,
        agreement=float(np.abs(found - expected).max()),
        unit="s",
        bound_by="Python strings: splitting into tokens and numbering them; then sorting n-grams",
    )


def sacrebleu_loop(captions: Sequence[Sequence[str]], duplicates: str) -> Floats:
    """Score with `sacrebleu.sentence_bleu`, one caption after the other."""
    scores = []
    for image in captions:
        scored = list(dict.fromkeys(image)) if duplicates == "merge" else list(image)
        worth = {}
        each = []
        for place, text in enumerate(scored):
            others = scored[:place] + scored[place + 1 :]
            bleu = sacrebleu.sentence_bleu(text, others, lowercase=True).score if others else 0.0
            worth[text] = 1.0 - bleu / 100.0
            each.append(worth[text])
        scores += [worth[text] for text in image] if duplicates == "merge" else each
    return np.array(scores)


def large(captions: Captions, size: int, processes: int) -> list[Row]:
    """Score a data set of `size` captions that no two images share."""
    data = edited(captions, size // 5)
    with peak_memory() as peaks:
        seconds, found = timed(lambda: uniqueness(data, processes=processes), 1)
    gigabytes = sum(peaks.values()) / 1e9
    chosen = np.random.default_rng(0).permutation(len(data))[:SAMPLE_IMAGES]
    expected = sacrebleu_loop([data[image] for image in chosen], "merge").reshape(-1, 5)
    difference = float(np.abs(found.reshape(-1, 5)[chosen] - expected).max())
    case = f"{len(found):,} captions, all sets different, {processes} processes; peer: the limit"
    return [
        Row(
            case=f"time, {case}",
            ours=seconds,
            peer=LARGE_SECONDS,
            ratio=LARGE_SECONDS / seconds,
            goal=1.0,
            agreement=difference,
            unit="s",
            bound_by="Python strings in the workers; one core each",
        ),
        Row(
            case=f"peak memory of all processes, the captions included, {case}",
            ours=gigabytes,
            peer=LARGE_GIGABYTES,
            ratio=LARGE_GIGABYTES / gigabytes,
            goal=1.0,
            agreement=None,
            unit="GB",
            bound_by="the captions themselves as Python strings",
        ),
    ]


def edited(captions: Captions, images: int) -> Captions:
    """Draw images with replacement and exchange one word of each of their captions.

    Copies become different captions this way, so this is more work than RSICD is.
    """
    rng = random.Random(0)
    split = [[text.split() for text in image] for image in captions]
    vocabulary = sorted({word for image in split for words in image for word in words})
    data: Captions = []
    gc.disable()  # millions of lists that all stay: nothing to collect
    for _ in range(images):
        texts = []
        for words in split[int(rng.random() * len(split))]:
            changed = words or [""]
            place = int(rng.random() * len(changed))
            word = vocabulary[int(rng.random() * len(vocabulary))]
            texts.append(" ".join([*changed[:place], word, *changed[place + 1 :]]))
        data.append(texts)
    gc.enable()
    return data


@contextmanager
def peak_memory() -> Iterator[dict[int, int]]:
    """Collect the peak resident memory of this process and its children: process id -> bytes.

    Linux only. A child's `ru_maxrss` would not do: it starts from what its parent held.
    """
    peaks: dict[int, int] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            for process in (os.getpid(), *(c.pid or 0 for c in multiprocessing.active_children())):
                with suppress(OSError, StopIteration):
                    lines = Path(f"/proc/{process}/status").read_text().splitlines()
                    line = next(line for line in lines if line.startswith("VmHWM"))
                    peaks[process] = int(line.split()[1]) * 1024

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        done.set()
        watcher.join()


def timed(work: Callable[[], Floats], repeats: int) -> tuple[float, Floats]:
    """Give the best wall time of several runs in seconds, and the result."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


if __name__ == "__main__":
    main()
