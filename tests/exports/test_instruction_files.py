import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.bigearthnet.conftest import handles_closed, imagery, made
from tests.bigearthnet.made import names
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt, Config
from wfa.cli.data import app
from wfa.data.sets.captions_folder import CaptionsFolder
from wfa.data.sets.captions_folder import Config as FolderConfig
from wfa.errors import ConfigError, DataError, UserError
from wfa.exports.instruction_files import write_instructions

__all__ = ["handles_closed", "imagery", "made"]


def dataset(made: Path, **options: Any) -> BigEarthNetTxt:
    return BigEarthNetTxt(Config(root=str(made), bands="rgb", **options), "test")


def test_llava_asks_all_of_an_image_in_the_words_of_the_rows(made: Path, tmp_path: Path) -> None:
    done = write_instructions(dataset(made), "llava", tmp_path / "test.json")
    first, second = json.loads(done.file.read_text(encoding="utf-8"))
    assert first["id"] == names(1)[0]
    assert first["image"] == f"test_images/{names(1)[0]}.png"
    options = "a) Summer, b) Winter, c) Spring, d) Fall"
    assert first["conversations"] == [
        {"from": "human", "value": "<image>\nDoes the image depict pastures?"},
        {"from": "gpt", "value": "yes"},
        {"from": "human", "value": f"Which season is shown? {options}"},
        {"from": "gpt", "value": "d"},
    ]
    said = [turn["value"] for turn in second["conversations"]]
    assert said[1] == "Pastures lie here. A lake is there."
    assert said[2:6] == ["Find the <ref>lake</ref>.", "[0.0 0.1, 0.5 1.0]",
                         "Box <point>(0.2, 0.3)</point>.", "[0.0 0.1, 0.5 1.0]"]  # fmt: skip
    assert (done.images, done.turns) == (2, 2 + len(said) // 2)


def test_sharegpt_comes_with_llama_factorys_entry(made: Path, tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text('{"other": {"file_name": "other.json"}}', encoding="utf-8")
    done = write_instructions(dataset(made), "sharegpt", tmp_path / "ben.json")
    records = json.loads(done.file.read_text(encoding="utf-8"))
    entry = json.loads(info.read_text(encoding="utf-8"))
    assert entry["other"] == {"file_name": "other.json"}
    assert entry["ben"]["file_name"] == "ben.json"
    columns = entry["ben"]["columns"]
    for record in records:
        assert set(record) == set(columns.values())
        turns = record[columns["messages"]]
        assert [turn["from"] for turn in turns] == ["human", "gpt"] * (len(turns) // 2)
        marks = sum(turn["value"].count("<image>") for turn in turns)
        assert marks == len(record[columns["images"]]) == 1
        assert all((tmp_path / file).is_file() for file in record[columns["images"]])


def test_pictures_show_the_bands_by_the_statistics_of_all(made: Path, tmp_path: Path) -> None:
    own = dataset(made)
    done = write_instructions(own, "llava", tmp_path / "test.json")
    shown = np.asarray(Image.open(done.pictures / f"{own.records[0].image}.png"))
    bands = own.read_image(0)
    assert own.channels is not None
    for colour, place in own.channels.of_colours().items():
        mean, std = own.channels.mean[place], own.channels.std[place]
        black, white = max(0.0, mean - 2 * std), mean + 2 * std
        for row, column in ((0, 0), (17, 90), (119, 3)):
            share = (float(bands[row, column, place]) - black) / (white - black)
            wanted = round(255 * min(max(share, 0.0), 1.0))
            assert abs(int(shown[row, column, colour]) - wanted) <= 1


def test_picture_files_are_copied(tmp_path: Path) -> None:
    root = tmp_path / "set"
    (root / "images").mkdir(parents=True)
    for place in range(2):
        Image.new("RGB", (8, 6), (40 * place, 9, 200)).save(root / "images" / f"{place}.jpg")
    lines = ["image,caption,split", "0.jpg,a field,train", "0.jpg,green land,train",
             "1.jpg,a lake,train"]  # fmt: skip
    (root / "captions.csv").write_text("\n".join(lines), encoding="utf-8")
    source = CaptionsFolder(FolderConfig(root=str(root)), "train")
    done = write_instructions(source, "llava", tmp_path / "out.json")
    first = json.loads(done.file.read_text(encoding="utf-8"))[0]
    assert (tmp_path / first["image"]).read_bytes() == (root / "images" / "0.jpg").read_bytes()
    assert [turn["value"] for turn in first["conversations"]] == [
        "<image>\nDescribe the image.", "a field", "Describe the image.", "green land",
    ]  # fmt: skip


def test_a_truncated_picture_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text("image,caption,split\n0.png,a field,train\n", "utf-8")
    picture = tmp_path / "0.png"
    Image.effect_noise((40, 40), 60).convert("RGB").save(picture)
    picture.write_bytes(picture.read_bytes()[:-500])
    source = CaptionsFolder(FolderConfig(root=str(tmp_path)), "train")
    with pytest.raises(DataError, match=r"0\.png of captions_folder is truncated"):
        write_instructions(source, "llava", tmp_path / "out" / "train.json")
    left = sorted(path.name for path in (tmp_path / "out").rglob("*"))
    assert left == ["made_of.txt", "train_images"]


def test_written_pictures_are_kept_and_others_are_not_taken(made: Path, tmp_path: Path) -> None:
    done = write_instructions(dataset(made), "llava", tmp_path / "test.json")
    picture = next(done.pictures.glob("*.png"))
    before = picture.stat().st_mtime_ns
    done.file.unlink()
    write_instructions(dataset(made), "sharegpt", tmp_path / "test.json")
    assert picture.stat().st_mtime_ns == before
    with pytest.raises(UserError, match="holds no pictures of this split"):
        write_instructions(dataset(made, texts="caption"), "llava", tmp_path / "test.json")


def test_what_cannot_be_written_is_told(made: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no form of instructions 'lava'"):
        write_instructions(dataset(made), "lava", tmp_path / "a.json")
    radar = BigEarthNetTxt(Config(root=str(made), bands="VV,VH"), "test")
    with pytest.raises(DataError, match=r"set data\.bands=rgb"):
        write_instructions(radar, "llava", tmp_path / "a.json")
    (tmp_path / "dataset_info.json").write_text("[", encoding="utf-8")
    with pytest.raises(UserError, match="is no JSON"):
        write_instructions(dataset(made), "sharegpt", tmp_path / "a.json")


def test_the_verb(made: Path, tmp_path: Path) -> None:
    words = [f"data.root={made}", "split=test", f"out={tmp_path / 'a.json'}"]
    found = CliRunner().invoke(app, ["export", "bigearthnet_txt", "--to", "llava", *words])
    assert found.exit_code == 0, found.output
    assert "2 images, 6 questions" in " ".join(found.output.split())
