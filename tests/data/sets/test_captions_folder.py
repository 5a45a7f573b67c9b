import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.data.sets.captions_folder import CaptionsFolder, Config
from wfa.data.tables.entries import Entry, divide
from wfa.errors import ConfigError, DataError

Picture = Callable[[Path, int], Path]

WANTED = {"a.png": ("one", "two, three"), "b/c.png": ("four",), "d.png": ('a "fifth"', "six")}
SPLITS = {"a.png": "train", "b/c.png": "val", "d.png": "test"}


def as_rows(lists: bool) -> list[dict[str, Any]]:
    if lists:
        return [
            {"filename": name, "captions": list(texts), "split": SPLITS[name]}
            for name, texts in WANTED.items()
        ]
    return [
        {"split": SPLITS[name], "caption": text, "image": name}
        for name, texts in WANTED.items()
        for text in texts
    ]


def table(kind: str, path: Path) -> None:
    rows = as_rows(lists=kind != "csv")
    if kind == "csv":
        lines = ['"' + '","'.join(v.replace('"', '""') for v in row.values()) + '"' for row in rows]
        path.write_text("\n".join([",".join(rows[0]), *lines]), encoding="utf-8-sig")
    elif kind == "jsonl":
        path.write_text("\n\n".join(map(json.dumps, rows)), encoding="utf-8")
    elif kind == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)


def captions(root: Path, **options: Any) -> dict[str, tuple[str, ...]]:
    """The captions of all splits."""
    config = Config(root=str(root), **options)
    return {
        record.image: record.captions
        for split in CaptionsFolder.splits(config)
        for record in CaptionsFolder(config, split).records
    }


def csv(root: Path, text: str, name: str = "table.csv") -> Path:
    root.mkdir(exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "parquet"])
@pytest.mark.parametrize("folder", ["images", ""])
def test_every_form_says_the_same(tmp_path: Path, picture: Picture, kind: str, folder: str) -> None:
    table(kind, tmp_path / f"captions.{kind}")
    for seed, name in enumerate(WANTED):
        picture(tmp_path / folder / name, seed)
    assert captions(tmp_path) == WANTED
    config = Config(root=str(tmp_path))
    assert CaptionsFolder.splits(config) == ("train", "validation", "test")
    assert CaptionsFolder(config, "validation").read_image(0).shape == (12, 10, 3)


@pytest.mark.parametrize(
    "content",
    [
        {"a.png": ["one", "two"], "b.png": "three"},
        {
            "images": [{"id": 7, "file_name": "a.png"}, {"id": 3, "file_name": "b.png"}],
            "annotations": [
                {"image_id": 7, "caption": "one"},
                {"image_id": 3, "caption": "three"},
                {"image_id": 7, "caption": "two"},
            ],
        },
        {
            "images": [
                {"filename": "a.png", "sentences": [{"raw": "one"}, {"raw": "two"}]},
                {"filename": "b.png", "sentences": [{"raw": "three"}]},
            ]
        },
    ],
    ids=["mapping", "coco", "karpathy"],
)
def test_json_of_other_tools(tmp_path: Path, content: object) -> None:
    (tmp_path / "c.json").write_text(json.dumps(content), encoding="utf-8")
    config = {"validation_fraction": 0.0, "test_fraction": 0.0}
    assert captions(tmp_path, **config) == {"a.png": ("one", "two"), "b.png": ("three",)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "file_name,caption_1,caption_2,caption_10\na.png,one,two,ten\nb.png,three,,\n"),
        ("t.csv", "path;raw;raw_1;raw_2\na.png;one;two;ten\nb.png;three;;\n"),
        ("t.tsv", "FILE\tCaption2\tCaption1\tCaption10\na.png\ttwo\tone\tten\nb.png\t\tthree\t\n"),
        ("t.csv", 'image,captions\na.png,"[""one"", ""two"", ""ten""]"\nb.png,three\n'),
        ("t.csv", "image,captions\na.png,\"['one', 'two', 'ten']\"\nb.png,three\n"),
    ],
    ids=["numbered", "semicolons", "tabs", "json list", "python list"],
)
def test_ways_to_write_several_captions(tmp_path: Path, name: str, text: str) -> None:
    csv(tmp_path, text, name)
    found = captions(tmp_path, validation_fraction=0.0, test_fraction=0.0)
    assert found == {"a.png": ("one", "two", "ten"), "b.png": ("three",)}


