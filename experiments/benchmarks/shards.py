"""Training images out of shards against those of a folder, and the memory of a long stream.

    WFA_DATA_DIR=... python experiments/benchmarks/shards.py [--samples 1000000]

Both sides decode, resize and normalise every picture of RSICD's training split, draw its captions
by `uniqueness` and put batches of 64 together, a whole pass, so that what the shuffle buffer reads
ahead counts. Rates are by processor time of the one process that does everything, so that what else
the machine does matters little; the sides take turns, batch by batch.
"""

import argparse
import io
import json
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _record import Row, record
from PIL import Image
from torch import Tensor

from wfa.aggregation.text_half import TextHalf
from wfa.data.dataset import ImageTextDataset
from wfa.data.images import ImageSpec
from wfa.data.loader import CaptionDataModule, TrainingBatches
from wfa.data.pixel_inputs import PixelInputs
from wfa.data.sets.webdataset import Config, WebDataset
from wfa.data.shards.pack import pack
from wfa.data.shards.pack_options import PackOptions
from wfa.data.shards.stream_batches import StreamDataModule
from wfa.data.weighted_captions import WeightedCaptions, weights_key
from wfa.options.option_classes import read_choice

BATCH = 64
SPEC = ImageSpec(224, (0.48, 0.46, 0.41), (0.27, 0.26, 0.28))
EARLY = 0.1
"""Share of the samples after which memory is looked at for the first time."""


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200_000, help="samples of the long stream")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        print(json.dumps(peaks(asked.memory, asked.samples)))
        return
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        record("shards", [rates(Path(folder)), memory(Path(folder), asked.samples)])


def rates(folder: Path) -> Row:
    """Compare the images a second of processor time."""
    data = read_choice("data", "rsicd")
    aggregation = read_choice("aggregation", "uniqueness")
    half = TextHalf(aggregation.plugin(), aggregation.options)
    pack(data, aggregation, folder, PackOptions())
    by_number: ImageTextDataset = data.plugin()(data.options, "train")
    shards = WebDataset(Config(root=str(folder)), "train")
    stream = shards.stream(weights_key(half))
    assert stream is not None
    batches = len(by_number) // BATCH
    ours_module = StreamDataModule(inputs(shards), stream, half, 0, BATCH, batches, 0)
    texts = WeightedCaptions(by_number, half)
    peer_module = CaptionDataModule(
        TrainingBatches(inputs(by_number), texts, 0), len(by_number), BATCH, 0, 0
    )
    ours, peer = rates_in_turn(
        *(iter(one.train_dataloader()) for one in (ours_module, peer_module))
    )
    return Row(
        case=f"RSICD train, batches of {BATCH} pictures of 224 px, shards; peer: the folder",
        ours=ours,
        peer=peer,
        ratio=ours / peer,
        goal=0.9,
        agreement=None,
        unit="images/s of processor time",
        bound_by="decoding and standardising pictures, the same on both sides",
    )


def inputs(dataset: ImageTextDataset) -> PixelInputs:
    """Feed a tower of 224 px that has no cache of decoded pictures."""
    return PixelInputs(dataset, SPEC, lengths, cache=None, augment="none")


def lengths(texts: Any) -> Tensor:
    """Stand in for a tokenizer, which costs the same on both sides."""
    return torch.tensor([[len(text)] for text in texts])


def rates_in_turn(*sides: Iterator[Any]) -> list[float]:
    """Return images a second of processor time of each side, over all of its batches."""
    seconds, images = [0.0] * len(sides), [0] * len(sides)
    while True:
        for place, batches in enumerate(sides):
            start = time.process_time()
            batch = next(batches, None)
            if batch is None:
                return [count / spent for count, spent in zip(images, seconds, strict=True)]
            seconds[place] += time.process_time() - start
            images[place] += len(batch.rows)


def memory(folder: Path, samples: int) -> Row:
    """Stream small samples in a process of their own, and look at its peak."""
    shard = small_shard(folder / "small.tar", 2000)
    words = [sys.executable, __file__, "--memory", str(shard), "--samples", str(samples)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    early, late = json.loads(said.splitlines()[-1])
    return Row(
        case=f"peak memory after {samples:,} samples of a stream; peer: after a tenth of them",
        ours=late / 2**20,
        peer=early / 2**20,
        ratio=early / late,
        goal=0.95,
        agreement=None,
        unit="MiB",
        bound_by="libraries; the shuffle buffer of 1,000 samples as they lie in the shard",
    )


def peaks(shard: Path, samples: int) -> tuple[int, int]:
    """Return the peak of this process, in bytes, early in a stream and at its end."""
    dataset = WebDataset(Config(shards=(str(shard),)), "train")
    aggregation = read_choice("aggregation", "mean")
    half = TextHalf(aggregation.plugin(), aggregation.options)
    stream = dataset.stream(None)
    assert stream is not None
    small = ImageSpec(16, (0.5,) * 3, (0.5,) * 3)
    own = PixelInputs(dataset, small, lengths, cache=None, augment="none")
    count = samples // BATCH
    module = StreamDataModule(own, stream, half, 0, BATCH, count, 0)
    batches = iter(module.train_dataloader())
    found = []
    for stop in (int(EARLY * count), count - int(EARLY * count)):
        for _ in islice(batches, stop):
            pass
        found.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return found[0], found[1]


def small_shard(path: Path, samples: int) -> Path:
    """Write pictures of 16 px with two captions each."""
    rng = np.random.default_rng(0)
    with tarfile.open(path, "w") as archive:
        for number in range(samples):
            picture = io.BytesIO()
            pixels = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(picture, "JPEG")
            captions = [f"field number {number}", "an aerial image"]
            for ending, content in (
                ("jpg", picture.getvalue()),
                ("json", json.dumps({"captions": captions}).encode()),
            ):
                entry = tarfile.TarInfo(f"{number:06d}.{ending}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return path


if __name__ == "__main__":
    main()
