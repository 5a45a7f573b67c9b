"""Index real patches as one scene, and find them again: by place, by likeness and by words.

    python experiments/2026-11_what_is_found_in_a_real_scene/find_all.py RUN

RUN is a finished run of Sentinel bands, such as that of `wfa train run=scenes_s1s2`. The patches of
the Sentinel-2 tile 33UUP become one GeoTIFF at their coordinates; everything after that is done by
commands. Writes results.json and README.md.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.windows import Window

from wfa.bigearthnet.archives import METADATA
from wfa.bigearthnet.bands import PATCH_SIZE
from wfa.bigearthnet.layout import open_store
from wfa.bigearthnet.patch_reader import PatchReader
from wfa.files import write_text
from wfa.options.recipes import read_yaml
from wfa.runs.run_model import RunModel

HERE = Path(__file__).parent
TILE = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP"
WEST, NORTH, SIDE = 300_000, 5_400_000, 1200
"""Corner of the tile 33UUP and side of a patch, in metres of UTM zone 33 north."""
SHUFFLES = 2000
LEVEL = 0.05

TEXT = "The image shows {}."
README = """# What is found in a real scene by a run that was trained on synthetic ones?

{table}

{patches} real BigEarthNet v2 patches (Sentinel-1 and Sentinel-2, Austria, June 2017) as one
GeoTIFF at their coordinates, indexed by `wfa index` with tiles of 1,200 m. Self-retrieval, which
tests the way there and back and not the model: asked with the middle of a patch as `region`, which
is the tile itself, that tile is the best hit for {region_first} of {patches}; words asked for
`within` that place and month give that tile alone for {within_alone} of {patches}. By words:
one sentence for each class, `The image shows ...`, against the labels; by chance is the mean over
{shuffles:,} shuffles, and that the best hit is right the share of patches that have the class. A
share of shuffles counts the ranking itself, (1 + as good) / (1 + shuffles). Real captions, their
sentences together: the own patch has rank {ranks} of {patches}. Hits written for a map: {maps}.

The run was trained for {epochs} epochs on `scenes_s1s2`, which is synthetic (config {config}, seed
{seed}, commit {commit}). It is small and has seen no real pixel: the table says what
carries over. Shares of shuffles of at most {level:g}: {below} of {classes} classes; of at most
{level:g} over the number of classes, as so many tests ask: {corrected}.

```
wfa train run=scenes_s1s2 train.epochs={epochs} encoder.image_size=32 encoder.image_width=16 \\
    encoder.text_width=128 encoder.text_layers=1
python experiments/2026-11_what_is_found_in_a_real_scene/find_all.py RUN
```
"""


def data_folder(name: str) -> Path:
    """Return the folder of a data set."""
    return Path(os.environ["WFA_DATA_DIR"]) / name


class Patch(NamedTuple):
    """A patch: its names, its place in the tile in patches, its classes."""

    name: str
    s1_name: str
    column: int
    row: int
    labels: tuple[str, ...]

    @property
    def corner(self) -> tuple[int, int]:
        """West and south in metres."""
        return WEST + SIDE * self.column, NORTH - SIDE * (self.row + 1)

    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of its middle."""
        west, south = self.corner
        found: tuple[float, float] = Transformer.from_crs(
            "EPSG:32633", "EPSG:4326", always_xy=True
        ).transform(west + SIDE / 2, south + SIDE / 2)
        return found


def patches(root: Path) -> list[Patch]:
    """Find the patches of the tile whose images are there."""
    rows = [row for name in METADATA for row in pq.read_table(root / name).to_pylist()]
    own = [row for row in rows if row["patch_id"].startswith(TILE)]
    there = open_store(root, "auto").holds([row["patch_id"] for row in own])
    found = []
    for row in (row for row, held in zip(own, there, strict=True) if held):
        column, line = map(int, row["patch_id"].rsplit("_", 2)[1:])
        labels = tuple(row["labels"])
        found.append(Patch(row["patch_id"], row["s1_name"], column, line, labels))
    return found


