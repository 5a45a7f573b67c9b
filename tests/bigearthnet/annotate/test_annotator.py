from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bigearthnet.annotate.made import PATCH, random_codes, row, write_maps, write_metadata
from wfa.bigearthnet.annotate import paraphrase
from wfa.bigearthnet.annotate.annotator import Annotator, Config
from wfa.bigearthnet.annotate.patch_metadata import Metadata
from wfa.bigearthnet.annotate.reference_maps import open_maps
from wfa.bigearthnet.rows import BOX, CAPTION, CATEGORIES, CHOICE, YES_NO
from wfa.errors import ConfigError, DataError

COUNT = 6


def made(tmp_path: Path, on_bad_row: str = "error", model: Any = None) -> Annotator:
    tmp_path.mkdir(exist_ok=True)
    maps = {PATCH.format(number): random_codes(number) for number in range(COUNT)}
    maps[PATCH.format(1)] = np.full((60, 60), 211, np.uint16)
    maps[PATCH.format(2)] = np.full((120, 120), 142, np.uint16)
    write_maps(tmp_path / "maps", maps)
    rows = [row(number) for number in range(COUNT)]
    rows[3]["split"] = "val"
    metadata = Metadata(write_metadata(tmp_path / "m.parquet", rows))
    options = Config(on_bad_row=on_bad_row)
    return Annotator(open_maps(tmp_path / "maps"), metadata, options, model or paraphrase.Config())


def test_one_patch_has_rows_of_every_type(tmp_path: Path) -> None:
    found = made(tmp_path).patch(0)
    assert found.place is not None
    assert found.place.patch_id == PATCH.format(0)
    kinds = [question.type for question in found.questions]
    assert kinds == sorted(kinds, key=(YES_NO, CHOICE, BOX, CAPTION).index)
    assert set(kinds) == set(CATEGORIES)
    assert kinds.count(CAPTION) == 1
    assert len(kinds) > 12


def test_a_map_without_a_class_has_no_rows(tmp_path: Path) -> None:
    found = made(tmp_path).patch(2)
    assert found.place is not None
    assert (found.questions, found.reason) == ((), "")


@pytest.mark.parametrize(
    ("index", "message"),
    [(1, f"reference map of patch {PATCH.format(1)} is 60 x 60"), (3, "has the split 'val'")],
)
def test_what_is_broken_stops_or_is_left_out(tmp_path: Path, index: int, message: str) -> None:
    with pytest.raises(DataError, match=f"{message}.*on_bad_row=skip leaves such patches out"):
        made(tmp_path).patch(index)
    found = made(tmp_path / "more", "skip").patch(index)
    assert (found.place, found.questions) == (None, ())
    assert message in found.reason


def test_a_model_rewords_the_caption_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = made(tmp_path).patch(0)
    model = paraphrase.Config("http://localhost:1", "m")
    for said in ("Other words.", None):
        monkeypatch.setattr(paraphrase, "paraphrase", lambda *_, said=said: said)
        found = made(tmp_path / str(said), model=model).patch(0)
        assert found.reworded is (said is not None)
        assert list(found.questions[:-1]) == list(plain.questions[:-1])
        assert found.questions[-1].answer == (said or plain.questions[-1].answer)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed=-1"),
        ({"connectivity": 6}, "annotate.connectivity=6 must be one of 4, 8"),
        ({"workers": -2}, "workers=-2"),
        ({"on_bad_row": "stop"}, "on_bad_row='stop' is not known. Known: error, skip"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Config(**options)
