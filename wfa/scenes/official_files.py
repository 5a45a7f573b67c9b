"""Made patches as BigEarthNet v2 and BigEarthNet.txt are: imagery, maps, metadata, annotations.

What is written is read by the code that reads the published data, and annotated by the code that
annotates published maps.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.bigearthnet.archives import (
    ANNOTATIONS,
    IMAGERY,
    LMDB,
    MAP_KEY,
    MAP_SUFFIX,
    MAPS_FOLDER,
    METADATA,
    S1_FOLDER,
    S2_FOLDER,
)
from wfa.bigearthnet.blobs import encode
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.patch_writing import Count, write_geotiffs, write_lmdb
from wfa.data.dataset import SPLITS
from wfa.errors import ConfigError
from wfa.progress import track
from wfa.scenes.made_folder import make_whole
from wfa.scenes.scene_place import MOST_IMAGES
from wfa.scenes.sensor_pairs import Pair, make_pair

MANIFEST = "scenes_s1s2.json"
FORMAT_VERSION = 2
"""Raised whenever the same settings give other bytes than before."""

TEXTS = "bigearthnet_txt"
"""The folder of the annotations, beside that of the imagery."""

_CHUNK = 16  # images that a process makes at once
_METADATA = pa.schema(
    [
        ("patch_id", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("split", pa.string()),
        ("country", pa.string()),
        ("s1_name", pa.string()),
        ("s2v1_name", pa.string()),
        ("contains_seasonal_snow", pa.bool_()),
        ("contains_cloud_or_shadow", pa.bool_()),
        # Beyond the official columns: what other maps than ours tell of the published patches.
        ("season", pa.string()),
        ("climate_zone", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
    ]
)

Task = tuple[int, str, int]
"""Seed, split and number of an image."""


def write_official(
    folder: Path,
    seed: int,
    counts: Mapping[str, int],
    images: str = "lmdb",
    workers: int = -1,
) -> None:
    """Make the data set in `folder`, unless it is there already; equal settings give equal bytes.

    The folder appears whole, when all is made: `bigearthnet_v2/` with the imagery, the reference
    maps and `metadata.parquet`, `bigearthnet_txt/` with the annotations, and a manifest with the
    SHA-256 of each file.

    Args:
        folder: Where the data set shall lie.
        seed: Seed, >= 0.
        counts: Split name -> number of pairs; pair i of a split is the same at any number, and its
            rows but for the wrong answers, which follow the frequencies of the classes.
        images: `lmdb`, or `geotiff` for one file a band.
        workers: Processes; 0 takes none but this one, -1 one for each core.

    Raises:
        ConfigError: A setting is out of its range.
        DataError: The folder holds something else.
        UserError: The folder cannot be written, or the disk is full.
    """
    _check(seed, counts, images)
    wanted = {"format_version": FORMAT_VERSION, "seed": seed, "counts": dict(counts)}
    tasks = [(seed, split, index) for split in counts for index in range(counts[split])]

    def fill(building: Path) -> Mapping[str, Any]:
        # Who reads what is made already does not wait for what writes it.
        from wfa.bigearthnet.annotate.annotator import Config
        from wfa.bigearthnet.annotate.write_annotations import annotate

        imagery = building / IMAGERY
        metadata: list[dict[str, Any]] = []
        if images == "lmdb":
            blobs = _blobs(_made(_lmdb_part, tasks, workers), metadata)
            write_lmdb(imagery / LMDB, blobs, Count(0, 3 * len(tasks)))
            close_environments()
            (imagery / LMDB / "lock.mdb").unlink(missing_ok=True)
        else:
            _write_files(imagery, tasks, metadata)
        table = pa.Table.from_pylist(metadata, schema=_METADATA)
        pq.write_table(table, imagery / METADATA[0])
        annotations, options = building / TEXTS / ANNOTATIONS, Config(seed=seed, workers=workers)
        annotate(imagery, imagery / METADATA[0], annotations, options)
        close_environments()  # the folder is about to move
        return {}

    make_whole(folder, MANIFEST, {**wanted, "images": images}, fill)


def _check(seed: int, counts: Mapping[str, int], images: str) -> None:
    if seed < 0:
        raise ConfigError(f"scenes: seed is {seed}: give 0 or more")
    if images not in ("lmdb", "geotiff"):
        raise ConfigError(f"scenes: images is {images!r}: give lmdb or geotiff")
    if not counts:
        raise ConfigError("scenes: no split is asked for: give at least one its number of images")
    for split, count in counts.items():
        if split not in SPLITS or not 1 <= count <= MOST_IMAGES:
            raise ConfigError(
                f"scenes: split {split!r} is to have {count} images: give one of "
                f"{', '.join(SPLITS)} from 1 to {MOST_IMAGES:,}"
            )


def _lmdb_part(task: Task) -> tuple[list[tuple[str, bytes]], dict[str, Any]]:
    pair = make_pair(*task)
    place = pair.place
    blobs = [
        (place.patch_id, encode(pair.s2)),
        (place.s1_name, encode(pair.s1)),
        (f"{place.patch_id}{MAP_SUFFIX}", encode({MAP_KEY: pair.reference})),
    ]
    return blobs, _row(pair, task[1])


def _blobs(
    parts: Iterable[tuple[list[tuple[str, bytes]], dict[str, Any]]],
    metadata: list[dict[str, Any]],
) -> Iterator[tuple[str, bytes]]:
    """Give the blobs; the rows of the metadata are put aside."""
    for blobs, row in parts:
        metadata.append(row)
        yield from blobs


def _made(function: Any, tasks: Sequence[Task], workers: int) -> Iterator[Any]:
    """Map over the tasks in their order, in so many processes."""
    count = (os.cpu_count() or 1) if workers < 0 else workers
    if not count or len(tasks) <= _CHUNK:
        yield from map(function, tasks)
        return
    with ProcessPoolExecutor(count) as pool:
        # Not all at once: what is made and not written is in memory.
        step = 8 * count * _CHUNK
        for start in range(0, len(tasks), step):
            yield from pool.map(function, tasks[start : start + step], chunksize=_CHUNK)


def _write_files(imagery: Path, tasks: Sequence[Task], metadata: list[dict[str, Any]]) -> None:
    for task in track(tasks, "GeoTIFFs"):
        pair = make_pair(*task)
        place = pair.place
        tile, scene = place.patch_id.rsplit("_", 2)[0], place.s1_name.rsplit("_", 3)[0]
        write_geotiffs(imagery / S2_FOLDER / tile / place.patch_id, pair.s2)
        write_geotiffs(imagery / S1_FOLDER / scene / place.s1_name, pair.s1)
        reference = {MAP_SUFFIX.removeprefix("_"): pair.reference}
        write_geotiffs(imagery / MAPS_FOLDER / tile / place.patch_id, reference)
        metadata.append(_row(pair, task[1]))


def _row(pair: Pair, split: str) -> dict[str, Any]:
    place = pair.place
    return {
        "patch_id": place.patch_id,
        "labels": pair.labels,
        "split": split,
        "country": place.country,
        "s1_name": place.s1_name,
        "s2v1_name": place.patch_id.replace("_N9999_R022", ""),
        "contains_seasonal_snow": False,
        "contains_cloud_or_shadow": False,
        "season": place.season,
        "climate_zone": place.climate_zone,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }
