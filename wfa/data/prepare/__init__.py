"""Fetch a data set, check it and put it where its plug-in reads it."""

import os
from dataclasses import replace
from pathlib import Path

from wfa.data.dataset import ImageTextDataset, SourceConfig
from wfa.data.prepare.download import fetch, matches
from wfa.data.prepare.unpack import unpack
from wfa.data.publication import Download, Facts
from wfa.data.verify import without_stopping
from wfa.errors import DataError
from wfa.files import write_text
from wfa.plugins import registry as plugins

HUB = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
"""Where the stable addresses are; another host that answers as it does can stand in."""


def prepare(
    name: str,
    root: Path,
    base_url: str = HUB,
    options: SourceConfig | None = None,
) -> Path:
    """Fetch what data set `name` needs into `root`; what is there already is not fetched again.

    A file gets its name only when it is whole and its checksum fits. What can be built from files
    that lie there is built first.

    Args:
        name: The data set's name.
        root: The data set's folder, made when missing.
        base_url: The host to fetch from, `http(s)://...`.
        options: The data set's options, its defaults where there are none; `root` replaces theirs.

    Returns:
        `root`, from which the data set can now be read.

    Raises:
        ConfigError: There is no such data set.
        DataError: A file could not be fetched, is not the published one, or must be put there by
            hand; the message says which file and where.
        UserError: The disk is full or the folder may not be written to.
    """
    dataset = plugins.plugin_class("data", name)
    chosen = options or plugins.config_class("data", name)()
    chosen = without_stopping(replace(chosen, root=str(root)))
    dataset.build(chosen)
    if _is_as_published(dataset, chosen):
        return root
    for download in dataset.facts.downloads:
        _bring(download, root, base_url.rstrip("/"))
    try:
        _open(dataset, chosen)
    except DataError as error:
        help_of_hand = dataset.how_to_get(chosen, root)
        if not help_of_hand:
            raise
        raise DataError(
            f"data set {name} is not complete and no stable address has what is missing: "
            f"{help_of_hand}\n(Found: {error})"
        ) from error
    return root


def contents(facts: Facts) -> str:
    """Say which files of a data set are fetched and which are to be put there by hand."""
    fetched = "".join(f"\n  {file.target}" for file in facts.downloads)
    by_hand = "".join(f"\n  {line}" for line in facts.by_hand)
    return (fetched and f"\nThis command fetches into that folder:{fetched}") + (
        by_hand and f"\nYou put there by hand, since no stable address has it:{by_hand}"
    )


def _open(dataset: type[ImageTextDataset], options: SourceConfig) -> dict[str, tuple[int, int]]:
    """Open every split, find all its images and read one; return its images and captions."""
    found = {}
    for split in dataset.splits(options):
        opened = dataset(options, split)
        opened.check_present()
        opened.read_image(0)
        if dataset.facts.counts:
            found[split] = (len(opened), sum(map(len, opened.captions)))
    return found


def _is_as_published(dataset: type[ImageTextDataset], options: SourceConfig) -> bool:
    """Return whether nothing is missing, however it came there."""
    try:
        return bool(dataset.facts.counts) and _open(dataset, options) == dataset.facts.counts
    except DataError:
        return False


def _bring(download: Download, root: Path, base_url: str) -> None:
    target = root / download.target
    url = f"{base_url}/{download.address}"
    if download.place is None:
        if matches(target, download.checksum):
            return
        if target.is_file():
            raise DataError(
                f"{target} is not the file that was published (its checksum is not "
                f"{download.checksum}): move or delete it to have that one fetched, or use it as "
                "it is"
            )
        fetch(base_url, download.address, target, download.checksum)
        return
    # The archive goes once it is unpacked; this note says that it was, and which one.
    note = target.with_name(f".{target.name}.unpacked")
    if note.is_file() and note.read_text(encoding="utf-8") == url:
        return
    if not matches(target, download.checksum):
        fetch(base_url, download.address, target, download.checksum)
    unpack(target, root, download.place)
    write_text(note, url)
    target.unlink()
