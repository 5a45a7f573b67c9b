"""Encode the images that an index lacks, in shards that an interrupted run goes on from."""

import hashlib
import os
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from wfa.data.decode import BadImageError, decode_any_depth
from wfa.errors import ModelError, SearchIndexError
from wfa.progress import track
from wfa.retrieval.embeddings import Floats
from wfa.runs.run_model import RunModel
from wfa.search.image_files import ImageFile, LeftOut, read_inside
from wfa.search.index_rows import Rows, model_of, read_rows, write_rows
from wfa.search.tiles.cut_scenes import Cut
from wfa.search.tiles.read_tiles import TileReader, as_trained

_AHEAD = 2
"""Batches that are read and decoded while one is encoded."""


class Known:
    """Features that are there already, found by an image's path or by its content."""

    def __init__(self) -> None:
        self._features: dict[str, Floats] = {}
        self._files: dict[str, tuple[ImageFile, str]] = {}

    def add(self, rows: Rows) -> None:
        """Add rows; those of a path that is known replace it."""
        for place, path in enumerate(rows.paths):
            file = ImageFile(path, int(rows.sizes[place]), int(rows.changed[place]))
            self._files[path] = (file, rows.sha256[place])
            self._features[rows.sha256[place]] = rows.features[place]

    def forget(self, paths: Collection[str]) -> None:
        """Take paths as changed; their features stay known by their content."""
        for path in paths:
            self._files.pop(path, None)

    def has(self, file: ImageFile) -> bool:
        """Say whether the features of a file are known, by its path, size and date."""
        return self._files.get(file.path, (None, ""))[0] == file

    def of_content(self, checksum: str) -> Floats | None:
        """Return the features (D,) of any file with this content."""
        return self._features.get(checksum)

    def rows(self, files: Sequence[ImageFile], ids: Sequence[int], width: int) -> Rows:
        """Put the rows of files together, all of which are known."""
        features = np.empty((len(files), width), np.float32)
        checksums = [self._files[file.path][1] for file in files]
        for place, checksum in enumerate(checksums):
            features[place] = self._features[checksum]
        return make_rows(files, ids, checksums, features)


@dataclass(frozen=True)
class Examined:
    """A file that was read: its checksum, and its known features, its input, or what is wrong.

    `stretched` says that it had more than 8 bits and was scaled, `empty` that it is a tile without
    data.
    """

    file: ImageFile
    sha256: str = ""
    known: Floats | None = None
    prepared: Tensor | None = None
    reason: str = ""
    stretched: bool = False
    empty: bool = False


def make_rows(
    files: Sequence[ImageFile], ids: Sequence[int], checksums: Sequence[str], features: Floats
) -> Rows:
    """Make rows of files."""
    return Rows(
        ids=np.array(ids, np.int64),
        paths=tuple(file.path for file in files),
        sizes=np.array([file.size for file in files], np.int64),
        changed=np.array([file.changed for file in files], np.int64),
        sha256=tuple(checksums),
        features=features,
    )


def load_shards(folder: Path, model: str, known: Known) -> int:
    """Add what an interrupted run has encoded; shards of another model or damaged are removed.

    Returns:
        How many images they hold.
    """
    found = 0
    for path in sorted(folder.glob("*.parquet")):
        try:
            if model_of(path) != model:
                raise SearchIndexError("of another model")
            rows = read_rows(path)
        except SearchIndexError:
            path.unlink()
            continue
        known.add(rows)
        found += len(rows)
    return found


