from pathlib import Path

import pytest

from wfa.errors import DataError
from wfa.tasks.predictions import read_predictions, write_predictions


def test_what_is_written_is_read(tmp_path: Path) -> None:
    answers = {7: "yes", 3: "[0.0 0.1, 0.2 0.3]", 12: "Ein See \u2013 mit\nUfer."}
    write_predictions(tmp_path / "a.jsonl", answers)
    assert read_predictions(tmp_path / "a.jsonl") == answers


def test_other_keys_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    text = '{"ID": 1, "output": "no", "model": "x"}\n\n{"output": "", "ID": 2}\n'
    text += '{"ID": 3, "output": null}\n'
    path.write_text(text, encoding="utf-8-sig")
    assert read_predictions(path) == {1: "no", 2: "", 3: ""}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ('{"ID": 1, "output": "no"}', "line 2: ID 1 was answered in line 1"),
        ('{"ID": 2, "output": "no"', "line 2 is not JSON"),
        ("[2, 3]", "line 2 is no object"),
        ("[" * 100_000, "line 2 is not JSON .*nested too deeply"),
        ('{"ID": ' + "9" * 5000 + ', "output": "no"}', "line 2 is not JSON .*digits"),
        ('{"ID": 2, "output": "no", "output": "yes"}', "line 2 is not JSON .*more than once"),
        ('{"ID": 2, "answer": "no"}', 'line 2 is no object with "ID" and "output"'),
        ('{"ID": "2", "output": "no"}', "line 2.*whole number"),
        ('{"ID": true, "output": "no"}', "line 2.*whole number"),
        ('{"ID": 2.0, "output": "no"}', "line 2.*whole number"),
        ('{"ID": 2, "output": true}', 'line 2: "output" must be a string'),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, second: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"ID": 1, "output": "yes"}\n' + second + "\n")
    with pytest.raises(DataError, match=message):
        read_predictions(path)


def test_no_file_no_text_no_answer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl does not exist"):
        read_predictions(tmp_path / "none.jsonl")
    with pytest.raises(DataError, match="cannot be read: "):
        read_predictions(tmp_path)
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        read_predictions(tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").write_text("\n")
    with pytest.raises(DataError, match="holds no answer"):
        read_predictions(tmp_path / "a.jsonl")
