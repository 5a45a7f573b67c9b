"""Write any data set as WebDataset shards, with the weights of its captions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from webdataset.writer import TarWriter

from wfa.aggregation.caption_draws import Weights
from wfa.aggregation.text_half import TextHalf
from wfa.data.dataset import ImageTextDataset, Record
from wfa.data.shards.pack_options import PackOptions
from wfa.data.shards.shard_index import PackedShard, PackedSplit, ShardIndex, read_index
from wfa.data.weighted_captions import weights_key
from wfa.errors import DataError
from wfa.files import atomic_write, file_hash, remove_leftovers
from wfa.plugins.registry import Choice
from wfa.progress import track


@dataclass(frozen=True)
class _Piece:
    """What one shard is to hold: images `start` to `stop` of a split."""

    split: str
    file: str
    start: int
    stop: int


def pack(data: Choice, aggregation: Choice, folder: Path, options: PackOptions) -> ShardIndex:
    """Write the shards of all splits of a data set; goes on where it stopped.

    Images are copied as they are, once they were decoded. A sample is `KEY.<ending of the image>`
    and `KEY.json` with `captions`, `weights`, `image` (its name) and `labels` (the classes that it
    is known to be of). The same data gives the same bytes.

    Args:
        data: The data set.
        aggregation: The technique whose weights are stored.
        folder: Where the shards and `index.json` go.
        options: How it is cut, and by how many processes.

    Raises:
        DataError: The data set cannot be read, or the folder holds shards of other data.
        UserError: The disk is full or the folder may not be written to.
    """
    plugin: type[ImageTextDataset] = data.plugin()
    opened = {name: plugin(data.options, name) for name in plugin.splits(data.options)}
    half = TextHalf(aggregation.plugin(), aggregation.options)
    first = next(iter(opened.values()))
    wanted = ShardIndex(
        data=first.name,
        images_a_shard=options.images,
        weights={
            "technique": aggregation.label,
            "options": asdict(aggregation.options),
            "key": weights_key(half),
        },
        channels=first.channels,
        classes=first.classes,
        publication={"citation": plugin.facts.citation, "terms": plugin.facts.terms},
        splits={
            name: PackedSplit(split.checksum, len(split), sum(map(len, split.captions)))
            for name, split in opened.items()
        },
    )
    index = _begun(wanted, folder)
    index.write(folder)
    remove_leftovers(folder)
    for name, split in opened.items():
        todo = [piece for piece in _pieces(split, options.images) if not _done(index, piece)]
        writer = _Writer(split, folder, half, wanted.weights["key"])
        written = _each(writer, todo, options.workers)
        for shard in track(written, f"packing {name}", len(todo)):
            before = index.splits[name]
            shards = sorted((*before.shards, shard), key=lambda one: one.file)
            after = replace(before, shards=tuple(shards))
            index = replace(index, splits={**index.splits, name: after})
            index.write(folder)
    return index


def _begun(wanted: ShardIndex, folder: Path) -> ShardIndex:
    """Return what is to be written, with the shards that an interrupted call has finished.

    Raises:
        DataError: The folder holds shards of something else.
    """
    found = read_index(folder)
    if found is None:
        # Shards among the files of a data set would become part of it: an index.json beside its
        # table is a second table.
        if theirs := _first_visible(folder):
            raise DataError(
                f"{folder} holds {theirs}, which `wfa data pack` did not write: name another "
                "out=DIR, a new or an empty one"
            )
        return wanted
    if found.plan() != wanted.plan():
        if not any(split.shards for split in found.splits.values()):
            return wanted  # nothing of the other was finished
        raise DataError(
            f"{folder} holds shards of {found.data}, and not of this data packed in this way: "
            "name another out=DIR, or remove that folder"
        )
    kept = {
        name: replace(split, shards=tuple(one for one in split.shards if _is_whole(folder, one)))
        for name, split in found.splits.items()
    }
    return replace(found, splits=kept)


def _first_visible(folder: Path) -> str | None:
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    return min((name for name in names if not name.startswith(".")), default=None)


def _is_whole(folder: Path, shard: PackedShard) -> bool:
    path = folder / shard.file
    return (
        path.is_file()
        and path.stat().st_size == shard.size
        and file_hash(path) == shard.sha256
    )  # fmt: skip


def _done(index: ShardIndex, piece: _Piece) -> bool:
    return any(shard.file == piece.file for shard in index.splits[piece.split].shards)


def _pieces(split: ImageTextDataset, size: int) -> Iterator[_Piece]:
    for number, start in enumerate(range(0, len(split), size)):
        stop = min(start + size, len(split))
        yield _Piece(split.split, f"{split.split}-{number:05d}.tar", start, stop)


class _Writer:
    """Writes the shards of one split; it travels to other processes.

    Args:
        split: The split.
        folder: Where they go.
        half: The technique that weighs.
        weighed_by: Which weights they are; None where no one else can have the same.
    """

    def __init__(
        self, split: ImageTextDataset, folder: Path, half: TextHalf, weighed_by: str | None
    ) -> None:
        self._split = split
        self._folder = folder
        self._half = half
        self._weighed_by = weighed_by

    def write(self, piece: _Piece) -> PackedShard:
        """Write one shard, whole or not at all.

        Raises:
            DataError: An image cannot be read.
            UserError: The disk is full or the folder may not be written to.
        """
        path = self._folder / piece.file
        records = [self._split.records[row] for row in range(piece.start, piece.stop)]
        weights = self._half.weigh([record.captions for record in records])
        ends = np.cumsum([len(record.captions) for record in records])
        each = zip(records, np.split(weights, ends[:-1]), strict=True)
        with (
            atomic_write(path) as temporary,
            temporary.open("wb") as file,
            TarWriter(file, encoder=False, mtime=0) as archive,
        ):
            for row, (record, own) in enumerate(each, piece.start):
                archive.write(self._sample(row, record, own))
        size = path.stat().st_size
        return PackedShard(piece.file, len(records), int(ends[-1]), size, file_hash(path))

    def _sample(self, row: int, record: Record, weights: Weights) -> Mapping[str, Any]:
        ending, content = self._split.image_file(row)
        said = {
            "captions": record.captions,
            "weights": weights.tolist(),
            "weighed_by": self._weighed_by,
            "image": record.image,
            "labels": [self._split.classes[place] for place in self._split.labels(row)],
        }
        return {"__key__": f"{row:09d}", ending: content, "json": json.dumps(said).encode()}


def _each(writer: _Writer, todo: Sequence[_Piece], workers: int) -> Iterator[PackedShard]:
    """Write shards, in their order, in this process or in several."""
    if not workers or len(todo) < 2:
        yield from map(writer.write, todo)
        return
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(writer,)) as pool:
        yield from pool.map(_write_one, todo)


_mine: list[_Writer] = []


def _begin(writer: _Writer) -> None:
    _mine[:] = [writer]


def _write_one(piece: _Piece) -> PackedShard:
    return _mine[0].write(piece)
