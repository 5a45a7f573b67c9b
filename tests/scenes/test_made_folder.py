import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from wfa.errors import DataError
from wfa.scenes.made_folder import make_whole

WANTED = {"seed": 1}


def fill(building: Path) -> Mapping[str, Any]:
    (building / "deep").mkdir()
    (building / "deep" / "a").write_text("one")
    return {"more": [2]}


def test_the_manifest_has_the_settings_and_the_sums(tmp_path: Path) -> None:
    make_whole(tmp_path / "made", "m.json", WANTED, fill)
    assert json.loads((tmp_path / "made" / "m.json").read_text()) == {
        "seed": 1, "more": [2], "sha256": {"deep/a": hashlib.sha256(b"one").hexdigest()},
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_nothing_is_left_of_what_failed(tmp_path: Path) -> None:
    def fails(building: Path) -> Mapping[str, Any]:
        fill(building)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_whole(tmp_path / "made", "m.json", WANTED, fails)
    assert list(tmp_path.iterdir()) == []


def test_the_first_to_finish_wins(tmp_path: Path) -> None:
    def slow(building: Path) -> Mapping[str, Any]:
        make_whole(tmp_path / "made", "m.json", WANTED, fill)
        (building / "other").write_text("two")
        return {}

    make_whole(tmp_path / "made", "m.json", WANTED, slow)
    assert not (tmp_path / "made" / "other").exists()


def test_other_content_is_refused(tmp_path: Path) -> None:
    make_whole(tmp_path / "made", "m.json", WANTED, fill)
    make_whole(tmp_path / "made", "m.json", WANTED, fill)
    with pytest.raises(DataError, match="holds scenes with seed 1, but 2 is wanted"):
        make_whole(tmp_path / "made", "m.json", {"seed": 2}, fill)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "file").write_text("mine")
    with pytest.raises(DataError, match=r"holds other files and no readable m\.json"):
        make_whole(tmp_path / "own", "m.json", WANTED, fill)
