from pathlib import Path

import pytest

from tests.exports.conftest import make_run
from wfa.errors import ConfigError, ModelError, UserError
from wfa.exports import open_clip_folder
from wfa.exports.export_run import export_run
from wfa.exports.export_source import Source, Written
from wfa.runs.checkpoint_model import WEIGHTS


def test_an_export_is_replaced_by_the_next(attention_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_run(attention_run, out=out)
    (out / "of_before.txt").write_text("x", encoding="utf-8")
    export_run(attention_run, out=out)
    assert not (out / "of_before.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_a_persons_own_is_kept(attention_run: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="is there and is no export"):
        export_run(attention_run, out=tmp_path)
    with pytest.raises(UserError, match="is there and is no export"):
        export_run(attention_run, out=tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_taken(attention_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert export_run(attention_run, out=out).weights.is_file()


def test_what_breaks_off_leaves_the_last_export_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "run")
    before = export_run(run).weights.read_bytes()

    def broken(source: Source, folder: Path) -> Written:
        (folder / "half").write_text("half", encoding="utf-8")
        raise ModelError("no")

    monkeypatch.setattr(open_clip_folder, "write", broken)
    with pytest.raises(ModelError):
        export_run(run)
    assert (run / "open_clip" / WEIGHTS).read_bytes() == before
    names = sorted(path.name for path in run.iterdir())
    assert names == ["config.yaml", "model.safetensors", "open_clip"]


def test_weights_take_no_data(attention_run: Path) -> None:
    with pytest.raises(ConfigError, match="embeds no data set"):
        export_run(attention_run, split="test")
