"""Mutate tables and configs; count what is read, refused, breaks or hangs.

    python -m experiments.robustness.fuzz_tables --cases 10000

A case is its number: it is made again from it alone. Nothing but `UserError` may come out, each
case has ten seconds of work, and a crash of the process is counted as a traceback. The counts go to
`fuzz_tables.json`, the failures with them.
"""

import argparse
import io
import json
import random
import signal
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.data.tables.forms import FORMS, Annotated, Images
from wfa.config import resolve
from wfa.data.sets import captions_folder, captions_parquet
from wfa.errors import DataError, UserError
from wfa.search.image_metadata import read_metadata
from wfa.tasks.predictions import read_predictions

SECONDS, PATIENCE = 10, 300  # of a case: at work, and by the clock
PART = 250  # cases of one process
SPECIALS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b"[", b"]", b"{", b"}", b",", b";", b"\t",
    b"\n", b"\r", b"\\", b"\\ud800", b"null", b"NaN", b"1e999", b"9" * 5000, b"[" * 3000,
    b"['" * 50, b"../", b"file_name", b"caption", b"split", b"train", b"${", b"!!python/object",
    b"&a *a", b"a" * 300,
)  # fmt: skip
WORDS = (
    "run=ucm_frozen", "data=captions_folder", "data.root=d", "data.validation_fraction=0.2",
    "train.lr=1e-3", "train.epochs=3", "train.batch_size=8", "train.seed=1", "train.precision=bf16",
    "aggregation=attention", "aggregation.caption_dropout=0.5", "loss=sigmoid", "name=x",
    "encoder=open_clip", "encoder.model=ViT-B-32", "retrieval.queries=[single]",
)  # fmt: skip
TEXTS = (
    "a lake",
    "[north up] a lake",
    'a "blue" lake',
    "two\nlines",
    "['a', 'b']",
    "nan",
    "",
    "é 🛰",
)
SPLITS = ("train", "val", "test", "Test ", "", "0", "fold1")


class Hang(BaseException):
    """A case took too long."""


def images_of(rng: random.Random) -> Images:
    """Make a small data set, one of three with strange words."""
    has_splits, strange = rng.random() < 0.5, rng.random() < 0.33
    return [
        Annotated(
            name=rng.choice((f"{place}.png", "0.png")) if strange else f"a/{place}.png",
            split=rng.choice(SPLITS[: None if strange else 4]) if has_splits else "",
            captions=tuple(rng.choices(TEXTS[: None if strange else 4], k=rng.randint(1, 3))),
        )
        for place in range(rng.randint(3, 8))
    ]


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


def table_case(rng: random.Random, root: Path) -> None:
    """Read a mutated table as a data set and as facts about images."""
    FORMS[rng.choice(list(FORMS))](root, images_of(rng))
    (path,) = root.iterdir()
    path.write_bytes(mutate(path.read_bytes(), rng))
    config = captions_folder.Config(root=str(root), on_empty_caption="skip")
    if rng.random() < 0.3:
        read_metadata(path, root)
    for split in captions_folder.CaptionsFolder.splits(config):
        data = captions_folder.CaptionsFolder(config, split)
        with suppress(DataError):
            data.check_present()


