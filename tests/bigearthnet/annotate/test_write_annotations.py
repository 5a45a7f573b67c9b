import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bigearthnet.annotate.made import PATCH, S1, random_codes, row, write_maps, write_metadata
from wfa.bigearthnet.annotate.annotator import Config
from wfa.bigearthnet.annotate.write_annotations import annotate
from wfa.bigearthnet.annotation_table import COLUMNS, AnnotationTable
from wfa.bigearthnet.image_texts import left_out
from wfa.errors import DataError

COUNT = 40  # more than one process takes at once


def world(tmp_path: Path, count: int = COUNT, **change: Any) -> tuple[Path, Path, Path]:
    maps = {PATCH.format(number): random_codes(number) for number in range(count)}
    write_maps(tmp_path / "maps", maps)
    splits = ("train", "validation", "test", "bench")
    rows = [row(n, split=splits[n % 4], **change) for n in reversed(range(count))]
    return tmp_path / "maps", write_metadata(tmp_path / "m.parquet", rows), tmp_path / "out.parquet"


def test_the_file_has_the_official_columns_and_the_order_of_the_metadata(
    tmp_path: Path, shown: list[tuple[str, int, int]]
) -> None:
    maps, metadata, out = world(tmp_path)
    found = annotate(maps, metadata, out, Config(workers=0))
    schema = pq.read_schema(out)
    assert tuple(schema.names) == COLUMNS
    assert schema.field("ID").type == pa.int64()
    assert schema.field("latitude").type == pa.float64()
    rows = pq.read_table(out).to_pylist()
    assert [made["ID"] for made in rows] == list(range(1, len(rows) + 1))
    patches = list(dict.fromkeys(made["patch_id"] for made in rows))
    assert patches == [PATCH.format(n) for n in reversed(range(COUNT))]
    assert found.patches == COUNT
    assert found.rows == Counter((made["type"], made["category"], made["split"]) for made in rows)
    assert rows[0]["s1_name"] == S1.format(COUNT - 1)
    assert (rows[0]["season"], rows[0]["country"]) == ("Summer", "Austria")
    assert shown[-1] == ("annotations", COUNT, COUNT)
    assert next(found.remarks()) == f"{COUNT} patches annotated with {len(rows)} rows"


def test_the_reader_reads_every_row_and_knows_every_question(tmp_path: Path) -> None:
    maps, metadata, out = world(tmp_path, climate_zone="Polar, tundra")
    found = annotate(maps, metadata, out, Config(workers=0))
    splits = ["train", "validation", "test", "bench"]
    types = ["binary", "mcq", "bounding box", "captioning"]
    table = AnnotationTable(out, splits, types, "error")
    rows = [one for patch in range(len(table)) for one in table.rows(patch)]
    assert len(rows) == found.rows.total()
    assert list(left_out(rows, ["yes_no", "negations", "choices"])) == []


def test_the_bytes_follow_the_seed_alone(tmp_path: Path) -> None:
    maps, metadata, _ = world(tmp_path)
    sums = []
    for name, options in {
        "a": Config(workers=0), "b": Config(workers=2), "c": Config(workers=3),
        "d": Config(workers=0, seed=1),
    }.items():  # fmt: skip
        annotate(maps, metadata, tmp_path / name, options)
        sums.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(set(sums[:3])) == 1
    assert sums[3] != sums[0]


