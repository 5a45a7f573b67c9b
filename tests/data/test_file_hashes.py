"""Content hashes: of the content, remembered, and not believed longer than they are right."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from wfa.data import file_hashes
from wfa.data.file_hashes import FileMemo, Stamp, content_hashes, stamp
from wfa.data.sets.ucm_captions import Config, UCMCaptions


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch, cache_dir: Path) -> list[Path]:
    """Note each file that is read."""
    del cache_dir
    read: list[Path] = []
    whole = file_hashes._hash

    def note(path: Path) -> str:
        read.append(path)
        return whole(path)

    monkeypatch.setattr(file_hashes, "_hash", note)
    return read


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three files of ten bytes that changed long ago, as far as their stamps tell."""
    monkeypatch.setattr(Stamp, "settled", True)
    made = [tmp_path / "set" / f"{place}.png" for place in range(3)]
    made[0].parent.mkdir()
    for place, path in enumerate(made):
        path.write_bytes(bytes([place]) * 10)
    return made


def test_hashes_are_of_the_content(files: list[Path], cache_dir: Path) -> None:
    found = content_hashes([*files, files[0]], cache_dir)
    for path in files:
        assert found[path] == hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    assert len(set(found.values())) == 3


def test_each_file_is_read_once(files: list[Path], hashed: list[Path]) -> None:
    root = files[0].parent
    first = content_hashes(files, root)
    assert sorted(hashed) == files
    assert content_hashes(files[::-1], root) == first
    assert len(hashed) == 3
    files[1].write_bytes(b"x" * 10)
    second = content_hashes(files, root)
    assert hashed[3:] == [files[1]]
    assert [first[path] == second[path] for path in files] == [True, False, True]


def test_files_that_changed_places_are_read_again(files: list[Path], hashed: list[Path]) -> None:
    root = files[0].parent
    for path in files:
        os.utime(path, ns=(1, 1))  # as an archive unpacks them: all of one time
    first = content_hashes(files, root)
    files[0].rename(root / "aside")
    files[1].rename(files[0])
    (root / "aside").rename(files[1])
    second = content_hashes(files, root)
    assert len(hashed) == 5
    assert [second[path] for path in files] == [first[files[k]] for k in (1, 0, 2)]


def test_what_has_just_changed_is_not_remembered(
    files: list[Path], hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", False)
    for _ in range(2):
        content_hashes(files, files[0].parent)
    assert len(hashed) == 6


def test_settled_by_hand() -> None:
    assert Stamp(1, 10**18, 10**18).settled
    assert not Stamp(1, 10**18, 10**20).settled
    assert not Stamp(1, 10**20, 10**18).settled


def test_a_missing_file_is_not_remembered(files: list[Path], hashed: list[Path]) -> None:
    content = files[2].read_bytes()
    files[2].unlink()
    assert content_hashes(files, files[0].parent)[files[2]].startswith("unreadable")
    files[2].write_bytes(content)
    assert "unreadable" not in content_hashes(files, files[0].parent)[files[2]]


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("content", ["", "[1, 2]", '{"a"', "3"])
def test_a_damaged_memory_is_made_anew(
    files: list[Path], cache_dir: Path, hashed: list[Path], content: str
) -> None:
    root = files[0].parent
    first = content_hashes(files, root)
    (memory,) = (cache_dir / "image_hashes").iterdir()
    memory.write_text(content)
    assert content_hashes(files, root) == first
    assert len(hashed) == 6
    content_hashes(files, root)
    assert len(hashed) == 6


@pytest.mark.usefixtures("cache_dir")
def test_memories_of_two_roots_and_kinds_are_apart(files: list[Path], tmp_path: Path) -> None:
    now = stamp(files[0])
    memo = FileMemo("kind", tmp_path / "a")
    assert memo.known("x", now, lambda: "known") == "known"
    memo.save()
    assert FileMemo("kind", tmp_path / "a").known("x", now, lambda: "new") == "known"
    assert FileMemo("kind", tmp_path / "b").known("x", now, lambda: "new") == "new"
    assert FileMemo("other", tmp_path / "a").known("x", now, lambda: "new") == "new"
    changed = now._replace(size=1)
    assert FileMemo("kind", tmp_path / "a").known("x", changed, lambda: "new") == "new"


@pytest.mark.usefixtures("cache_dir")
def test_a_second_start_reads_no_image(
    data_dir: Callable[[str], Path], hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "settled", True)
    options = Config(root=str(data_dir("ucm_captions")))
    first = UCMCaptions(options, "test").checksum
    assert len(hashed) == 210
    assert UCMCaptions(options, "test").checksum == first
    assert len(hashed) == 210
