"""BigEarthNet.txt at its size: the official patches, generated rows, real blobs; time and memory.

    WFA_DATA_DIR=... OMP_NUM_THREADS=1 nice python experiments/benchmarks/ben_at_size.py

measures each part in a process of its own and with a file of its own; `--part ranking` measures
that alone.

The official metadata name 480,038 patches; as many of each split are taken as BigEarthNet.txt has,
and each gets the twenty real rows of this repository's data, the caption with a number of its own.
Every patch is read from the LMDB of that data, which has a few: a blob is real, of its real size
and decoded, but comes from memory, so that the disk of a whole BigEarthNet (some 80 GB) is not in
these figures. Seconds are those of the processor, memory the peak of a part's process, libraries
included. Synthetic: nothing is learnt here, and since so few real patches have so few features,
nearly all of which would tie, those that are ranked are drawn: captions around their images.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from _drawn_features import drawn_features
from _record import Row, record

from wfa.bigearthnet import layout
from wfa.bigearthnet.archives import ANNOTATIONS, METADATA
from wfa.bigearthnet.patch_stores import Bands, LmdbStore
from wfa.comparing.peak_memory import forget_peak, peak_bytes
from wfa.data.loader import CaptionDataModule, TrainingBatches
from wfa.options.run_config import resolve
from wfa.retrieval.evaluate import evaluate_retrieval
from wfa.runs.embed import embed
from wfa.runs.parts import Parts

PATCHES = {"train": 229_114, "validation": 118_095, "test": 115_753, "bench": 1_082}
Measured = tuple[str, float, str, str]
"""Case, figure, unit, what bounds it."""
PARTS = ("training", "embedding", "ranking")
BATCH = 64
WIDTH = 64
CAPTIONS = 3
SHARE = 1 / 3
"""Of its image in a caption that is drawn."""
AT_ONCE = 20_000
WORDS = (
    "data=bigearthnet_txt", "encoder=small", "aggregation=uniqueness", "train.cache=false",
    "encoder.image_tower=vit", "encoder.image_size=120", "encoder.patch_size=40",
    "encoder.image_width=32", "encoder.text_width=32", "encoder.text_layers=1",
    "encoder.embed_dim=64", "train.workers=0",
)  # fmt: skip


class Aliases(LmdbStore):
    """Gives each official patch a real one of the same sensor."""

    @contextmanager
    def patch(self, name: str, bands: Sequence[str]) -> Iterator[Bands]:
        """Give the bands of the patch that stands for `name`."""
        with super().patch(self._real(name), bands) as found:
            yield found

    def holds(self, names: Sequence[str]) -> list[bool]:
        """Every patch is there."""
        return [True] * len(names)

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return that of the real patches."""
        return super().fingerprint(sorted({self._real(name) for name in names}))

    def _real(self, name: str) -> str:
        if "_real_names" not in vars(self):
            names = [one for one in self.names() if not one.endswith("_reference_map")]
            self._real_names = {
                sensor: [one for one in names if one.startswith(sensor)] for sensor in ("S1", "S2")
            }
        own = self._real_names[name[:2]]
        return own[zlib.crc32(name.encode()) % len(own)]


def main() -> None:
    """Make the rows, measure each part in a process of its own, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=400, help="batches of an epoch")
    parser.add_argument("--part", choices=PARTS, help="this one alone")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    root = Path(os.environ["WFA_DATA_DIR"])
    if asked.measure:
        own = [f"data.root={asked.measure}", f"data.images_root={root / 'bigearthnet_v2'}"]
        parts: dict[str, Callable[[], Iterator[Measured]]] = {
            "training": partial(trained, own, asked.batches),
            "embedding": partial(embedded, own),
            "ranking": ranked,
        }
        for row in parts[asked.part]():
            print(json.dumps(row), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        grown = Path(folder) / "bigearthnet_txt"
        wanted = [asked.part] if asked.part else PARTS
        if set(wanted) != {"ranking"}:  # which draws what it ranks
            rows = make(root, grown)
            size = (grown / ANNOTATIONS).stat().st_size / 2**20
            print(f"{rows:,} rows of {sum(PATCHES.values()):,} patches, {size:,.0f} MiB")
        for part in wanted:
            words = [sys.executable, __file__, "--measure", str(grown), "--part", part]
            found: list[Row] = []
            for each in printed([*words, "--batches", str(asked.batches)]):
                found.append(each)
                record(f"ben_at_size_{part}", found)  # as they come: a later one may fail


def printed(words: list[str]) -> Iterator[Row]:
    """Measure a part; give each of its rows once it is there."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield row_of(*json.loads(line))
    if process.returncode:
        sys.exit(process.returncode)


def row_of(case: str, figure: float, unit: str, bound_by: str) -> Row:
    """Make a row of a figure that no peer has."""
    return Row(case, figure, None, None, None, None, unit, bound_by)