def test_a_patch_has_the_same_rows_among_others(tmp_path: Path) -> None:
    """But for the wrong classes, which follow how frequent they are."""
    maps, _, out = world(tmp_path, labels=[])
    few = write_metadata(tmp_path / "few.parquet", [row(3, labels=[])])
    all_rows = write_metadata(tmp_path / "all.parquet", [row(n, labels=[]) for n in range(COUNT)])
    annotate(maps, all_rows, out, Config(workers=0))
    for path in list(maps.rglob("*.tif")):
        if PATCH.format(3) not in path.name:
            path.unlink()
    annotate(maps, few, tmp_path / "few", Config(workers=0))
    own = [
        {k: v for k, v in made.items() if k != "ID"} for made in pq.read_table(out).to_pylist()
        if made["patch_id"] == PATCH.format(3)
    ]  # fmt: skip
    alone = pq.read_table(tmp_path / "few").drop(["ID"]).to_pylist()
    assert own == alone


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    maps, _, out = world(tmp_path, count=6)
    rows = [row(n) for n in (0, 1, 2, 3, 3, 8)]
    rows[1]["split"] = "val"
    metadata = write_metadata(tmp_path / "less.parquet", rows)
    write_maps(maps, {PATCH.format(8): np.full((120, 120), 999, np.uint16)})
    found = annotate(maps, metadata, out, Config(workers=0, on_bad_row="skip"))
    assert (found.patches, found.without_class, found.without_map) == (2, 1, 0)
    # Maps 4 and 5 have no row, patch 3 has two, patch 1 an unknown split.
    assert found.bad_rows.count == 4
    remarks = list(found.remarks())
    assert "1 map shows none of the 19 classes" in remarks
    assert "4 maps or rows of the metadata were left out" in remarks
    assert sum("has no row in" in line for line in remarks) == 2
    with pytest.raises(DataError, match=r"has no row in .*on_bad_row=skip"):
        annotate(maps, metadata, out, Config(workers=0))


def test_patches_without_a_map_are_not_asked_for(tmp_path: Path) -> None:
    maps, _, out = world(tmp_path, count=2)
    metadata = write_metadata(tmp_path / "more.parquet", [row(n) for n in range(9)])
    found = annotate(maps, metadata, out)
    assert (found.patches, found.without_map) == (2, 7)
    assert "7 patches of the metadata have no reference map" in found.remarks()


def test_an_error_in_a_process_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    maps, metadata, out = world(tmp_path)
    path = maps.rglob(f"*{PATCH.format(37)}_reference_map.tif")
    next(path).write_bytes(b"none")
    with pytest.raises(DataError, match=r"_37_57_reference_map\.tif cannot be read"):
        annotate(maps, metadata, out, Config(workers=2))
    assert not out.exists()
    assert not list(tmp_path.glob(".out*"))


def test_nothing_to_annotate_is_told(tmp_path: Path) -> None:
    maps, _, out = world(tmp_path, count=2)
    others = write_metadata(tmp_path / "others.parquet", [row(n) for n in (7, 8)])
    skip = Config(workers=0, on_bad_row="skip")
    with pytest.raises(DataError, match=r"none of the 2 patches of .* has a reference map"):
        annotate(maps, others, out, skip)
    broken = write_metadata(tmp_path / "broken.parquet", [row(n, split="x") for n in (0, 1)])
    with pytest.raises(DataError, match=r"none of the 2 patches .* could be annotated: 2 maps or"):
        annotate(maps, broken, out, skip)
    assert not out.exists()


def test_the_real_map_and_metadata(data_dir: Callable[[str], Path], tmp_path: Path) -> None:
    root = data_dir("bigearthnet_v2")
    out = tmp_path / "out.parquet"
    found = annotate(root / "Reference_Maps", root / "metadata.parquet", out)
    assert (found.patches, found.without_map) == (1, 17)
    rows = pq.read_table(out).to_pylist()
    official = pq.read_table(data_dir("bigearthnet_txt") / "BigEarthNet.txt.parquet").to_pylist()[0]
    for column in ("s1_name", "patch_id", "split", "country", "season"):
        assert {made[column] for made in rows} == {official[column]}
    assert rows[0]["latitude"] == pytest.approx(official["latitude"], abs=1e-8)
    boxes = {made["input"].split("<ref>")[-1].split("</ref>")[0]: made["output"] for made in rows}
    published = {
        "largest connected region of pastures": "[0.0 0.33, 0.28 0.8]",
        "largest patch of pastures": "[0.0 0.33, 0.28 0.8]",
        "arable land": "[0.0 0.0, 0.7 1.0]",
    }
    assert published.keys() & boxes.keys()
    assert all(boxes.get(phrase, box) == box for phrase, box in published.items())
    caption = rows[-1]["output"]
    for told in ("708,000", "413,000", "204,000", "115,000", "77,000", " two "):
        assert told in caption
