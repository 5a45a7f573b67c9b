"""Peak memory of indexing a scene against its size.

    python experiments/benchmarks/scene_memory.py RUN [--sides 2000 5000 10000]

RUN is a finished run of pictures, such as that of `wfa train run=scenes`. The scenes are made:
three bands of 16 bits, coarse noise from a seed, so that the stretch is surveyed too. The verb
indexes each in a process of its own, whose most resident memory is read; the
smallest scene is the peer.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from _record import Row, record
from affine import Affine
from rasterio.windows import Window

from wfa.cli.main import app
from wfa.comparing.peak_memory import peak_bytes

SIDES = (2_000, 5_000, 10_000)
BLOCK, TILE = 512, 512
COARSE = 16
"""Pixels of a block that are alike: what is drawn fast and packs well."""


def main() -> None:
    """Measure, print and write `scene_memory.json`; or index one scene and print the peak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES)
    parser.add_argument("--index", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.index:
        print(peak_of(asked.run, asked.index))
        return
    peaks = {}
    for side in asked.sides:
        with tempfile.TemporaryDirectory() as folder:
            write_scene(Path(folder) / "scene.tif", side)
            words = [sys.executable, __file__, str(asked.run), "--index", folder]
            said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        peaks[side] = int(said.split()[-1]) / 2**20
        print(f"{side:,} pixels a side: {peaks[side]:,.0f} MiB", flush=True)
    smallest = min(peaks)
    record(Path(__file__).stem, [
        Row(f"peak memory, a scene of {side:,} x {side:,} pixels x 3 of 16 bits "
            f"({6 * side**2 / 2**20:,.0f} MiB), tiles of {TILE}; peer: {smallest:,} x {smallest:,}",
            peaks[side], peaks[smallest], peaks[smallest] / peaks[side], 0.9, None, "MiB",
            "libraries, whose pages a busy machine takes back; 64 MiB of decoded blocks")
        for side in sorted(peaks) if side != smallest
    ])  # fmt: skip


def peak_of(run: Path, folder: Path) -> int:
    """Index a folder by the verb in this process; return the most memory that it held, in bytes."""
    words = ["index", str(run), "--images", str(folder), f"out={folder / 'index'}"]
    app([*words, f"tile.size={TILE}"], standalone_mode=False)
    return peak_bytes() or 0


def write_scene(path: Path, side: int) -> None:
    """Write a georeferenced scene block by block."""
    rng = np.random.default_rng(0)
    with rasterio.open(
        path, "w", driver="GTiff", count=3, width=side, height=side, dtype="uint16", tiled=True,
        blockxsize=BLOCK, blockysize=BLOCK, compress="lzw", interleave="pixel", photometric="rgb",
        crs="EPSG:32633", transform=Affine(10, 0, 400_000, 0, -10, 5_400_000), bigtiff="yes",
    ) as target:  # fmt: skip
        for row in range(0, side, BLOCK):
            for column in range(0, side, BLOCK):
                height, width = min(BLOCK, side - row), min(BLOCK, side - column)
                coarse = rng.integers(0, 4000, (3, BLOCK // COARSE, BLOCK // COARSE), np.uint16)
                values = np.kron(coarse, np.ones((1, COARSE, COARSE), np.uint16))
                target.write(values[:, :height, :width], window=Window(column, row, width, height))


if __name__ == "__main__":
    main()
