import json
from pathlib import Path

import pytest

from wfa.errors import DataError
from wfa.text_files import json_value, read_json, read_text

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_marked_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes('["é", "🛰"]\r\n'.encode(encoding))
    assert read_text(tmp_path / "a.txt") == '["é", "🛰"]\r\n'
    assert read_json(tmp_path / "a.txt") == ["é", "🛰"]


def test_another_encoding_is_refused_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\nth\xe9\n")
    with pytest.raises(DataError, match=r"a\.txt is not text in UTF-8 \(line 3: .*save it as"):
        read_text(tmp_path / "a.txt")
    with pytest.raises(DataError, match=r"a\.txt is not JSON \(not text in UTF-8 \(line 3"):
        read_json(tmp_path / "a.txt")
    with pytest.raises(DataError, match="cannot be read"):
        read_text(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("{", "line 1 column 2"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("9" * 5000, "thousands of digits"),
        ('[{"a.png": 1, "b": {"c": 1, "c": 2}}]', "key 'c' stands more than once"),
    ],
)
def test_what_is_no_json_has_one_kind_of_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        json_value(text)
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=rf"a\.json is not JSON \(.*{message}"):
        read_json(tmp_path / "a.json")


def test_json_is_as_python_reads_it() -> None:
    text = '{"a": [1, 2.5, null, true, "\\u00e9\\ud83d\\ude80"], "b": {"c": {}}}'
    assert json_value(text) == json.loads(text)
