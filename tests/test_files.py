"""Atomic writing: the old file or the new one, never a part."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.numpy
import torch

from wfa.errors import DataError, UserError
from wfa.files import (
    atomic_write,
    check_writable,
    is_temporary,
    remove_leftovers,
    temporary_folder,
    write_text,
)


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


def test_a_full_disk_is_told_of_what_is_made_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no space left"), temporary_folder(tmp_path / "x") as made:
        raise RuntimeError(f"the writer gave up: {os.strerror(errno.ENOSPC)}")
    with pytest.raises(UserError, match="may not be"), temporary_folder(tmp_path / "x") as made:
        raise PermissionError(errno.EACCES, "no", str(made / "deep" / "file"))
    with pytest.raises(ZeroDivisionError), temporary_folder(tmp_path / "x"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(UserError, match="a file stands where a folder is wanted"):
        write_text(tmp_path / "a" / "b", "y")


def test_a_place_is_tried_before_long_work(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    check_writable(path)
    check_writable(tmp_path / "new.html")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])
    with pytest.raises(UserError, match="it is a folder; name a file"):
        check_writable(tmp_path)
    with pytest.raises(UserError, match="a file stands where a folder is wanted"):
        check_writable(path / "b")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc here")
def test_a_file_system_that_makes_no_files() -> None:
    with pytest.raises(UserError, match=r"/proc may not be written to"):
        check_writable(Path("/proc/page.html"))


def test_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="strange"), atomic_write(tmp_path / "file"):
        raise OSError(errno.EIO, "strange")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_what_stands_behind_a_writers_own_error_is_told(tmp_path: Path, code: int) -> None:
    with pytest.raises(UserError, match=str(tmp_path)), atomic_write(tmp_path / "file"):
        try:
            raise OSError(code, os.strerror(code))
        except OSError as error:
            raise RuntimeError("the writer gave up") from error
    assert list(tmp_path.iterdir()) == []


def test_errors_of_other_folders_pass_through(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), atomic_write(tmp_path / "file"):
        raise PermissionError(errno.EACCES, "Permission denied", "/elsewhere/image.png")


def test_a_users_mistake_passes_through(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^an image is bad$"), atomic_write(tmp_path / "file"):
        try:
            raise OSError(errno.ENOSPC, "no")
        except OSError as error:
            raise DataError("an image is bad") from error


def write_torch(path: Path) -> None:
    torch.save({"x": torch.zeros(1 << 19)}, path)


def write_safetensors(path: Path) -> None:
    safetensors.numpy.save_file({"x": np.zeros(1 << 19, np.float32)}, path)


def write_parquet(path: Path) -> None:
    pq.write_table(pa.table({"x": np.random.default_rng(0).random(1 << 18)}), path)


def write_numpy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(1 << 19, np.float32))


WRITERS = [write_torch, write_safetensors, write_parquet, write_numpy]

LIMITED = """
import importlib.util, resource, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("writers", sys.argv[1])
writers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(writers)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
for writer in writers.WRITERS:
    path = Path(sys.argv[2]) / writer.__name__
    try:
        with writers.atomic_write(path) as temporary:
            writer(temporary)
    except writers.UserError as error:
        assert "too small while writing " + str(path) in str(error), error
        print(writer.__name__)
"""


@pytest.mark.slow
def test_every_writers_full_disk_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, __file__, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [writer.__name__ for writer in WRITERS], done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_makes_a_new_file_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_write(path) as first:
        (tmp_path / "aside").write_text("first")
        (tmp_path / "aside").replace(first)
        with atomic_write(path) as second:
            assert second != first
            second.write_text("second")
        remove_leftovers(tmp_path)
        assert first.read_text() == "first"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    synced: list[tuple[bool, int]] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        synced.append((path.exists(), os.fstat(descriptor).st_size))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    write_text(path, "hello")
    assert synced == [(False, 5)]


KILLED = """
import os, signal, sys
from pathlib import Path
from wfa.files import atomic_write
with atomic_write(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of a long text")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_while_writing(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_process_left_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for _ in range(3):
        kill_while_writing(path)
        left = list(tmp_path.iterdir())
        assert len(left) == 2  # the content and its lock; they do not pile up
        assert all(is_temporary(path) for path in left)
    write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "new"
    assert not is_temporary(path)


def test_leftovers_are_removed_and_work_is_not(tmp_path: Path) -> None:
    kill_while_writing(tmp_path / "old")
    (tmp_path / ".hidden").write_text("the user's")
    with atomic_write(tmp_path / "new") as temporary:
        remove_leftovers(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {
            temporary.name,
            ".new.0.lock.wfa-part",
            ".hidden",
        }
        temporary.write_text("x")
    remove_leftovers(tmp_path / "nowhere")
    assert (tmp_path / "new").read_text() == "x"


def test_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write(number: int) -> None:
        for _ in range(20):
            with atomic_write(path) as temporary:
                assert temporary.stat().st_size == 0
                temporary.write_text(f"{number}" * 1000)
                assert set(path.read_text()) <= set("01234567") if path.exists() else True

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    text = path.read_text()
    assert len(text) == 1000
    assert len(set(text)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_new_files_are_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    write_text(tmp_path / "ours", "x")
    with atomic_write(tmp_path / "tensors") as temporary:
        temporary.unlink()
        temporary.touch(0o600)  # as safetensors makes its files
    for name in ("ours", "tensors"):
        assert (tmp_path / name).stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="too long"):
        write_text(tmp_path / ("x" * 255), "y")
