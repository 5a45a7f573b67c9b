"""BigEarthNet.txt grown to its full number of rows by repetition, and the first batch of it."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wfa.aggregation.text_half import TextHalf
from wfa.bigearthnet import layout
from wfa.bigearthnet.archives import ANNOTATIONS
from wfa.bigearthnet.patch_stores import Bands, LmdbStore
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt, Config
from wfa.comparing.peak_memory import peak_bytes
from wfa.data.loader import Key, TrainingBatches
from wfa.data.weighted_captions import WeightedCaptions
from wfa.encoders.models.small import Config as SmallConfig
from wfa.encoders.models.small import Small
from wfa.options.run_config import resolve

ROWS = 9_553_962
IMAGES = 64
_AT_ONCE = 1 << 20
_SHARES = {"train": 0.494, "validation": 0.254, "test": 0.249, "bench": 0.003}


class Copies(LmdbStore):
    """Gives every copy of a patch the patch itself."""

    @contextmanager
    def patch(self, name: str, bands: Sequence[str]) -> Iterator[Bands]:
        """Give the bands of the patch that `name` is a copy of."""
        with super().patch(name.rpartition("-")[0], bands) as found:
            yield found

    def holds(self, names: Sequence[str]) -> list[bool]:
        """Look for the patches themselves."""
        return super().holds([name.rpartition("-")[0] for name in names])


def grow(source: Path, root: Path) -> None:
    """Write all rows of a file again and again, each time as those of another patch.

    Args:
        source: The folder of a small BigEarthNet.txt.
        root: The folder to write the large one to.
    """
    root.mkdir()
    table = pq.read_table(source / ANNOTATIONS)
    patch, s1_name = table["patch_id"][0].as_py(), table["s1_name"][0].as_py()
    split_of = np.random.default_rng(0).choice(list(_SHARES), ROWS, p=list(_SHARES.values()))
    with pq.ParquetWriter(root / ANNOTATIONS, table.schema) as writer:
        for start in range(0, ROWS, _AT_ONCE):
            rows = np.arange(start, min(start + _AT_ONCE, ROWS))
            copy = rows // len(table)
            number = pa.array(copy).cast(pa.string())
            part = table.take(pa.array(rows % len(table)))
            for name, values in (
                ("ID", pa.array(rows)),
                ("patch_id", pc.binary_join_element_wise(patch, number, "-")),
                ("s1_name", pc.binary_join_element_wise(s1_name, number, "-")),
                ("split", pa.array(split_of[copy])),
            ):
                place = table.schema.get_field_index(name)
                field = table.schema.field(place)
                part = part.set_column(place, field, values.cast(field.type))
            writer.write_table(part)


def first_batch(root: Path, imagery: Path) -> tuple[float, float]:
    """Open the training split and draw its first batch, in a process of its own.

    Returns:
        Seconds of the processor without imports, and the process's peak memory in GB with them.
    """
    # Not through multiprocessing, which would import the peer there too.
    command = [sys.executable, __file__, str(root), str(imagery)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = map(float, printed.split())
    return seconds, memory


def _first_batch(root: Path, imagery: Path) -> tuple[float, float]:
    vars(layout)["LmdbStore"] = Copies  # where data sets have it from
    options = Config(root=str(root), images_root=str(imagery))
    aggregation = resolve(["aggregation=uniqueness"]).aggregation
    half = TextHalf(aggregation.plugin(), aggregation.options)
    encoder = Small(SmallConfig(), BigEarthNetTxt.channels_for(options))
    started = time.process_time()
    dataset = BigEarthNetTxt(options, "train")
    inputs = encoder.inputs(dataset, None, "none")
    batches = TrainingBatches(inputs, WeightedCaptions(dataset, half), seed=0)
    batch = batches[list(_keys(len(dataset)))]
    seconds = time.process_time() - started
    assert len(batch.rows) == IMAGES
    # Not `ru_maxrss`, which starts from what the parent held.
    return seconds, (peak_bytes() or 0) / 1e9


def _keys(images: int) -> Iterator[Key]:
    for row in np.random.default_rng(0).permutation(images)[:IMAGES]:
        yield Key(0, int(row))


if __name__ == "__main__":
    print(*_first_batch(Path(sys.argv[1]), Path(sys.argv[2])))
