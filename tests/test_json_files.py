from pathlib import Path

import pytest

from wfa.errors import RunError
from wfa.json_files import read_json, read_object


def test_values_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": [1, "\u00e9"]}', encoding="utf-8")
    assert read_json(path, "again") == read_object(path, ["a"], "again") == {"a": [1, "\u00e9"]}


@pytest.mark.parametrize("content", [b"{", b"\xff", b"", b"[" * 100_000])
def test_a_damaged_file_is_named_with_what_makes_it_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"a\.json cannot be read \(.*\): run `wfa audit` again"):
        read_json(path, "run `wfa audit` again")


def test_a_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "no.json", tmp_path):
        with pytest.raises(RunError, match="cannot be read"):
            read_json(path, "again")


@pytest.mark.parametrize(
    ("text", "message"), [("3", "holds a int"), ("[]", "holds a list"), ("{}", "has no points")]
)
def test_other_content_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(RunError, match=message):
        read_object(path, ["points"], "again")