class ShardEncoder:
    """Encodes files of a folder and writes what is done every so many images.

    Args:
        root: The folder of images.
        cut: What its scenes are cut into.
        model: Encodes.
        shards: Folder of the shards.
        batch_size: Images encoded at once.
        shard_size: Images a shard, about; an interrupted run loses no more than these.
    """

    def __init__(
        self, root: Path, cut: Cut, model: RunModel, shards: Path, batch_size: int, shard_size: int
    ) -> None:
        self._root, self._cut, self._model, self._shards = root, cut, model, shards
        self._tiles = TileReader(root)
        self._batch_size, self._shard_size = batch_size, shard_size
        self._done: list[tuple[ImageFile, str, Floats]] = []
        self.encoded = 0
        self.reused = 0
        self.stretched = 0
        self.left_out: list[LeftOut] = []
        self.empty: list[str] = []

    def run(self, files: Sequence[ImageFile], known: Known) -> None:
        """Encode files, and add them to what is known.

        Raises:
            ModelError: The model gives NaN for an image.
            UserError: The disk is full.
        """
        batches = [
            files[start : start + self._batch_size]
            for start in range(0, len(files), self._batch_size)
        ]

        def examine(file: ImageFile) -> Examined:
            try:
                in_scene = file.path in self._cut.tiles
                return self._tile(file, known) if in_scene else self._picture(file, known)
            except BadImageError as error:
                return Examined(file, reason=str(error))

        pool = ThreadPoolExecutor(os.cpu_count())
        waiting: deque[list[Future[Examined]]] = deque()
        try:
            for place in range(min(_AHEAD, len(batches))):
                waiting.append([pool.submit(examine, file) for file in batches[place]])
            for place, _ in enumerate(track(batches, "encoding images")):
                for batch in batches[place + _AHEAD : place + _AHEAD + 1]:
                    waiting.append([pool.submit(examine, file) for file in batch])
                self._take([future.result() for future in waiting.popleft()])
                if len(self._done) >= self._shard_size:
                    self._write(known)
            self._write(known)
        finally:
            pool.shutdown(cancel_futures=True)
            self._tiles.close()

    def _take(self, batch: Sequence[Examined]) -> None:
        fresh = [each for each in batch if each.prepared is not None]
        inputs = [each.prepared for each in fresh if each.prepared is not None]
        features = self._model.encode_images(inputs) if inputs else np.empty((0, 1), np.float32)
        for each, feature in zip(fresh, features, strict=True):
            if not np.isfinite(feature).all():
                raise ModelError(
                    f"the model gives NaN for {self._root / each.file.path}: its training "
                    "diverged; train it again with a lower train.lr"
                )
            self._done.append((each.file, each.sha256, feature))
        again = [(each, each.known) for each in batch if each.known is not None]
        self._done += [(each.file, each.sha256, feature) for each, feature in again]
        self.empty += [each.file.path for each in batch if each.empty]
        self.left_out += [LeftOut(each.file.path, each.reason) for each in batch if each.reason]
        self.encoded += len(fresh)
        self.stretched += sum(each.stretched for each in fresh)
        self.reused += len(again)

    def _write(self, known: Known) -> None:
        if not self._done:
            return
        files, checksums, features = zip(*self._done, strict=True)
        rows = make_rows(files, [0] * len(files), checksums, np.stack(features))
        write_rows(self._shards / f"{rows.digest[:16]}.parquet", rows, self._model.checksum)
        known.add(rows)
        self._done.clear()

    def _picture(self, file: ImageFile, known: Known) -> Examined:
        """Read a picture; decode it only where no file of the same content is known."""
        content = read_inside(self._root, file.path)
        found = hashlib.sha256(content).hexdigest()
        feature = known.of_content(found)
        if feature is not None:
            return Examined(file, found, known=feature)
        if self._model.bands:
            wanted = ", ".join(self._model.bands)
            raise BadImageError(f"is a picture, and the run was trained on the bands {wanted}")
        picture = decode_any_depth(content)
        prepared = self._model.prepare(picture.pixels)
        return Examined(file, found, prepared=prepared, stretched=picture.stretched)

    def _tile(self, file: ImageFile, known: Known) -> Examined:
        """Read a tile; its content is what the run is given of it."""
        scene, window = self._cut.tiles[file.path]
        raster = self._cut.rasters[scene]
        pixels = self._tiles.read(raster, window)
        if 1 - pixels.there.mean() > raster.most_nodata:
            return Examined(file, empty=True)
        values = as_trained(raster, pixels)
        header = f"tile {values.dtype} {values.shape}\n".encode()
        found = hashlib.sha256(header + values.tobytes()).hexdigest()
        feature = known.of_content(found)
        if feature is not None:
            return Examined(file, found, known=feature)
        prepare = self._model.prepare_bands if self._model.bands else self._model.prepare
        return Examined(file, found, prepared=prepare(values))
