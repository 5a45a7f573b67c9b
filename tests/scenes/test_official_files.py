import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from wfa.bigearthnet.annotate.reference_maps import open_maps
from wfa.bigearthnet.layout import open_store
from wfa.errors import ConfigError, DataError
from wfa.scenes.official_files import MANIFEST, write_official
from wfa.scenes.sensor_pairs import make_pair

COUNTS = {"train": 20, "bench": 3}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("official") / "made"
    write_official(folder, 5, COUNTS, workers=0)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path, file: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / file).to_pylist()
    return found


@pytest.mark.parametrize("images", ["lmdb", "geotiff"])
def test_the_stores_give_back_what_was_drawn(tmp_path: Path, images: str) -> None:
    write_official(tmp_path / "made", 5, {"train": 2}, images, workers=0)
    imagery = tmp_path / "made" / "bigearthnet_v2"
    store, maps = open_store(imagery, images), open_maps(imagery)
    for index in range(2):
        pair = make_pair(5, "train", index)
        for name, bands in ((pair.place.patch_id, pair.s2), (pair.place.s1_name, pair.s1)):
            with store.patch(name, tuple(bands)) as found:
                for band, values in bands.items():
                    assert found[band].dtype == values.dtype
                    np.testing.assert_array_equal(found[band], values)
        np.testing.assert_array_equal(maps.read(pair.place.patch_id).codes, pair.reference)


def test_metadata_and_annotations_belong_together(made: Path) -> None:
    metadata = rows(made, "bigearthnet_v2/metadata.parquet")
    assert Counter(row["split"] for row in metadata) == COUNTS
    known = {row["patch_id"]: row for row in metadata}
    annotations = rows(made, "bigearthnet_txt/BigEarthNet.txt.parquet")
    assert {row["patch_id"] for row in annotations} == set(known)
    for row in annotations:
        for column in ("s1_name", "split", "country", "season", "climate_zone", "latitude"):
            assert row[column] == known[row["patch_id"]][column]
    first = make_pair(5, "train", 0)
    assert metadata[0]["patch_id"] == first.place.patch_id
    assert tuple(metadata[0]["labels"]) == first.labels


def test_the_bytes_follow_the_settings_whatever_the_processes(
    made: Path, tmp_path: Path, shown: list[tuple[str, int, int]]
) -> None:
    write_official(tmp_path / "a", 5, COUNTS, workers=2)
    assert contents(tmp_path / "a") == contents(made)
    assert ("BigEarthNet-V2-LMDB", 69, 69) in shown
    assert shown[-1] == ("annotations", 23, 23)
    assert sorted(contents(made)) == [
        "bigearthnet_txt/BigEarthNet.txt.parquet", "bigearthnet_v2/BigEarthNet-V2-LMDB/data.mdb",
        "bigearthnet_v2/metadata.parquet", "scenes_s1s2.json",
    ]  # fmt: skip
    write_official(tmp_path / "b", 6, COUNTS, workers=0)
    other, own = contents(tmp_path / "b"), contents(made)
    assert all(other[name] != own[name] for name in own)


def test_what_is_there_is_not_made_again(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    write_official(made, 5, COUNTS, workers=0)
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before
    sums = json.loads((made / MANIFEST).read_text())["sha256"]
    assert len(sums) == 3
    with pytest.raises(DataError, match="holds scenes with seed 5, but 6 is wanted"):
        write_official(made, 6, COUNTS)


@pytest.mark.parametrize(
    ("seed", "counts", "images", "message"),
    [
        (-1, {"train": 1}, "lmdb", "seed is -1"),
        (0, {}, "lmdb", "no split is asked for"),
        (0, {"val": 1}, "lmdb", "split 'val' is to have 1 images"),
        (0, {"train": -1}, "lmdb", "split 'train' is to have -1 images"),
        (0, {"train": 1}, "tif", "images is 'tif'"),
    ],
)
def test_settings_out_of_range(
    tmp_path: Path, seed: int, counts: dict[str, int], images: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        write_official(tmp_path / "x", seed, counts, images)
    assert not (tmp_path / "x").exists()
