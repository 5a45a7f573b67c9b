import json
from pathlib import Path

import pytest
import yaml

from tests.exports.conftest import make_run
from wfa.exports.export_run import export_run
from wfa.exports.model_card import without_places
from wfa.files import file_hash, write_text


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A run that says of itself what a finished one does."""
    run = make_run(tmp_path / "run", "data=ucm_captions", f"data.root={tmp_path}")
    row = {"data": "ucm_captions", "split": "test", "protocol": "strict", "queries": "single",
           "direction": "text_to_image", "metric": "R@1", "value": 0.125}  # fmt: skip
    rows = [{**row, "ties": "worst"}, {**row, "ties": "expected", "value": 0.25},
            {**row, "ties": "worst", "oracle": True, "value": 1.0}]  # fmt: skip
    splits = {"test": {"images": 210, "captions": 1050, "checksum": "ab12"}}
    facts = {"data": {"splits": splits, "notes": ["a note"]}, "versions": {"wfa": "0.2.0"},
             "selection": {"split": "validation", "step": 40}}  # fmt: skip
    write_text(run / "metrics.json", json.dumps(rows))
    write_text(run / "run.json", json.dumps(facts))
    return run


def test_it_says_all_that_a_reader_must_know(measured: Path) -> None:
    folder = export_run(measured, licence="apache-2.0").weights.parent
    text = (folder / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    assert yaml.safe_load(front)["license"] == "apache-2.0"
    assert yaml.safe_load(front)["library_name"] == "open_clip"
    for said in ("210 images, 1,050 captions", "SHA-256 ab12", "a note", "ties worst", "strict",
                 "12.5", "25.0", "oracle", "split validation", "aggregation=`", "`apache-2.0`",
                 "Terms of the data"):  # fmt: skip
        assert said in body, said
    assert str(measured.parent) not in text


def test_checksums_are_those_of_the_files(measured: Path) -> None:
    folder = export_run(measured).weights.parent
    record = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    assert set(record["sha256"]) == {"open_clip_config.json", "open_clip_model.safetensors"}
    card = (folder / "README.md").read_text(encoding="utf-8")
    for name, digest in record["sha256"].items():
        assert digest == file_hash(folder / name)
        assert digest in card


def test_without_scores_and_licence_it_says_so(tmp_path: Path) -> None:
    folder = export_run(make_run(tmp_path / "run")).weights.parent
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "Not measured." in text
    assert "The exporter stated none." in text
    assert "license:" not in text


def test_places_of_a_machine_stay_out() -> None:
    values = {"root": "/home/me/ucm", "deep": [{"file": "/a/b.pt"}, "relative/x"], "n": 3}
    assert without_places(values) == {
        "root": "ucm", "deep": [{"file": "b.pt"}, "relative/x"], "n": 3,
    }  # fmt: skip
