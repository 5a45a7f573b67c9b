"""Reading and normalising BigEarthNet v2 pairs against configilm's data set on the same LMDB.

    WFA_DATA_DIR=... OMP_NUM_THREADS=1 python experiments/benchmarks/ben_reader.py

Twelve bands (VV, VH and the ten of 10 m and 20 m) at 120 x 120 pixels, standardised with the same
statistics, one process and one thread, in two ways: nearest as configilm's data set resamples,
bilinear with its own function. configilm pins an old numpy and pyarrow, so it is no part of `dev`:
install it beside them with `pip install --no-deps configilm appdirs`, and pandas.
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
from _record import Row, record
from configilm.extra.BENv2_utils import band_combi_to_mean_std, stack_and_interpolate
from configilm.extra.DataSets.BENv2_DataSet import BENv2DataSet
from torchvision.transforms import Normalize  # type: ignore[import-untyped]

from wfa.data._bigearthnet.bands import PATCH_SIZE, RESAMPLINGS, channels_of, resolve_bands
from wfa.data._bigearthnet.published import LMDB, METADATA
from wfa.data._bigearthnet.reader import PatchReader
from wfa.data._bigearthnet.stores import LmdbStore
from wfa.data.images import ImageSpec, normalise, resize

Names = tuple[str, str]
"""A pair: patch_id and s1_name."""
Read = Callable[[int], torch.Tensor]

BANDS = list(resolve_bands("s1s2-10m20m"))
GOAL = 2.0
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
        record("ben_reader", [compare(folder, Path(copy) / LMDB, how) for how in RESAMPLINGS])


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
            "bilinear": "torch's interpolation of six bands, which the peer calls too",
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
