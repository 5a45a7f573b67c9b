"""Unpack an archive into a folder and nowhere else."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from wfa.errors import DataError, UserError
from wfa.files import atomic_write


def unpack(archive: Path, folder: Path, place: Callable[[str], str | None]) -> int:
    """Unpack the wanted files of a zip archive below `folder`.

    Nothing is written before every member was looked at. Links, absolute names and names with
    `..` are refused, wanted or not: no honest archive has them.

    Args:
        archive: The zip file.
        folder: Where to; made when missing.
        place: Member name -> path below `folder`, or None to leave the member out.

    Returns:
        How many files were written.

    Raises:
        DataError: It is no zip, is damaged, has a member as above or none that is wanted.
        UserError: The files do not fit on the disk.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            wanted = _wanted(opened, archive, place)
            _check_space(wanted, folder, archive)
            for target, member in wanted.items():
                _extract(opened, member, folder / target)
            return len(wanted)
    # An encrypted member is a RuntimeError, an unknown compression a NotImplementedError.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise DataError(
            f"{archive} is not a whole zip archive ({error}): delete it and run this again"
        ) from error


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    with (
        atomic_write(target) as temporary,
        temporary.open("wb") as file,
        opened.open(member) as source,
    ):
        shutil.copyfileobj(source, file, 1 << 20)


def _wanted(
    opened: zipfile.ZipFile, archive: Path, place: Callable[[str], str | None]
) -> dict[str, zipfile.ZipInfo]:
    wanted: dict[str, zipfile.ZipInfo] = {}
    for member in opened.infolist():
        if _unsafe(member):
            raise DataError(
                f"{archive} holds {member.filename!r}, which is a link or leaves the folder: it is "
                "not the published file and nothing of it was unpacked; delete it"
            )
        target = None if member.is_dir() else place(member.filename)
        if target is None:
            continue
        if target in wanted:
            raise DataError(f"{archive} holds two files for {target}: it is not the published one")
        wanted[target] = member
    if not wanted:
        raise DataError(f"{archive} holds none of the wanted files: it is not the published one")
    return wanted


def _unsafe(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    drive = bool(path.parts) and path.parts[0].endswith(":")
    kind = stat.S_IFMT(member.external_attr >> 16)
    # Archives made elsewhere than on Unix have no kind at all.
    plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
    return path.is_absolute() or drive or ".." in path.parts or not plain


def _check_space(wanted: dict[str, zipfile.ZipInfo], folder: Path, archive: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    needed = sum(member.file_size for member in wanted.values())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{archive} unpacks to {needed / 1e9:.1f} GB and {folder} has {free / 1e9:.1f} GB "
            "left: free some or choose another folder with data.root=DIR"
        )
