from pathlib import Path

import pytest

from wfa.errors import ConfigError
from wfa.tasks.questions import annotations_file
from wfa.tasks.score_settings import Request, parse_request


def test_words_in_any_order() -> None:
    asked = parse_request(["split=test", "a.jsonl", "rows=r.parquet", "extras=similarity"])
    assert asked == Request(
        answers=Path("a.jsonl"), rows="r.parquet", split="test", extras=("similarity",)
    )
    assert parse_request([]).split == "bench"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["splits=test"], "did you mean 'split'"),
        (["train.epochs=3"], "known: rows"),
        (["a.jsonl", "b.jsonl"], "a.jsonl b.jsonl are several"),
        (["rows=r.parquet", "data.root=."], "choose one"),
        (["data.on_bad_row=ignore"], "'error', 'skip'"),
        (["extras=similarity,chess"], "'chess' is not known. Known: similarity, BERTScore"),
    ],
)
def test_a_mistake_is_named(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_request(words)


def test_where_the_rows_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bigearthnet_txt").mkdir()
    expected = tmp_path / "bigearthnet_txt" / "BigEarthNet.txt.parquet"
    monkeypatch.setenv("WFA_DATA_DIR", str(tmp_path))
    assert annotations_file(None, None) == expected
    assert annotations_file("own.parquet", None) == Path("own.parquet")
    monkeypatch.delenv("WFA_DATA_DIR")
    assert annotations_file(None, str(expected.parent)) == expected