def test_columns_by_option(tmp_path: Path) -> None:
    csv(tmp_path, "filename,photo,caption,words,set,fold\n0,a.png,no,yes,9,train\n")
    found = captions(tmp_path, file_column="photo", caption_column="words", split_column="fold")
    assert found == {"a.png": ("yes",)}


def test_windows_paths_and_a_folder_by_option(tmp_path: Path, picture: Picture) -> None:
    csv(tmp_path, "filename,caption,split\nsub\\a.png,one,train\n")
    picture(tmp_path / "photos" / "sub" / "a.png", 0)
    dataset = CaptionsFolder(Config(root=str(tmp_path), images="photos"), "train")
    assert dataset.records[0].image == "sub/a.png"
    assert dataset.read_image(0).shape == (12, 10, 3)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,b\n1,2\n", {}, r"no column of image file names .* nor of captions .* are: a, b"),
        ("a.jpg,a lake\nb.jpg,a hill\n", {}, "a row, not a heading: put file_name,caption above"),
        ("filename,b\n1,2\n", {}, r"no column of captions \(data\.caption_column=NAME\).*filename"),
        (
            "filename,caption\n1,2\n",
            {"file_column": "photo"},
            r"no column of image file names \(data\.file_column=photo\)",
        ),
        (
            "filename,caption\n1,2\n",
            {"split_column": "fold"},
            r"no column of splits \(data\.split_column=fold\)",
        ),
        ("filename,caption\n", {}, "has no rows"),
        ("", {}, "has no rows"),
        ("filename,caption\na.png,one, two\n", {}, "line 2: not the 2 values .* put quotes"),
        ("filename,caption\na.png\n", {}, "line 2: not the 2 values"),
        ("filename,caption\n../a.png,one\n", {}, r"row 1: the image name '\.\./a\.png' leaves"),
        ("filename,caption\n,one\n", {}, "row 1: the image name is empty"),
        ("filename,caption,split\na.png,,train\n", {}, r"without any caption .*a\.png"),
        (
            "filename,caption_1,caption_2,split\na.png,,,train\n",
            {},
            r"without any caption .*a\.png",
        ),
        ("filename,caption,split\na.png,one,holdout\n", {}, "split 'holdout', which is not known"),
        ("filename,caption,split\na.png,one,train\na.png,two,test\n", {}, "row 2: image a.png is"),
        ("filename,caption,split\na.png,one,train\nb.png,two,\n", {}, "but not for b.png"),
        ("filename,caption\na.png,one\nb.png,two\n", {}, "2 images are too few for 3 splits"),
        ('filename,caption\na.png,"one\n', {}, "is not CSV"),
    ],
)
def test_broken_tables(tmp_path: Path, text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        captions(csv(tmp_path, text), **options)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "filename,caption\nà.png,é".encode("latin-1"), "not text in UTF-8"),
        ("t.jsonl", b'{"filename": "a.png"}\n{', "not JSON in every line"),
        ("t.jsonl", b"[1]", "line 1 is no object"),
        ("t.json", b"[1]", "entry 0 is no object"),
        ("t.json", b"3", "neither a list nor an object"),
        ("t.json", b'{"images": [{"id": 1}], "annotations": []}', "is not COCO captions"),
        ("t.json", b'[{"filename": "a.png", "caption": 3}]', "neither a text nor a list"),
        ("t.json", b'[{"filename": 3, "caption": "a"}]', "is no file name: 3"),
        ("t.parquet", b"PAR1", "is not Parquet"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        captions(tmp_path)


def test_which_table(tmp_path: Path) -> None:
    (tmp_path / "words.xlsx").touch()
    with pytest.raises(DataError, match=r"files there: 1 \.xlsx\): put a CSV"):
        captions(tmp_path)
    csv(tmp_path, "filename,caption,split\na.png,one,train\n", "a.csv")
    csv(tmp_path, "filename,caption,split\na.png,two,train\n", "b.csv")
    with pytest.raises(DataError, match=r"several tables \(a\.csv, b\.csv\): say data\.annota"):
        captions(tmp_path)
    assert captions(tmp_path, annotations="b.csv") == {"a.png": ("two",)}
    with pytest.raises(DataError, match=r"data\.annotations=c\.csv: there is no file"):
        captions(tmp_path, annotations="c.csv")
    (tmp_path / "c.xls").touch()
    with pytest.raises(DataError, match=r"c\.xls does not end in one of \.csv"):
        captions(tmp_path, annotations="c.xls")


def test_text_files_beside_images(tmp_path: Path, picture: Picture) -> None:
    for name in ("train/a.png", "train/b.png", "test/c.png"):
        path = picture(tmp_path / "images" / name, 0)
        path.with_suffix(".txt").write_text(f"a lake\n\n {name} \n", encoding="utf-8")
    found = captions(tmp_path, validation_fraction=0)
    assert found == {
        name: ("a lake", name) for name in ("train/a.png", "train/b.png", "test/c.png")
    }
    dataset = CaptionsFolder(Config(root=str(tmp_path), validation_fraction=0), "test")
    assert dataset.read_image(0).shape == (12, 10, 3)
    assert "captions are read from 3 text files" in dataset.notes[0]


def test_what_the_folder_and_the_table_do_not_share(tmp_path: Path, picture: Picture) -> None:
    for name in ("a.PNG", "b.png", "c.png"):
        picture(tmp_path / "images" / name.lower(), 0).rename(tmp_path / "images" / name)
    csv(tmp_path, "file_name,caption,split\na.png,one,test\nb.png,two,test\nb.png,two,test\n")
    dataset = CaptionsFolder(Config(root=str(tmp_path)), "test")
    repeats, unnamed, spelt = dataset.notes
    assert (
        repeats == "1 caption repeats another of the same image word for word, first that of b.png"
    )
    assert "1 image is in" in unnamed
    assert "first images/c.png" in unnamed
    assert spelt.startswith("1 name differs from a file only in case: first a.png ~ images/a.PNG")
    with pytest.raises(DataError, match=r"missing .*: a\.png\. 1 name differs"):
        dataset.check_present()


def test_missing_root_does_not_offer_a_download(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="put your images and a CSV, TSV"):
        captions(tmp_path / "nowhere")


def test_ten_images_have_every_split(tmp_path: Path) -> None:
    lines = [f"{place}.png,caption {place}" for place in range(10)]
    csv(tmp_path, "\n".join(["filename,caption", *lines]))
    config = Config(root=str(tmp_path))
    sizes = {split: len(CaptionsFolder(config, split)) for split in CaptionsFolder.splits(config)}
    assert sizes == {"train": 8, "validation": 1, "test": 1}


names = st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=60, unique=True)


