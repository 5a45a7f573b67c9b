from pathlib import Path

import pytest

from wfa.errors import ConfigError
from wfa.options.read_settings import read_settings
from wfa.tasks.questions import annotations_file
from wfa.tasks.score_settings import ScoreSettings


def test_words_in_any_order() -> None:
    words = ["split=test", "a.jsonl", "rows=r.parquet", "extras=similarity"]
    asked = read_settings(ScoreSettings, words)
    assert asked == ScoreSettings(
        files=("a.jsonl",), rows=Path("r.parquet"), split="test", extras=("similarity",)
    )
    assert asked.answers == Path("a.jsonl")
    assert read_settings(ScoreSettings, []) == ScoreSettings(split="bench")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["splits=test"], "did you mean 'split'"),
        (["train.epochs=3"], "known: rows"),
        (["a.jsonl", "b.jsonl"], "a.jsonl b.jsonl are several"),
        (["rows=r.parquet", "data.root=."], "choose one"),
        (["data.on_bad_row=ignore"], "'ignore' is not known. Known: error, skip"),
        (["extras=similarity,chess"], "'chess' is not known. Known: similarity, BERTScore"),
    ],
)
def test_a_mistake_is_named(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_settings(ScoreSettings, words)


def test_where_the_rows_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bigearthnet_txt").mkdir()
    expected = tmp_path / "bigearthnet_txt" / "BigEarthNet.txt.parquet"
    monkeypatch.setenv("WFA_DATA_DIR", str(tmp_path))
    assert annotations_file(None, "") == expected
    assert annotations_file(Path("own.parquet"), "") == Path("own.parquet")
    monkeypatch.delenv("WFA_DATA_DIR")
    assert annotations_file(None, str(expected.parent)) == expected
