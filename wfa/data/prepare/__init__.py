"""Fetch a data set, check it and put it where its plug-in reads it."""

from collections.abc import Callable
from pathlib import Path

from wfa import plugins
from wfa.data.facts import Download
from wfa.data.prepare.download import fetch, matches
from wfa.data.prepare.unpack import unpack
from wfa.errors import DataError
from wfa.files import write_text

HUB = "https://huggingface.co"
"""Where the stable addresses are; another host that mirrors its paths can stand in."""

Progress = Callable[[str, int, int], None]
"""Called as (file, bytes done, bytes in all or 0) while a file is fetched."""


def prepare(name: str, root: Path, base_url: str = HUB, progress: Progress | None = None) -> Path:
    """Fetch what data set `name` needs into `root`; what is there already is not fetched again.

    A download that was cut goes on where it stopped, and its file gets its name only when it is
    whole and its checksum fits.

    Args:
        name: The data set's name.
        root: The data set's folder, made when missing.
        base_url: The host to fetch from, `http(s)://...`.
        progress: Called while a file is fetched.

    Returns:
        `root`, from which the data set can now be read.

    Raises:
        ConfigError: There is no such data set.
        DataError: A file could not be fetched, is not the published one, or must be put there by
            hand; the message says which file and where.
    """
    dataset = plugins.plugin_class("data", name)
    options = plugins.config_class("data", name)(root=str(root))
    facts = dataset.facts
    for download in facts.downloads:
        _bring(download, root, f"{base_url.rstrip('/')}/{download.address}", progress)
    try:
        dataset(options, dataset.splits(options)[0]).read_image(0)
    except DataError as error:
        if not facts.by_hand:
            raise
        files = "".join(f"\n  {root}/{line}" for line in facts.by_hand)
        raise DataError(
            f"data set {name} is not complete and no stable address has what is missing: put it "
            f"there and run this again:{files}"
        ) from error
    return root


def _bring(download: Download, root: Path, url: str, progress: Progress | None) -> None:
    target = root / download.target
    if download.place is None:
        if not matches(target, download.checksum):
            fetch(url, target, download.checksum, progress)
        return
    # The archive goes once it is unpacked; this note says that it was, and which one.
    note = target.with_name(f".{target.name}.unpacked")
    if note.is_file() and note.read_text(encoding="utf-8") == url:
        return
    if not matches(target, download.checksum):
        fetch(url, target, download.checksum, progress)
    unpack(target, root, download.place)
    write_text(note, url)
    target.unlink()