def write_scene(path: Path, found: Sequence[Patch], root: Path, bands: Sequence[str]) -> None:
    """Write the patches as one GeoTIFF; what lies between them has no data."""
    columns, rows = [one.column for one in found], [one.row for one in found]
    first, top = min(columns), min(rows)
    reader = PatchReader(open_store(root, "auto"), bands, "nearest")
    corner = Affine(10, 0, WEST + SIDE * first, 0, -10, NORTH - SIDE * top)
    with rasterio.open(
        path, "w", driver="GTiff", count=len(bands), dtype="float32", nodata=float("nan"),
        width=(max(columns) - first + 1) * PATCH_SIZE, height=(max(rows) - top + 1) * PATCH_SIZE,
        crs="EPSG:32633", transform=corner, tiled=True, compress="deflate", sparse_ok=True,
    ) as target:  # fmt: skip
        target.update_tags(TIFFTAG_DATETIME="2017:06:13 10:10:31")
        target.descriptions = tuple(bands)
        for one in found:
            place = Window((one.column - first) * PATCH_SIZE, (one.row - top) * PATCH_SIZE,
                           PATCH_SIZE, PATCH_SIZE)  # fmt: skip
            target.write(np.moveaxis(reader.read(one.name, one.s1_name), -1, 0), window=place)


def wfa(*words: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "wfa", *words], check=True)


class Page:
    """The index as `wfa serve` answers for it, in a process of its own.

    Args:
        index: The index folder.
    """

    def __init__(self, index: Path) -> None:
        command = [sys.executable, "-m", "wfa", "serve", str(index), "--port", "0"]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        self._address = self._server.stdout.readline().split()[2].rstrip("/")

    def ask(self, **asked: Any) -> list[dict[str, Any]]:
        """Return the hits of a question, best first."""
        query = urlencode(asked, doseq=True)
        with urlopen(f"{self._address}/api/search?{query}", timeout=600) as answer:
            hits: list[dict[str, Any]] = json.load(answer)["hits"]
        return hits

    def close(self) -> None:
        """End the process."""
        self._server.terminate()
        self._server.wait()


def corner_of(hit: Mapping[str, Any]) -> tuple[int, int]:
    """Return west and south of a hit in the scene's own metres."""
    west, south = hit["place"]["crs_box"][:2]
    return round(west), round(south)


def by_place(page: Page, found: Sequence[Patch]) -> dict[str, int]:
    """Ask with each patch's middle as a region, and for words within that place and month."""
    first = alone = 0
    for one in found:
        east, north = one.middle()
        point = f"{east},{north},{east},{north}"
        first += corner_of(page.ask(region=point, top=3)[0]) == one.corner
        inside = page.ask(q="a lake", within=point, date="2017-06", top=5)
        alone += [corner_of(hit) for hit in inside] == [one.corner]
    return {"patches": len(found), "region_first": first, "within_alone": alone}


def by_words(page: Page, found: Sequence[Patch]) -> list[dict[str, Any]]:
    """Ask for each class that some patches have and others lack."""
    rng = np.random.default_rng(0)
    rows = []
    for name in sorted({label for one in found for label in one.labels}):
        having = {one.corner for one in found if name in one.labels}
        if len(having) == len(found):
            continue
        hits = page.ask(q=TEXT.format(name.lower()), top=len(found))
        right = np.array([corner_of(hit) in having for hit in hits])
        shuffled = np.array([precision(rng.permutation(right)) for _ in range(SHUFFLES)])
        rows.append({"class": name, "patches": len(having), "ap": precision(right),
                     "chance": float(np.mean(shuffled)), "first": bool(right[0]),
                     "as_good": share(int(np.sum(shuffled >= precision(right))))})  # fmt: skip
    return rows


def share(as_good: int) -> float:
    """Return the share of shuffles as good as a ranking, which counts as one of them."""
    return (1 + as_good) / (1 + SHUFFLES)


def precision(right: NDArray[np.bool_]) -> float:
    """Return the average precision of a ranking: the mean of precision at each right place."""
    return float((np.cumsum(right) / np.arange(1, len(right) + 1))[right].mean())


