import hashlib
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wfa.data.prepare.download import digest, fetch, matches
from wfa.errors import DataError, UserError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"


@pytest.fixture
def target(tmp_path: Path, site: Any) -> Path:
    site.files["/a/file.zip"] = CONTENT
    return tmp_path / "set" / "file.zip"


def get(site: Any, target: Path, checksum: str = SHA256, **options: Any) -> None:
    fetch(f"{site.base_url}/a/file.zip", target, checksum, wait=0.0, **options)


@pytest.mark.parametrize("checksum", [SHA256, MD5, "", SHA256.upper().replace("SHA", "sha")])
def test_a_whole_file(site: Any, target: Path, checksum: str) -> None:
    steps: list[tuple[str, int, int]] = []
    get(site, target, checksum, progress=lambda *step: steps.append(step))
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.zip"]
    assert steps[-1] == ("file.zip", 3_000_000, 3_000_000)


def test_cuts_are_resumed_in_one_call(site: Any, target: Path) -> None:
    site.cut_after = [1_000_000, 500_000]
    get(site, target)
    assert target.read_bytes() == CONTENT
    assert [span for _, span in site.requests] == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_cut_is_resumed_in_the_next_call(site: Any, target: Path) -> None:
    site.cut_after = [1_000_000, 0, 0, 0, 0]
    with pytest.raises(DataError, match="1000000 of 3000000 bytes arrived; 5 attempts"):
        get(site, target)
    assert not target.exists()
    site.requests.clear()
    get(site, target)
    assert target.read_bytes() == CONTENT
    assert [span for _, span in site.requests] == ["bytes=1000000-"]


def test_a_changed_file_is_fetched_from_the_start(site: Any, target: Path) -> None:
    site.cut_after = [1_000_000, 0, 0, 0, 0]
    with pytest.raises(DataError):
        get(site, target)
    site.files["/a/file.zip"] = b"new" * 500_000
    site.tags["/a/file.zip"] = '"two"'
    get(site, target, checksum="")
    assert target.read_bytes() == b"new" * 500_000


@pytest.mark.parametrize("tag", ['W/"one"', ""])
def test_without_a_strong_tag_nothing_is_resumed(site: Any, target: Path, tag: str) -> None:
    site.tags["/a/file.zip"] = tag
    site.cut_after = [1_000_000]
    get(site, target)
    assert target.read_bytes() == CONTENT
    assert [span for _, span in site.requests] == [None, None]


def test_a_server_without_ranges(site: Any, target: Path) -> None:
    site.ranges = False
    site.cut_after = [1_000_000]
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_dropped(site: Any, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("file.zip.part").write_bytes(CONTENT + b"more")
    target.with_name("file.zip.part.etag").write_text('"one"', encoding="utf-8")
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_redirects_keep_the_range(site: Any, target: Path) -> None:
    site.redirects["/a/file.zip"] = "/b/other"
    site.files["/b/other"] = CONTENT
    site.cut_after = [1_000_000]
    get(site, target)
    assert target.read_bytes() == CONTENT
    assert site.requests[-1] == ("/b/other", "bytes=1000000-")


def test_a_wrong_checksum_keeps_nothing(site: Any, target: Path) -> None:
    wrong = "md5:" + "0" * 32
    with pytest.raises(DataError, match=rf"has the checksum {MD5}, wanted is {wrong}"):
        get(site, target, checksum=wrong)
    assert not target.exists()
    assert not target.with_name("file.zip.part").exists()
    get(site, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403, 401])
def test_final_statuses_are_not_tried_again(site: Any, target: Path, status: int) -> None:
    site.errors = [status]
    with pytest.raises(DataError, match=rf"HTTP status {status} .*put the file at .*file\.zip"):
        get(site, target)
    assert len(site.requests) == 1
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("status", [503, 429, 500])
def test_passing_statuses_are_tried_again(site: Any, target: Path, status: int) -> None:
    site.errors = [status, status]
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_nobody_answers(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(DataError, match=r"could not be fetched .*; or fetch it by hand to"):
            fetch(f"http://127.0.0.1:{port}/a", tmp_path / "a", wait=0.0)
    assert not (tmp_path / "a").exists()


def test_other_schemes_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match="not an address of the form"):
        fetch(secret.as_uri(), tmp_path / "a")


def test_a_full_disk(site: Any, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wfa.data.prepare.download._copy", full)
    with pytest.raises(UserError, match="no space left on the disk"):
        get(site, target)
    assert not target.exists()


def test_matches(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert not matches(path, "")
    path.write_bytes(b"abc")
    known = "md5:900150983cd24fb0d6963f7d28e17f72"  # RFC 1321, A.5
    assert digest(path, "md5") == known
    assert matches(path, "")
    assert matches(path, known.upper().replace("MD5", "md5"))
    assert not matches(path, "md5:" + "0" * 32)
