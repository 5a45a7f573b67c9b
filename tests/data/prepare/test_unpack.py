import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from wfa.data.prepare.unpack import unpack
from wfa.errors import DataError, UserError


def archive(path: Path, members: Mapping[str, bytes], mode: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            opened.writestr(info, content)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_wanted_members_go_where_they_should(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"x/": b"", "x/1.txt": b"one", "x/2.bin": b"two"})
    wanted = {"x/1.txt": "out/first.txt"}
    assert unpack(path, tmp_path / "set", wanted.get) == 1
    assert files(tmp_path / "set") == {"out/first.txt": b"one"}
    assert unpack(path, tmp_path / "set", wanted.get) == 1  # again, over what is there


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/evil", "..\\evil", "C:/evil", "C:\\evil"]
)
def test_nothing_leaves_the_folder(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.zip", {"good": b"1", name: b"2"})
    # Neither a name that is wanted nor one that is not may come with the rest.
    for place in (str, lambda member: "good" if member == "good" else None):
        with pytest.raises(DataError, match=r"leaves the folder: .* nothing of it was unpacked"):
            unpack(path, tmp_path / "set", place)
    assert files(tmp_path) == {"a.zip": path.read_bytes()}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    path = archive(tmp_path / "a.zip", {"link": b"/etc/passwd"}, mode=kind | 0o777)
    with pytest.raises(DataError, match="which is a link or leaves the folder"):
        unpack(path, tmp_path / "set", str)
    assert not (tmp_path / "set").exists()


def test_regular_files_from_unix(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": b"1"}, mode=stat.S_IFREG | 0o644)
    assert unpack(path, tmp_path / "set", str) == 1


def test_two_members_for_one_file(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": b"1", "b": b"2"})
    with pytest.raises(DataError, match="holds two files for same"):
        unpack(path, tmp_path / "set", lambda _: "same")


def test_an_archive_of_something_else(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": b"1"})
    with pytest.raises(DataError, match="none of the wanted files"):
        unpack(path, tmp_path / "set", lambda _: None)


@pytest.mark.parametrize("where", ["content", "end"])
def test_a_damaged_archive(tmp_path: Path, where: str) -> None:
    path = archive(tmp_path / "a.zip", {"a": bytes(range(256)) * 20})
    content = bytearray(path.read_bytes())
    if where == "end":
        del content[-10:]
    else:
        content[40:60] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a whole zip archive"):
        unpack(path, tmp_path / "set", str)
    assert not (tmp_path / "set" / "a").exists()


def test_more_than_the_disk_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "a.zip", {"a": b"1" * 100})
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 99}))
    with pytest.raises(UserError, match="unpacks to"):
        unpack(path, tmp_path / "set", str)
    assert not (tmp_path / "set" / "a").exists()
