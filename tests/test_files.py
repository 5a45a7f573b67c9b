"""Atomic writing: the old file or the new one, never a part."""

import errno
from pathlib import Path

import pytest

from wfa.errors import UserError
from wfa.files import atomic_write, write_text


def test_writes_and_makes_the_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b.txt", "hello é")
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "hello é"


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("code", "message"), [(errno.ENOSPC, "no space left"), (errno.EACCES, "may not be written")]
)
def test_a_full_disk_is_the_users_to_mend(tmp_path: Path, code: int, message: str) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UserError, match=message), atomic_write(path):
        raise OSError(code, "no")
    assert path.read_text() == "old"


def test_a_file_where_a_folder_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(UserError, match="a file stands where a folder is wanted"):
        write_text(tmp_path / "a" / "b", "y")


def test_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="strange"), atomic_write(tmp_path / "file"):
        raise OSError(errno.EIO, "strange")