def by_captions(page: Page, found: Sequence[Patch], table: Path) -> list[dict[str, Any]]:
    """Ask with the sentences of each real caption; return the rank of its own patch."""
    known = {one.name: one.corner for one in found}
    rows = []
    for row in pq.read_table(table).to_pylist():
        if row["type"] == "captioning" and row["patch_id"] in known:
            sentences = [part for part in row["output"].split(". ") if part]
            corners = [corner_of(hit) for hit in page.ask(q=sentences, top=len(found))]
            rank = corners.index(known[row["patch_id"]]) + 1
            rows.append({"patch": row["patch_id"], "sentences": len(sentences), "rank": rank})
    return rows


def on_a_map(index: Path, folder: Path) -> dict[str, int]:
    """Write hits for a map by commands; return how many each file holds."""
    counts = {}
    for name in ("hits.geojson", "hits.gpkg"):
        wfa("search", str(index), TEXT.format("inland waters"), "--within", "12.5,48,13.5,48.6",
            "--date", "2017-06", "--top", "5", "--geojson", str(folder / name))  # fmt: skip
        counts[name] = pyogrio.read_info(folder / name)["features"]
    return counts


def page_of(results: Mapping[str, Any]) -> str:
    """Write the README."""
    place, words, run = results["by_place"], results["by_words"], results["run"]
    mean = {key: np.mean([row[key] for row in words]) for key in ("ap", "chance", "first")}
    heads = ("class", f"patches of {place['patches']} with it", "average precision", "by chance",
             "share of shuffles as good", "best hit right")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|---:|---|"]
    lines += [
        f"| {row['class']} | {row['patches']} | {row['ap']:.2f} | {row['chance']:.2f} | "
        f"{row['as_good']:.2f} | {'yes' if row['first'] else 'no'} |" for row in words
    ]  # fmt: skip
    first = np.mean([row["patches"] / place["patches"] for row in words])
    lines += [f"| mean | | {mean['ap']:.2f} | {mean['chance']:.2f} | | {mean['first']:.0%}, "
              f"by chance {first:.0%} |"]  # fmt: skip
    shares = np.array([row["as_good"] for row in words])
    ranks = ", ".join(str(row["rank"]) for row in results["by_captions"])
    return README.format(
        table="\n".join(lines), **place, ranks=ranks, shuffles=SHUFFLES, level=LEVEL,
        below=int(np.sum(shares <= LEVEL)), classes=len(shares),
        corrected=int(np.sum(shares <= LEVEL / len(shares))),
        maps=", ".join(f"{count} in {name}" for name, count in results["on_a_map"].items()),
        commit=run["git"]["commit"][:10] + (", with changes" if run["git"]["dirty"] else ""),
        seed=run["seed"], config=run["config_id"],
        epochs=results["epochs"],
    )  # fmt: skip


def main() -> None:
    """Index, ask and write."""
    run = Path(sys.argv[1])
    root = data_folder("bigearthnet_v2")
    found = patches(root)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "scenes").mkdir()
        write_scene(folder / "scenes" / "33UUP.tif", found, root, RunModel(run).bands)
        index = folder / "index"
        wfa(
            "index", str(run), "--images", str(folder / "scenes"), f"out={index}", "tile.size=1200m"
        )
        page = Page(index)
        texts = data_folder("bigearthnet_txt") / "BigEarthNet.txt.parquet"
        try:
            results: dict[str, Any] = {
                "by_place": by_place(page, found),
                "by_words": by_words(page, found),
                "by_captions": by_captions(page, found, texts),
            }
        finally:
            page.close()
        results["on_a_map"] = on_a_map(index, folder)
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    results["run"] = {
        key: facts[key] for key in ("config_id", "seed", "git", "versions", "machine")
    }
    results["epochs"] = read_yaml(run / "config.yaml")["train"]["epochs"]
    write_text(HERE / "results.json", json.dumps(results, indent=1) + "\n")
    write_text(HERE / "README.md", page_of(results))


if __name__ == "__main__":
    main()
