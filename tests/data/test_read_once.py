"""What is made of a file is kept, and made anew when the file changes."""

import json
from pathlib import Path

import pytest

from wfa.data.file_hashes import Stamp
from wfa.data.read_once import read_once
from wfa.data.tables.karpathy import karpathy_entries
from wfa.errors import DataError


def test_a_file_is_read_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", True)
    read: list[tuple[str, str]] = []

    @read_once
    def lines(path: Path, end: str) -> list[str]:
        read.append((path.name, end))
        return path.read_text().split(end)

    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a;b,c")
    other.write_text("d")
    assert lines(one, ";") == lines(one, ";") == ["a", "b,c"]
    assert lines(one, ",") == ["a;b", "c"]
    assert lines(other, ";") == ["d"]
    assert read == [("one", ";"), ("one", ","), ("other", ";")]
    one.write_text("longer;")
    assert lines(one, ";") == ["longer", ""]
    other.replace(one)
    assert lines(one, ";") == ["d"]


def test_what_has_just_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    for text in ("a road", "a lake"):  # of one size, within one tick of a coarse clock
        image = {"filename": "a.png", "split": "train", "sentences": [{"raw": text}]}
        path.write_text(json.dumps({"images": [image]}))
        assert karpathy_entries(path)[0].captions == (text,)


def test_a_file_that_is_gone_is_told_by_its_reader(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.json"):
        karpathy_entries(tmp_path / "gone.json")
