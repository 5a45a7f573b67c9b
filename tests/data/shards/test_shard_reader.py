"""Reading a shard to its end, or saying why not after the samples before the damage."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from tests.data.shards.made_shards import numbered, write_tar
from wfa.data.shards.shard_reader import BadShardError, WholeHeader, read_shard


def read(url: str) -> tuple[list[str], str]:
    """The keys of the samples, and what stopped it."""
    keys: list[str] = []
    try:
        keys.extend(sample["__key__"] for sample in read_shard(url))
    except BadShardError as error:
        return keys, str(error)
    return keys, ""


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    return write_tar(tmp_path / "a.tar", numbered(0, 3))


def test_local_piped_compressed_and_by_url(shard: Path, tmp_path: Path) -> None:
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(gzip.compress(shard.read_bytes()))
    for url in (str(shard), f"pipe:cat {shard}", str(packed), f"file:{shard}"):
        assert read(url) == (["000", "001", "002"], "")
    (first, *_) = read_shard(str(shard))
    assert first["png"] == numbered(0, 1)["000"]["png"]


@pytest.mark.parametrize("size", [0, 100, 512, 700, 1024, 1500, 2048, 3072, 4608])
def test_wherever_a_shard_is_cut_it_is_said(shard: Path, size: int) -> None:
    content = shard.read_bytes()
    shard.write_bytes(content[:size])
    keys, problem = read(str(shard))
    assert problem == ("is truncated" if size >= 512 else "is truncated, or no tar file")
    assert keys == ["000", "001", "002"][: len(keys)]


def test_damage_behind_the_first_file_is_not_taken_for_the_end(shard: Path) -> None:
    content = bytearray(shard.read_bytes())
    place = content.index(b"001.png")
    content[place : place + 300] = b"\xff" * 300
    shard.write_bytes(content)
    assert read(str(shard)) == ([], "is no tar file, or a damaged one")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("/nowhere/a.tar", "is missing"),
        ("pipe:exit 3", "cannot be read: its command ended with code 3"),
        ("http://127.0.0.1:9/a.tar", "cannot be read (its host does not answer)"),
        ("elsewhere://a.tar", "has an address of a kind that is not known"),
    ],
)
def test_what_cannot_be_opened(url: str, problem: str) -> None:
    assert read(url) == ([], problem)


def test_a_command_that_fails_after_its_last_byte(shard: Path) -> None:
    _, problem = read(f"pipe:cat {shard}; exit 4")
    assert problem == "cannot be read: its command ended with code 4"


def test_what_is_no_tar(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_text("a page that says 404" * 100)
    assert read(str(path)) == ([], "is no tar file, or a damaged one")


def test_stopping_halfway_is_no_error(tmp_path: Path) -> None:
    shard = write_tar(tmp_path / "long.tar", numbered(0, 60))
    samples = read_shard(f"pipe:cat {shard} && sleep 60")
    assert next(samples)["__key__"] == "000"
    samples.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_headers_say_what_tarfile_finds_in_them(form: int, tmp_path: Path) -> None:
    names = ["a.jpg", "d/" + "long" * 20 + ".png", "n" * 99, "deep/" * 30 + "b.txt", "süß.json"]
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=form) as archive:
        folder = tarfile.TarInfo("d")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for size, name in enumerate(names):
            entry = tarfile.TarInfo(name)
            entry.size = size * 300
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))

    def listed(header: type[tarfile.TarInfo]) -> list[object]:
        with tarfile.open(path, tarinfo=header) as archive:
            return [(own.name, own.size, own.type, own.offset_data) for own in archive]

    assert listed(WholeHeader) == listed(tarfile.TarInfo)
    assert len(listed(WholeHeader)) == 1 + len(names)


@pytest.mark.parametrize("size", [b"000000000300", b"      00300 ", b"300\0" + b"\0" * 8])
def test_a_size_is_read_to_its_end(size: bytes) -> None:
    header = bytearray(tarfile.TarInfo("a.jpg").tobuf())
    header[124:136] = size
    total = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    header[148:156] = b"%06o\0 " % total
    found = WholeHeader.frombuf(header, "utf-8", "strict")
    assert found.size == tarfile.TarInfo.frombuf(header, "utf-8", "strict").size == 0o300
