"""Reading BigEarthNet v2 pairs against configilm's data set on the same LMDB, and the whole text.

    WFA_DATA_DIR=... OMP_NUM_THREADS=1 python experiments/benchmarks/ben_reader.py

Twelve bands (VV, VH and the ten of 10 m and 20 m) at 120 x 120 pixels, standardised with the same
statistics, one process and one thread, in two ways: nearest as configilm's data set resamples,
bilinear with its own function. configilm pins an old numpy and pyarrow, so it is no part of `dev`:
install it beside them with `pip install --no-deps configilm appdirs`, and pandas.

Then BigEarthNet.txt grown to its 9,553,962 rows: from opening the file to the first training batch
of 64 images, against the limits that were set, in seconds of the processor, which do not depend on
what else the machine does, and in memory.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from _ben_grown import IMAGES, ROWS, first_batch, grow
from _record import Row, record
from configilm.extra.BENv2_utils import band_combi_to_mean_std, stack_and_interpolate
from configilm.extra.DataSets.BENv2_DataSet import BENv2DataSet
from torchvision.transforms import Normalize  # type: ignore[import-untyped]

from wfa.bigearthnet.archives import LMDB, METADATA
from wfa.bigearthnet.bands import PATCH_SIZE, RESAMPLINGS, channels_of, resolve_bands
from wfa.bigearthnet.patch_reader import PatchReader
from wfa.bigearthnet.patch_stores import LmdbStore
from wfa.data.images import ImageSpec, normalise, resize

Names = tuple[str, str]
"""A pair: patch_id and s1_name."""
Read = Callable[[int], torch.Tensor]

BANDS = list(resolve_bands("s1s2-10m20m"))
GOAL = 2.0
LIMITS = (
    (20.0, "s (limit)", "decoding the texts, and memory that is touched for the first time"),
    (3.0, "GB (limit)", "the texts of 4.7 M rows (1.1 GB), torch and open_clip (1.1 GB)"),
)
"""Of the first batch: seconds and peak memory, and what bounds each."""
PASSES, ROUNDS = 20, 9


def main() -> None:
    """Time both readers turn by turn, so that a busy machine slows both."""
    torch.set_num_threads(1)
    root = os.environ.get("WFA_DATA_DIR")
    if root is None:
        sys.exit("set WFA_DATA_DIR to the folder that holds bigearthnet_v2/")
    folder = Path(root) / "bigearthnet_v2"
    with tempfile.TemporaryDirectory() as copy:
        # LMDB opens a file once in a process: the peer gets a copy, and both are in memory.
        shutil.copytree(folder / LMDB, Path(copy) / LMDB)
        rows = [compare(folder, Path(copy) / LMDB, how) for how in RESAMPLINGS]
        rows += first_batch_rows(Path(root) / "bigearthnet_txt", folder, Path(copy))
        record("ben_reader", rows)


def first_batch_rows(source: Path, imagery: Path, folder: Path) -> list[Row]:
    """Measure the first batch of the grown text."""
    grow(source, folder / "grown")
    measured = first_batch(folder / "grown", imagery)
    return [
        Row(
            case=f"opening {ROWS:,} rows, filtering to train, first batch of {IMAGES} images",
            ours=ours,
            peer=limit,
            ratio=limit / ours,
            goal=1.0,
            agreement=None,
            unit=unit,
            bound_by=bound_by,
        )
        for ours, (limit, unit, bound_by) in zip(measured, LIMITS, strict=True)
    ]


def compare(folder: Path, copy: Path, resampling: str) -> Row:
    """Compare one way of resampling on all pairs."""
    theirs, names = configilm_reader(folder, copy, resampling)
    ours = our_reader(folder, resampling, names)
    places = range(len(names))
    difference = max(float((ours(place) - theirs(place)).abs().max()) for place in places)
    rates = [(rate(ours, len(names)), rate(theirs, len(names))) for _ in range(ROUNDS)]
    best, peer = (max(values) for values in zip(*rates, strict=True))
    return Row(
        case=f"12 bands, {resampling}, {len(names)} pairs of one LMDB, one process",
        ours=best,
        peer=peer,
        ratio=best / peer,
        goal=GOAL,
        agreement=difference,
        unit="patches/s",
        bound_by={
            "nearest": "memory: 0.7 MB of float32 are written, copied, subtracted and divided",
            "bilinear": "six bands doubled by slices, twice 0.35 MB, and then as nearest",
        }[resampling],
    )


def configilm_reader(folder: Path, lmdb: Path, resampling: str) -> tuple[Read, list[Names]]:
    """Return the peer's data set as a function, and the pairs in its order."""
    paths = {
        "images_lmdb": lmdb,
        "metadata_parquet": folder / METADATA[0],
        "metadata_snow_cloud_parquet": folder / METADATA[1],
    }
    mean, std = band_combi_to_mean_std(BANDS, f"120_{resampling}")
    dataset = BENv2DataSet(
        paths,
        img_size=(len(BANDS), PATCH_SIZE, PATCH_SIZE),
        include_cloudy=True,
        include_snowy=True,
        transform=Normalize(mean, std),
    )
    reader = dataset.BENv2Loader
    reader.process_bands_fn = partial(
        stack_and_interpolate, img_size=PATCH_SIZE, upsample_mode=resampling
    )
    return lambda place: dataset[place][0], [(key, reader.mapping[key]) for key in dataset.patches]


def our_reader(folder: Path, resampling: str, names: Sequence[Names]) -> Read:
    """Return what training does for an image: read, bring to size, normalise."""
    channels = channels_of(tuple(BANDS), resampling)
    spec = ImageSpec(PATCH_SIZE, channels.mean, channels.std, channels.scale)
    reader = PatchReader(LmdbStore(folder / LMDB), BANDS, resampling)

    def read(place: int) -> torch.Tensor:
        return normalise(resize(reader.read(*names[place]), spec), spec)

    return read


def rate(read: Read, count: int) -> float:
    """Return how many pairs a second `read` gives."""
    start = time.perf_counter()
    for _ in range(PASSES):
        for place in range(count):
            read(place)
    return PASSES * count / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