def picture(shade: int) -> bytes:
    """Return a small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (4, 4), (shade, 0, 0)).save(file, "PNG")
    return file.getvalue()


def parquet_case(rng: random.Random, root: Path) -> None:
    """Read mutated Parquet files with images in them, bytes and all."""
    for name in rng.sample(
        ("train.parquet", "data/test-0.parquet", "x.parquet"), rng.randint(1, 2)
    ):
        images = images_of(rng)
        cells = [{"bytes": picture(place), "path": item.name} for place, item in enumerate(images)]
        columns: dict[str, Any] = {
            "image": cells,
            "caption": [list(item.captions) for item in images],
            "thumbnail": [b"x"] * len(images),
            "split": [item.split or None for item in images],
        }
        kept = (
            list(columns)[: rng.choice((4, 3, 2))] if rng.random() < 0.9 else ["split", "caption"]
        )
        (root / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({key: columns[key] for key in kept}), root / name, row_group_size=2)
        (root / name).write_bytes(mutate((root / name).read_bytes(), rng))
    config = captions_parquet.Config(
        root=str(root), on_empty_caption="skip", on_bad_image=rng.choice(("error", "skip"))
    )
    for split in captions_parquet.CaptionsParquet.splits(config):
        data = captions_parquet.CaptionsParquet(config, split)
        for index in range(len(data)):
            data.read_image(index)


def config_case(rng: random.Random, root: Path) -> None:
    """Resolve mutated words, half the time over a mutated config file."""
    words = [
        mutate(word.encode(), rng).decode("utf-8", "replace") if rng.random() < 0.6 else word
        for word in rng.sample(WORDS, rng.randint(0, 5))
    ]
    if rng.random() < 0.5:
        resolve(words)
        return
    whole = resolve(rng.sample(("data=rsicd", "aggregation=mean", "train.lr=1e-4"), 2)).as_yaml()
    path = root / "config.yaml"
    path.write_bytes(mutate(whole.encode(), rng))
    resolve([word for word in words if not word.startswith("run")], path)


def answers_case(rng: random.Random, root: Path) -> None:
    """Read a mutated file of answers."""
    lines = [json.dumps({"ID": place, "output": rng.choice(TEXTS)}) for place in range(6)]
    path = root / "answers.jsonl"
    path.write_bytes(mutate("\n".join(lines).encode(), rng))
    read_predictions(path)


Case = Callable[[random.Random, Path], None]
KINDS: dict[str, tuple[Case, float]] = {
    "table": (table_case, 0.6),
    "images in Parquet": (parquet_case, 0.15),
    "config": (config_case, 0.2),
    "answers": (answers_case, 0.05),
}


def run_case(number: int) -> tuple[str, str, str]:
    """Return the kind of a case, what became of it, and the traceback where there is one."""
    rng = random.Random(number)
    kind = rng.choices(list(KINDS), [share for _, share in KINDS.values()])[0]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with alarm():
                KINDS[kind][0](rng, Path(folder))
        except UserError:
            return kind, "refused", ""
        except Hang:
            return kind, "hang", traceback.format_exc(limit=-3)
        except Exception:
            return kind, "traceback", traceback.format_exc(limit=-4)
    return kind, "read", ""


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


def run_part(numbers: range) -> list[tuple[str, str, str]]:
    """Run some cases in this process."""
    return [run_case(number) for number in numbers]


def warm_up() -> None:
    """Import what takes longer than a case may; processes of cases are forked from this one."""
    resolve(WORDS[:1])
    resolve(["encoder=open_clip", "data=bigearthnet_txt"])
    pa.array([0], pa.timestamp("ns")).to_pylist()  # imports pandas where it is there


def main() -> None:
    """Run all cases and write the counts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    asked = parser.parse_args()
    warm_up()
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    failures = []
    began = time.perf_counter()
    for start in range(asked.first, asked.first + asked.cases, PART):
        numbers = range(start, min(start + PART, asked.first + asked.cases))
        for number, (kind, became, detail) in zip(numbers, outcomes(numbers), strict=True):
            counts.setdefault(kind, Counter())[became] += 1
            if detail:
                failures.append({"case": number, "kind": kind, "detail": detail})
                print(f"case {number} ({kind}): {detail}")
    found = {
        "cases": asked.cases,
        "first": asked.first,
        "seconds": round(time.perf_counter() - began),
        "counts": {
            kind: {became: own[became] for became in ("read", "refused", "traceback", "hang")}
            for kind, own in counts.items()
        },
        "failures": failures,
    }
    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["counts"], indent=1))


def outcomes(numbers: range) -> list[tuple[str, str, str]]:
    """Run cases in a process of their own; one that crashes it is found by running each alone."""
    try:
        with ProcessPoolExecutor(1) as pool:
            return pool.submit(run_part, numbers).result()
    except BrokenProcessPool:
        if len(numbers) == 1:
            return [("table", "traceback", "the process crashed")]
        half = len(numbers) // 2
        return outcomes(numbers[:half]) + outcomes(numbers[half:])


if __name__ == "__main__":
    main()
