"""Folders that come into being whole, and take another's place at once."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wfa.files import remove_leftovers, replace_folder, temporary_folder


def test_a_folder_is_made_beside_its_place(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with temporary_folder(path) as building:
        (building / "a").write_text("x")
        with temporary_folder(path) as other:  # another process
            assert other != building
            assert list(other.iterdir()) == []
            (other / "b").write_text("y")
        remove_leftovers(tmp_path)
        building.rename(path)
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == [
        "folder",
        "folder/a",
    ]


def test_a_folder_left_behind_is_emptied(tmp_path: Path) -> None:
    left = tmp_path / ".folder.0.wfa-part"
    left.mkdir()
    (left / "a").write_text("x")
    with temporary_folder(tmp_path / "folder") as building:
        assert building == left
        assert list(building.iterdir()) == []
    assert list(tmp_path.iterdir()) == []
    left.mkdir()
    (tmp_path / ".folder.0.lock.wfa-part").touch()
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    for number in range(4):
        if number == 3:  # a disk that lets no folders change places
            monkeypatch.setattr("wfa.files._exchanged", lambda one, other: False)
        with temporary_folder(folder) as made:
            (made / str(number)).touch()
            replace_folder(made, folder)
        assert [path.name for path in folder.iterdir()] == [str(number)]
        assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets folders change places")
def test_a_reader_always_finds_a_whole_folder(tmp_path: Path) -> None:
    folder, ended = tmp_path / "folder", threading.Event()
    for name in ("folder", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "content").touch()

    def exchange() -> None:
        try:
            for _ in range(300):
                replace_folder(tmp_path / "other", folder)
        finally:
            ended.set()

    reads = 0
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(exchange)
        while not ended.is_set() or not reads:
            assert (folder / "content").is_file()
            reads += 1
        writer.result()


def test_its_files_are_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with temporary_folder(tmp_path / "new") as made:
        (made / "deep").mkdir()
        (made / "deep" / "tensors").touch(0o600)  # as safetensors makes its files
        replace_folder(made, tmp_path / "new")
    found = (tmp_path / "new" / "deep" / "tensors").stat().st_mode
    assert found == (tmp_path / "plain").stat().st_mode