@given(names, st.floats(0, 0.4), st.floats(0, 0.4), st.randoms(use_true_random=False))
def test_division_is_of_names_alone(
    given_names: list[str], validation: float, test: float, random: Any
) -> None:
    entries = [Entry(name, "", ("a",)) for name in given_names]
    fractions = [("test", test), ("validation", validation)]
    divided = divide(entries, fractions)
    assert [entry.image for entry in divided] == given_names
    for split, fraction in fractions:
        count = sum(entry.split == split for entry in divided)
        exact = fraction * len(entries)
        assert count == 0 if fraction == 0 else exact - 1 <= count <= max(1, exact + 1e-6)
    assert any(entry.split == "train" for entry in divided)
    random.shuffle(entries)
    again = {entry.image: entry.split for entry in divide(entries, fractions)}
    assert again == {entry.image: entry.split for entry in divided}


@pytest.mark.parametrize("share", [0.07, 0.14, 0.28, 0.29, 0.57, 0.58])
def test_whole_shares_are_exact(share: float) -> None:
    entries = [Entry(str(place), "", ("a",)) for place in range(100)]
    held = [entry for entry in divide(entries, [("test", share)]) if entry.split == "test"]
    assert len(held) == round(share * 100)


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (-0.1, 0.1), (1.0, 0.0)])
def test_fractions_leave_something_to_train_on(fractions: tuple[float, float]) -> None:
    entries = [Entry(str(place), "", ("a",)) for place in range(10)]
    with pytest.raises(ConfigError, match="must be >= 0 and sum to less than 1"):
        divide(entries, [("test", fractions[0]), ("validation", fractions[1])])


