import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bigearthnet.made import names, row, three_pairs, write_rows
from wfa.bigearthnet.image_texts import KINDS, left_out
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt, Config
from wfa.data.verify import verify
from wfa.errors import ConfigError, DataError


def test_rows_join_their_images(made: Path) -> None:
    dataset = BigEarthNetTxt(Config(root=str(made)), "test")
    assert [record.image for record in dataset.records] == [names(1)[0], names(0)[0]]
    assert dataset.records[0].captions == (
        "The image depicts pastures.",
        "The image was taken in autumn.",
    )
    assert dataset.captions[1] == ("Pastures lie here.", "A lake is there.", "lake")
    assert dataset.captions[-1] == dataset.captions[0:2][1]
    assert dataset.skipped == (f"{names(2)[0]}: no text",)
    rows = dataset.rows(0) + dataset.rows(1)
    assert [row.id for row in left_out(rows, list(KINDS))] == [7]
    assert [row.id for row in dataset.rows(0)] == [1, 3]
    image = dataset.read_image(0)
    assert image.shape == (120, 120, 12)
    assert image.dtype == np.float32
    assert dataset.channels is not None
    assert dataset.channels.bands[:3] == ("VV", "VH", "B02")


def test_images_are_those_of_the_record(made: Path) -> None:
    lmdb = BigEarthNetTxt(Config(root=str(made), bands="B02"), "test")
    geotiff = BigEarthNetTxt(Config(root=str(made), bands="B02", images="geotiff"), "test")
    for index in range(2):
        np.testing.assert_array_equal(lmdb.read_image(index), geotiff.read_image(index))
    assert not np.array_equal(lmdb.read_image(0), lmdb.read_image(1))


def test_negations_bring_the_third_pair(made: Path) -> None:
    dataset = BigEarthNetTxt(Config(root=str(made), texts="negations"), "test")
    assert [record.captions for record in dataset.records] == [
        ("The image does not depict pastures.",)
    ]


def test_splits(made: Path) -> None:
    path = made / "BigEarthNet.txt.parquet"
    rows = three_pairs()
    for entry, split in zip(
        rows, ["test", "bench", "test", "bench", "bench", "train", "bench"], strict=True
    ):
        entry["split"] = split
    write_rows(path, rows)
    options = Config(root=str(made))
    assert BigEarthNetTxt.splits(options) == ("train", "test", "bench")
    assert len(BigEarthNetTxt(options, "test")) == 1
    assert len(BigEarthNetTxt(options, "bench")) == 1
    assert len(BigEarthNetTxt(options, "test+bench")) == 2
    with pytest.raises(DataError, match=r"no rows of split 'validation' .* bench, test, train"):
        BigEarthNetTxt(options, "validation")
    with pytest.raises(DataError, match=r"split train .* has no image left: 1 patches"):
        BigEarthNetTxt(options, "train")


def test_a_sensor_is_dropped_only_where_one_tests(made: Path) -> None:
    path = made / "BigEarthNet.txt.parquet"
    train = [entry | {"split": "train"} for entry in three_pairs()]
    write_rows(path, [*train, *three_pairs()])
    options = Config(root=str(made), bands="VV,B02", drop_sensor="s1")
    for split, dropped in (("train", False), ("test", True)):
        dataset = BigEarthNetTxt(options, split)
        image = dataset.read_image(0)
        assert dataset.channels is not None
        assert (image[:, :, 0] == np.float32(dataset.channels.mean[0])).all() == dropped
        assert image[:, :, 1].std() > 0