def make(root: Path, folder: Path) -> int:
    """Write rows for the official patches; return how many."""
    folder.mkdir()
    sample = pq.read_table(root / "bigearthnet_txt" / ANNOTATIONS)
    official = pq.read_table(root / "bigearthnet_v2_metadata" / METADATA[0])
    is_caption = np.array(sample["type"]) == "captioning"
    written = 0
    with pq.ParquetWriter(folder / ANNOTATIONS, sample.schema) as writer:
        for split, patches in taken(official).items():
            for start in range(0, len(patches), AT_ONCE):
                part = patches.slice(start, AT_ONCE)
                place = np.repeat(np.arange(len(part)), len(sample))
                rows = sample.take(pa.array(np.tile(np.arange(len(sample)), len(part))))
                number = pa.array(written + place).cast(pa.string())
                said = pc.binary_join_element_wise(
                    rows["output"].cast(pa.string()), number, " Place "
                )
                captions = pa.array(np.tile(is_caption, len(part)))
                for name, values in (
                    ("ID", pa.array(written + np.arange(len(rows)))),
                    ("patch_id", part["patch_id"].take(pa.array(place))),
                    ("s1_name", part["s1_name"].take(pa.array(place))),
                    ("split", pa.array([split] * len(rows))),
                    ("output", pc.if_else(captions, said, rows["output"])),
                ):
                    at = rows.schema.get_field_index(name)
                    field = rows.schema.field(at)
                    rows = rows.set_column(at, field, values.cast(field.type))
                writer.write_table(rows)
                written += len(rows)
    return written


def taken(official: pa.Table) -> dict[str, pa.Table]:
    """Return the patches of each split; those of bench are the last of test."""
    of = {name: official.filter(pc.equal(official["split"], name)) for name in PATCHES}
    found = {name: of[name].slice(0, count) for name, count in PATCHES.items()}
    return {**found, "bench": of["test"].slice(PATCHES["test"], PATCHES["bench"])}


def prepared(own: Sequence[str]) -> Parts:
    """Make the model, whose imports do not count, and read real patches for all names."""
    vars(layout)["LmdbStore"] = Aliases  # where data sets have it from
    parts = Parts(resolve([*WORDS, *own]))
    parts.model.requires_grad_(requires_grad=False)
    forget_peak()
    return parts


def trained(own: Sequence[str], batches: int) -> Iterator[Measured]:
    """Open, join, weigh and load; give each figure once it is there."""
    parts = prepared(own)
    start = time.process_time()
    train = parts.split("train")
    pairs = len(train.dataset)
    yield (f"opening the training split: {pairs:,} pairs joined with their rows",
           time.process_time() - start, "s", "decoding the texts of the Parquet file")  # fmt: skip
    yield "memory after opening", gib(), "GiB", "the texts of 4.6 M rows; torch and open_clip"
    start = time.process_time()
    some = np.random.default_rng(0).choice(pairs, 5_000, replace=False).tolist()
    captions = sum(len(train.texts.of(row)[0]) for row in some)
    seconds = time.process_time() - start
    case = f"statements and weights of {len(some):,} images, {captions / len(some):.1f} texts each"
    yield case, len(some) / seconds, "images/s", "matching statements; BLEU of twenty texts"
    module = CaptionDataModule(
        TrainingBatches(train.inputs, train.texts, 0), pairs, BATCH, 0, workers=0
    )
    loader = module.train_dataloader()
    images, start = 0, time.process_time()
    for epoch in range(2):
        loader.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
        for batch in islice(loader, batches):
            images += len(batch.rows)
        yield (f"memory after {images:,} images of epochs of batches", gib(), "GiB",
               "as above; tokens of the texts met so far, of a million at most")  # fmt: skip
    yield (f"batches of {BATCH}, twelve bands, in two orders of all pairs",
           images / (time.process_time() - start), "images/s",
           "statements, weights and 0.7 MB of float32 an image")  # fmt: skip


def embedded(own: Sequence[str]) -> Iterator[Measured]:
    """Embed the captions and images of the test split."""
    parts = prepared([*own, "data.texts=caption"])
    start = time.process_time()
    test = parts.split("test")
    yield (f"opening the test split: {len(test.dataset):,} pairs", time.process_time() - start,
           "s", "decoding the texts of the Parquet file")  # fmt: skip
    start = time.process_time()
    found = embed(parts.model, test.dataset, test.inputs, test.texts)
    case = f"embedding {len(found.images):,} pairs and {len(found.captions):,} captions"
    yield case, time.process_time() - start, "s", "reading patches; towers that learn nothing"
    yield "memory after embedding", gib(), "GiB", "the texts of the test split; features"


def ranked() -> Iterator[Measured]:
    """Rank as many captions and images as the test split has, and the patches' joint features."""
    pairs = PATCHES["test"]
    captions = CAPTIONS * pairs
    found = drawn_features(pairs, captions, WIDTH, SHARE)
    forget_peak()
    start = time.process_time()
    rows = evaluate_retrieval(found, "bigearthnet_txt", "test").rows
    seconds = time.process_time() - start
    case = f"all protocols, both directions: {captions:,} captions, {pairs:,} images, {WIDTH} wide"
    yield case, seconds, "s", f"{2 * captions * pairs / 1e9:.0f} G scores of captions, and counts"
    value = {(r.protocol, r.queries, r.metric): r.value for r in rows if not r.oracle}
    yield "strict mR of single queries, in percent", 100 * value["strict", "single", "mR"], "%", ""
    yield "memory after ranking", gib(), "GiB", "features; scores in blocks; ranks of all queries"


def gib() -> float:
    """Return the peak of this process since its model was made."""
    return (peak_bytes() or 0) / 2**30


if __name__ == "__main__":
    main()