@pytest.mark.parametrize(
    "options",
    [
        {"annotations": "../other.csv"},
        {"annotations": "/etc/passwd"},
        {"images": "../elsewhere"},
        {"images": "a/../../b"},
        {"images": "/"},
    ],
)
def test_paths_stay_in_the_data_sets_folder(tmp_path: Path, options: dict[str, str]) -> None:
    csv(tmp_path / "set", "filename,caption,split\na.png,one,train\n")
    (tmp_path / "other.csv").write_text("filename,caption\na.png,one\n")
    with pytest.raises(ConfigError, match=rf"data\.{next(iter(options))}=.* leaves the data set's"):
        captions(tmp_path / "set", **options)


@pytest.mark.parametrize("root", ["a" * 300, "a\0b", " ", "~nobody-of-this-name/x"])
def test_roots_that_no_disk_has(root: str) -> None:
    with pytest.raises(ConfigError, match=r"^data\.root=.* is no folder"):
        captions_of_root(root)


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="that is a file, not a folder"):
        captions_of_root(str(tmp_path / "file"))


def test_a_root_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    csv(tmp_path / "set", "filename,caption,split\na.png,one,train\n")
    assert captions_of_root("~/set") == ("train",)


def captions_of_root(root: str) -> tuple[str, ...]:
    return CaptionsFolder.splits(Config(root=root))


def test_ten_images_of_a_person_with_gaps(tmp_path: Path, picture: Picture) -> None:
    """An empty caption beside a full one, an image whose only caption is blank, one sentence."""
    lines = ["file_name,caption"]
    for place in range(10):
        picture(tmp_path / f"{place}.png", place)
        lines += [f"{place}.png,{'' if place == 3 else 'a field'}", f"{place}.png,some trees"]
    lines[lines.index("7.png,a field")] = "7.png,"
    lines.remove("7.png,some trees")
    csv(tmp_path, "\n".join(lines))
    config = Config(root=str(tmp_path), validation_fraction=0, test_fraction=0)
    with pytest.raises(DataError) as error:
        CaptionsFolder(config, "train")
    assert str(error.value) == (
        f"{tmp_path / 'table.csv'} has 1 image without any caption (7.png, row 15) and 1 image "
        "with an empty caption beside others (3.png, row 7): write the captions there, or leave "
        "out what has none with data.on_empty_caption=skip"
    )


def splits(root: Path, **options: Any) -> dict[str, int]:
    config = Config(root=str(root), **options)
    return {split: len(CaptionsFolder(config, split)) for split in CaptionsFolder.splits(config)}


def rows(*splits: str) -> str:
    lines = [f"{place}.png,a lake {place},{split}" for place, split in enumerate(splits)]
    return "\n".join(["file_name,caption,split", *lines])


def test_validation_is_taken_from_train_and_said(tmp_path: Path) -> None:
    csv(tmp_path, rows(*["train"] * 20, *["test"] * 5))
    assert splits(tmp_path) == {"train": 18, "validation": 2, "test": 5}
    config = Config(root=str(tmp_path))
    test = [record.image for record in CaptionsFolder(config, "test").records]
    assert test == [f"{place}.png" for place in range(20, 25)]
    for split in ("train", "test"):
        (note,) = CaptionsFolder(config, split).notes
        assert "2 of the 20 images of train are taken" in note
    assert splits(tmp_path, validation_fraction=0.25) == {"train": 15, "validation": 5, "test": 5}
    assert splits(tmp_path, validation_fraction=0.0) == {"train": 20, "test": 5}


def folder(root: Path, validation: float, test: float) -> Config:
    return Config(root=str(root), validation_fraction=validation, test_fraction=test)


def test_one_split_is_divided_as_none_is(tmp_path: Path) -> None:
    csv(tmp_path / "one", rows(*["train"] * 20))
    csv(tmp_path / "none", rows(*["train"] * 20).replace(",train", ",").replace("n,split", "n,x"))
    for validation, test in ((0.1, 0.1), (0.2, 0.3)):
        found = [
            (split, CaptionsFolder(config, split).records)
            for name in ("one", "none")
            for config in (folder(tmp_path / name, validation, test),)
            for split in CaptionsFolder.splits(config)
        ]
        assert len(found) == 6
        assert found[:3] == found[3:]


