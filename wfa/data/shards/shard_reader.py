"""The samples of one shard, from a disk, over HTTP or out of a pipe, with a reason where not."""

import tarfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from lzma import LZMAError
from typing import Any

from webdataset.gopen import Pipe, gopen
from webdataset.tariterators import group_by_keys

from wfa.fetched_bytes import FetchedBytes

RawSample = dict[str, Any]
"""A sample as a shard holds it: ending of the file's name -> content; `__key__`, `__url__`."""

BROKEN = (OSError, tarfile.TarError, EOFError, zlib.error, LZMAError, ValueError)
"""What reading a tar file raises where it is missing or damaged."""


class BadShardError(Exception):
    """A shard cannot be read to its end; the message is the reason, to be put after its name."""


class WholeHeader(tarfile.TarInfo):
    """A header that must be whole: `tarfile` takes a damaged one for the end of the archive.

    Of an ordinary file only what a shard needs is parsed, which is most of the work of reading one.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "WholeHeader":
        """Read a header.

        Raises:
            ReadError: It is damaged, or the file ends before the mark of its end.
        """
        with suppress(ValueError):  # what is not written so is read by `tarfile`
            if _is_plain(buf):
                plain = cls(buf[:100].partition(b"\0")[0].decode(encoding, errors))
                plain.size = int(buf[124:136].partition(b"\0")[0], 8)
                return plain
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.EmptyHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError("is truncated") from error
        except tarfile.InvalidHeaderError as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError("is no tar file, or a damaged one") from error


def _is_plain(buf: bytes | bytearray) -> bool:
    """Say whether a header is that of a regular file with a short name, and undamaged."""
    return (
        len(buf) == tarfile.BLOCKSIZE
        and buf[156:157] == tarfile.REGTYPE
        and buf[257:262] == b"ustar"
        and buf[345] == 0  # no front part of a long name
        and int(buf[148:154], 8) == sum(buf) - sum(buf[148:156]) + 8 * ord(" ")
    )


def open_shard(url: str) -> Any:
    """Open a path, `http://...`, `pipe:COMMAND`, or what else `webdataset` opens, to read bytes.

    Raises:
        OSError: It cannot be opened.
        ValueError: Nothing opens such an address.
    """
    return FetchedBytes(url) if url.startswith(("http://", "https://")) else gopen(url)


def read_shard(url: str) -> Iterator[RawSample]:
    """Give the samples of a shard, one after the other; nothing is decoded.

    Args:
        url: Its address; see `open_shard`.

    Raises:
        BadShardError: It is missing, no tar file, truncated or damaged; after the samples before.
    """
    stream = None
    try:
        stream = open_shard(url)
        yield from group_by_keys(_files(stream, url))
        stream.close()  # tells of a command that failed after its last byte
    except BROKEN as error:
        raise BadShardError(why_broken(error, stream)) from error
    finally:
        if isinstance(stream, Pipe):
            stream.proc.kill()  # no more is wanted of it, whatever it still does
        if stream is not None:
            with suppress(OSError):  # a command that is stopped halfway fails
                stream.close()


def _files(stream: Any, url: str) -> Iterator[RawSample]:
    """Give the files of a tar stream as `webdataset` does, which does not notice damage."""
    try:
        opened = tarfile.open(fileobj=stream, mode="r|*", tarinfo=WholeHeader)  # noqa: SIM115  # closed by the `with` below
    except tarfile.ReadError as error:
        if "truncated" not in str(error):
            raise
        # Not even a first header is whole.
        raise tarfile.ReadError("is truncated, or no tar file") from error
    with opened as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            content = archive.extractfile(member)
            if content is not None and not name.rpartition("/")[2].startswith((".", "__")):
                yield {"fname": name, "data": content.read(), "__url__": url}
            archive.members = []  # type: ignore[attr-defined]  # it would keep all headers


def why_broken(error: BaseException, stream: Any = None) -> str:
    """Say why a shard cannot be read; of a command that failed, with which code."""
    if isinstance(stream, Pipe):
        with suppress(OSError):
            stream.close()
        if stream.status:
            return f"cannot be read: its command ended with code {stream.status}"
    if isinstance(error, FileNotFoundError):
        return "is missing"
    text = str(error.args[0]) if error.args else type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    if "no gopen handler" in text:
        return "has an address of a kind that is not known"
    if "duplicate file name" in text:
        return f"has two files of one name ({text.partition(':')[0]})"
    if "unexpected end" in text or isinstance(error, EOFError):
        return "is truncated"
    if text.startswith(("is truncated", "is no tar")):
        return text
    return "is no tar file, or a damaged one"
