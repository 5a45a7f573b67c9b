import hashlib
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wfa.data.prepare.download import fetch, matches
from wfa.errors import DataError, UserError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"
ADDRESS = "datasets/owner/name/resolve/main/below/file.zip"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # between two attempts


@pytest.fixture
def target(tmp_path: Path, site: Any) -> Path:
    site.files[f"/{ADDRESS}"] = CONTENT
    return tmp_path / "set" / "file.zip"


def get(site: Any, target: Path, checksum: str = SHA256) -> None:
    fetch(site.base_url, ADDRESS, target, checksum)


@pytest.mark.parametrize("checksum", [SHA256, MD5, "", SHA256.upper().replace("SHA", "sha")])
def test_a_whole_file(site: Any, target: Path, checksum: str) -> None:
    get(site, target, checksum)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.zip"]


def test_cuts_are_mended_in_one_call(site: Any, target: Path) -> None:
    site.cut_after = [1_000_000, 500_000]
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_a_cut_that_lasts_leaves_nothing_half_there(site: Any, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    site.cut_after = [1_000_000, *[0] * 50]
    with pytest.raises(DataError, match=r"could not be fetched .*put the file at"):
        get(site, target)
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]
    site.cut_after = []
    get(site, target)
    assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_keeps_nothing(site: Any, target: Path) -> None:
    wrong = "md5:" + "0" * 32
    with pytest.raises(DataError, match=rf"has the checksum {MD5}, wanted is {wrong}"):
        get(site, target, checksum=wrong)
    assert list(target.parent.iterdir()) == []
    get(site, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403, 401])
def test_final_statuses_are_told(site: Any, target: Path, status: int) -> None:
    site.errors = [status]
    with pytest.raises(DataError, match=rf"HTTP status {status} .*put the file at .*file\.zip"):
        get(site, target)
    assert site.requests == []
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
        with pytest.raises(DataError, match=r"could not be fetched .*refused.*put the file at"):
            fetch(f"http://127.0.0.1:{port}", ADDRESS, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_other_schemes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not an address of the form"):
        fetch(tmp_path.as_uri(), ADDRESS, tmp_path / "a")


def test_a_full_disk(site: Any, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wfa.data.prepare.download.hf_hub_download", full)
    with pytest.raises(UserError, match="no space left on the disk"):
        get(site, target)
    assert not target.exists()


def test_matches(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert not matches(path, "")
    path.write_bytes(b"abc")
    known = "md5:900150983cd24fb0d6963f7d28e17f72"  # RFC 1321, A.5
    assert matches(path, "")
    assert matches(path, known)
    assert matches(path, known.upper().replace("MD5", "md5"))
    assert not matches(path, "md5:" + "0" * 32)
