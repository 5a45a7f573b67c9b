"""Mutate tables and configs; count what is read, refused, breaks or hangs.

    python -m experiments.robustness.fuzz_tables --cases 10000

See `fuzz_cases` for what is counted. The counts go to `fuzz_tables.json`, the failures with them.
"""

import io
import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from experiments.robustness.fuzz_cases import Fuzz, Kinds, mutate, run_all
from tests.data.tables.forms import FORMS, Annotated, Images
from wfa.data.sets import captions_folder, captions_parquet
from wfa.errors import DataError, UserError
from wfa.options.run_config import resolve
from wfa.search.metadata_table import read_metadata
from wfa.tasks.predictions import read_predictions

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


KINDS: Kinds = {
    "table": (table_case, 0.6),
    "images in Parquet": (parquet_case, 0.15),
    "config": (config_case, 0.2),
    "answers": (answers_case, 0.05),
}


def warm_up() -> None:
    """Import what takes longer than a case may; processes of cases are forked from this one."""
    resolve(WORDS[:1])
    resolve(["encoder=open_clip", "data=bigearthnet_txt"])
    pa.array([0], pa.timestamp("ns")).to_pylist()  # imports pandas where it is there


if __name__ == "__main__":
    warm_up()
    run_all(Fuzz(KINDS, (UserError,)), Path(__file__))