@pytest.mark.parametrize(("snow", "clouds", "kept"), [
    (False, False, []), (True, False, [1]), (False, True, [0]), (True, True, [1, 0]),
])  # fmt: skip
def test_snow_and_clouds_are_left_out(
    made: Path, imagery: Path, snow: bool, clouds: bool, kept: list[int]
) -> None:
    flags = made.parent / "flags"
    flags.mkdir()
    for link in imagery.iterdir():
        (flags / link.name).symlink_to(link)
    columns = ("patch_id", "contains_seasonal_snow", "contains_cloud_or_shadow")
    for name, values in {
        "metadata.parquet": (names(2)[0], False, False),
        "metadata_for_patches_with_snow_cloud_or_shadow.parquet": (names(1)[0], True, False),
    }.items():
        found = [dict(zip(columns, values, strict=True))]
        if values[1]:
            found.append(dict(zip(columns, (names(0)[0], False, True), strict=True)))
        pq.write_table(pa.Table.from_pylist(found), flags / name)
    options = Config(root=str(made), images_root=str(flags), snow=snow, clouds=clouds)
    if not kept:
        with pytest.raises(DataError, match="has no image left"):
            BigEarthNetTxt(options, "test")
        return
    dataset = BigEarthNetTxt(options, "test")
    assert [record.image for record in dataset.records] == [names(pair)[0] for pair in kept]


def test_a_patch_without_imagery_stops_or_is_left_out(made: Path) -> None:
    rows = [*three_pairs(), row(8, 9, "captioning", "None", "Describe.", "A lake.")]
    write_rows(made / "BigEarthNet.txt.parquet", rows)
    dataset = BigEarthNetTxt(Config(root=str(made)), "test")
    with pytest.raises(DataError, match=names(9)[0]):
        dataset.read_image(2)
    dataset = BigEarthNetTxt(Config(root=str(made), on_bad_image="skip"), "test")
    assert len(dataset) == 2
    assert dataset.skipped[0] == f"{names(9)[0]}: not in the imagery"


def test_bad_rows_are_counted(made: Path) -> None:
    rows = three_pairs()
    rows[0]["output"] = "perhaps"
    write_rows(made / "BigEarthNet.txt.parquet", rows)
    with pytest.raises(DataError, match="row ID 1 "):
        BigEarthNetTxt(Config(root=str(made)), "test")
    dataset = BigEarthNetTxt(Config(root=str(made), on_bad_row="skip"), "test")
    assert dataset.bad_rows.count == dataset.skipped_rows == 1
    assert len(dataset) == 2
    (listed,) = dataset.skipped_captions
    assert "row ID 1 " in listed and "'perhaps'" in listed
    report = verify(BigEarthNetTxt, Config(root=str(made), on_bad_row="skip"))
    assert [line for line in report.problems if "row ID 1 " in line]


def test_a_split_of_an_unknown_name_stops_or_is_left_out(made: Path) -> None:
    rows = three_pairs()
    write_rows(made / "BigEarthNet.txt.parquet", [*rows, {**rows[0], "ID": 99, "split": "tset"}])
    with pytest.raises(DataError, match=r"the split 'tset'; known are: train, .*on_bad_row=skip"):
        BigEarthNetTxt.splits(Config(root=str(made)))
    lenient = Config(root=str(made), on_bad_row="skip")
    assert set(BigEarthNetTxt.splits(lenient)) == {each["split"] for each in rows}


@pytest.mark.parametrize("change", [
    {"texts": "yes_no"}, {"bands": "rgb"}, {"resampling": "bilinear"}, {"drop_sensor": "s2"},
])  # fmt: skip
def test_the_checksum_follows_what_texts_and_images_depend_on(
    made: Path, change: dict[str, Any]
) -> None:
    options = Config(root=str(made))
    first = BigEarthNetTxt(options, "test").checksum
    assert BigEarthNetTxt(options, "test").checksum == first
    assert BigEarthNetTxt(replace(options, **change), "test").checksum != first


@pytest.mark.parametrize("images", ["lmdb", "geotiff"])
def test_the_checksum_follows_a_changed_patch(
    made: Path, imagery: Path, tmp_path: Path, images: str
) -> None:
    own = tmp_path / "own"
    shutil.copytree(imagery, own)
    options = Config(root=str(made), images_root=str(own), images=images)
    first = BigEarthNetTxt(options, "test").checksum
    assert BigEarthNetTxt(options, "test").checksum == first
    band = next(own.glob(f"BigEarthNet-S2/*/{names(0)[0]}/*_B02.tif"))
    content = bytearray(band.read_bytes())
    content[-1] ^= 1
    band.write_bytes(content)  # as long as before
    close_environments()
    with lmdb.open(str(own / "BigEarthNet-V2-LMDB")) as env, env.begin(write=True) as transaction:
        blob = bytearray(transaction.get(names(0)[0].encode()) or b"")
        blob[-1] ^= 1
        transaction.put(names(0)[0].encode(), bytes(blob))
    assert BigEarthNetTxt(options, "test").checksum != first