def test_a_table_for_each_split(tmp_path: Path, picture: Picture) -> None:
    for split, place in (("train", 0), ("val", 1), ("test", 2)):
        image = {"id": 1, "file_name": f"{place}.png"}
        content = {"images": [image], "annotations": [{"image_id": 1, "caption": f"a {place}"}]}
        (tmp_path / f"captions_{split}2017.json").write_text(json.dumps(content))
        picture(tmp_path / "images" / f"{place}.png", place)
    assert splits(tmp_path) == {"train": 1, "validation": 1, "test": 1}
    assert captions(tmp_path)["2.png"] == ("a 2",)
    notes = CaptionsFolder(Config(root=str(tmp_path)), "test").notes
    assert [note.partition(" as its name")[0] for note in notes] == [
        "all images of captions_test2017.json are in the split test,",
        "all images of captions_train2017.json are in the split train,",
        "all images of captions_val2017.json are in the split validation,",
    ]
    assert splits(tmp_path, annotations="captions_test2017.json") == {"test": 1}
    (tmp_path / "train.json").write_text("[]")
    with pytest.raises(DataError, match="several tables"):
        splits(tmp_path)


def test_an_image_in_two_tables_is_refused(tmp_path: Path) -> None:
    for name in ("train.csv", "test.csv"):
        csv(tmp_path, "filename,caption\na.png,one\n", name)
    with pytest.raises(DataError, match=r"stand more than once .*: a\.png"):
        captions(tmp_path)


def test_a_split_column_wins_over_the_tables_name(tmp_path: Path) -> None:
    csv(tmp_path, rows("test", "val", "train"), "train.csv")
    assert splits(tmp_path) == {"train": 1, "validation": 1, "test": 1}


@pytest.mark.parametrize("numbers", [("1", "2.5"), ("1", "a")])
def test_captions_that_are_numbers_are_told(tmp_path: Path, numbers: tuple[str, str]) -> None:
    csv(tmp_path, f"name,text,split\na.png,{numbers[0]},train\nb.png,{numbers[1]},train\n")
    notes = CaptionsFolder(
        Config(root=str(tmp_path), validation_fraction=0, test_fraction=0), "train"
    ).notes
    assert any("all captions are numbers, such as '1'" in note for note in notes) == (
        numbers[1] == "2.5"
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": [b"\x89PNG"], "caption": ["a"]}, "no file name: .*data=captions_parquet"),
        ({"image": [{"bytes": b"x", "path": "a"}], "caption": ["a"]}, "no column of image file"),
        ({"file_name": [7], "caption": ["a"]}, "no column of image file"),
        ({"file_name": ["a"], "caption": [7]}, "no column of captions"),
        ({"file_name": ["a", "b"], "caption": ["a", "b"], "split": [0, 1]}, "row 1: the split 0"),
        ({"file_name": ["a"], "caption": [[["a", "lake"]]]}, "row 1: column 'caption'"),
    ],
)
def test_parquet_of_other_types(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=rf"t\.parquet.*{message}"):
        captions(tmp_path)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "d/" * 1600])
def test_names_that_no_disk_has(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.json").write_text(json.dumps([{"file": f"{name}.png", "caption": "a"}]))
    with pytest.raises(DataError, match="row 1: no file can have the name"):
        captions(tmp_path)


@pytest.mark.parametrize("depth", [90, 300, 480, 900, 960, 3000])
@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"raw": ', "}"), ('{"train": ', "}")])
def test_depth_is_refused_wherever_it_is(
    tmp_path: Path, depth: int, before: str, after: str
) -> None:
    deep = before * depth + '"a"' + after * depth
    for name, text in (
        ("a.json", deep),
        ("b.json", f'[{{"file": "a.png", "split": "train", "caption": {deep}}}]'),
        ("c.json", f'[{{"file": "a.png", "split": "train", "caption": {json.dumps(deep)}}}]'),
        ("d.json", f'[{{"file": {deep}, "split": {deep}, "caption": "x"}}]'),
        ("e.jsonl", deep),
        ("f.csv", "file;caption;split\na.png;" + f'"{deep.replace(chr(34), chr(34) * 2)}";train'),
    ):
        (tmp_path / name).write_text(text)
        try:
            captions(tmp_path, annotations=name)
        except DataError as error:
            assert name in str(error)
