import os
from pathlib import Path

import pytest

from wfa.data.decode import BadImageError
from wfa.errors import DataError
from wfa.search.image_files import list_images, read_inside


def touch(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def listed(root: Path) -> tuple[list[str], dict[str, str]]:
    found = list_images(root)
    return [file.path for file in found.files], {f.path: f.reason for f in found.left_out}


def test_images_of_all_folders_by_path_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "x/y/z.tiff", "x/y.webp", "x/a.TIF", "c.jpeg"):
        touch(tmp_path / name)
    for name in ("notes.txt", "x/data.csv", "png", "d.png.txt"):
        touch(tmp_path / name)
    files, left_out = listed(tmp_path)
    assert files == ["a.JPG", "b.png", "c.jpeg", "x/a.TIF", "x/y.webp", "x/y/z.tiff"]
    assert left_out == {}
    assert list_images(tmp_path).others == {".txt": 2, ".csv": 1, "no ending": 1}


def test_what_training_reads_is_listed_and_other_pictures_are_named(tmp_path: Path) -> None:
    for name in ("movie.gif", "a.BMP", "b.jp2", "c.avif", "d.pgm"):
        touch(tmp_path / name)
    touch(tmp_path / "scan", b"\x89PNG\r\n\x1a\nrest")
    touch(tmp_path / "map.dat", b"II*\0rest")
    for name in ("phone.HEIC", "cube.nc"):
        touch(tmp_path / name)
    files, left_out = listed(tmp_path)
    assert files == ["a.BMP", "b.jp2", "c.avif", "d.pgm", "map.dat", "movie.gif", "scan"]
    assert set(left_out) == {"phone.HEIC", "cube.nc"}
    assert all("convert it" in reason for reason in left_out.values())


def test_size_and_date_tell_a_replaced_file(tmp_path: Path) -> None:
    path = touch(tmp_path / "a.png", b"one")
    before = list_images(tmp_path).files[0]
    assert before.size == 3
    status = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as old as it was
    assert list_images(tmp_path).files[0] != before


def test_links_are_followed_only_inside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    inside = touch(root / "real.png")
    outside = touch(tmp_path / "secret.png")
    touch(tmp_path / "elsewhere" / "b.png")
    (root / "good.png").symlink_to(inside)
    (root / "bad.png").symlink_to(outside)
    (root / "dead.png").symlink_to(tmp_path / "nothing.png")
    (root / "round.png").symlink_to(root / "round.png")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "circle").symlink_to(root)
    files, left_out = listed(root)
    assert files == ["good.png", "real.png"]
    assert set(left_out) == {"bad.png", "dead.png", "round.png", "folder", "circle"}
    assert "out of the folder" in left_out["bad.png"]
    assert "link to a folder" in left_out["circle"]


def test_a_folder_that_is_a_link_is_listed(tmp_path: Path) -> None:
    touch(tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert listed(tmp_path / "link") == (["a.png"], {})


def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    try:
        touch(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")))
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    files, left_out = listed(tmp_path)
    assert files == []
    assert list(left_out) == ["?.png"]


def test_a_folder_named_like_an_image_is_walked(tmp_path: Path) -> None:
    touch(tmp_path / "album.png" / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    files, left_out = listed(tmp_path)
    assert files == ["album.png/a.png"]
    assert left_out == {"pipe.png": "is no file"}


@pytest.mark.parametrize("name", ["missing", "file.png"])
def test_no_folder_is_named(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "file.png")
    with pytest.raises(DataError, match=name):
        list_images(tmp_path / name)


def test_only_files_of_the_folder_are_read(tmp_path: Path) -> None:
    root = tmp_path / "root"
    touch(root / "a.png", b"mine")
    touch(tmp_path / "secret.png", b"not mine")
    assert read_inside(root, "a.png") == b"mine"
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    for path in ("../secret.png", str(tmp_path / "secret.png"), "link.png"):
        with pytest.raises(BadImageError, match="outside"):
            read_inside(root, path)
    for path in ("gone.png", "a.png/b", "a\0.png", "."):
        with pytest.raises(BadImageError):
            read_inside(root, path)