def test_missing_patches_are_found_before_any_is_read(made: Path) -> None:
    rows = [*three_pairs(), row(8, 9, "captioning", "None", "Describe.", "A lake.")]
    write_rows(made / "BigEarthNet.txt.parquet", rows)
    for bands, missing in (("VV,B02", names(9)), ("B02", names(9))):
        dataset = BigEarthNetTxt(Config(root=str(made), bands=bands), "test")
        with pytest.raises(DataError, match=rf"1 of 3 images .*{missing[0]}.*on_bad_image=skip"):
            dataset.check_present()
    BigEarthNetTxt(Config(root=str(made), on_bad_image="skip"), "test").check_present()


def test_only_the_sensors_that_are_read_must_be_there(
    made: Path, imagery: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    (own / "BigEarthNet-S1").mkdir(parents=True)
    shutil.copytree(imagery / "BigEarthNet-S2", own / "BigEarthNet-S2")
    options = Config(root=str(made), images_root=str(own), bands="B02")
    BigEarthNetTxt(options, "test").check_present()
    with pytest.raises(DataError, match="2 of 2 images"):
        BigEarthNetTxt(replace(options, bands="VV,B02"), "test").check_present()


def test_the_checksum_follows_a_changed_answer(made: Path) -> None:
    options = Config(root=str(made))
    first = BigEarthNetTxt(options, "test").checksum
    rows = three_pairs()
    rows[2]["output"] = "a"
    write_rows(made / "BigEarthNet.txt.parquet", rows)
    assert BigEarthNetTxt(options, "test").checksum != first


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resampling": "cubic"}, "data.resampling='cubic' is not known. Known: nearest, bilinear"),
        ({"drop_sensor": "s3"}, "data.drop_sensor='s3'"),
        ({"on_bad_row": "ignore"}, "data.on_bad_row='ignore'"),
        ({"on_bad_image": "ignore"}, "data.on_bad_image='ignore'"),
        ({"bands": "B99"}, "no band 'B99'"),
        ({"images_root": "/nowhere"}, "images_root=/nowhere is no folder"),
    ],
)
def test_wrong_options_are_refused(made: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises((ConfigError, DataError), match=words):
        BigEarthNetTxt(Config(root=str(made), **options), "test")


def test_a_pickled_data_set_reads_on(made: Path) -> None:
    dataset = BigEarthNetTxt(Config(root=str(made)), "test")
    image = dataset.read_image(0)
    again: BigEarthNetTxt = pickle.loads(pickle.dumps(dataset))  # noqa: S301
    np.testing.assert_array_equal(again.read_image(0), image)
    assert again.records[0] == dataset.records[0]


def test_the_real_rows_join_their_real_images(
    data_dir: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = data_dir("bigearthnet_txt")
    monkeypatch.setenv("WFA_DATA_DIR", str(root.parent))
    assert BigEarthNetTxt.splits(Config()) == ("test",)
    dataset = BigEarthNetTxt(Config(bands="all"), "test")
    assert [record.image[-5:] for record in dataset.records] == ["26_57", "27_55", "27_56"]
    assert [len(record.captions) for record in dataset.records] == [10, 11, 9]
    assert dataset.skipped == ()
    assert sum(len(dataset.rows(index)) for index in range(3)) == 20
    for index in range(3):
        image = dataset.read_image(index)
        assert image.shape == (120, 120, 14)
        assert (image[:, :, :2] < 20).all()  # decibel
        assert (image[:, :, 2:] >= 0).all()
