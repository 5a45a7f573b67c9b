"""An index folder, opened: which images it holds, and which of them are near a vector."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from wfa.data.decode import BadImageError, decode_any_depth
from wfa.errors import DataError, SearchIndexError, unknown
from wfa.retrieval.embeddings import Floats, Integers
from wfa.search.image_files import read_inside
from wfa.search.image_metadata import Condition, Facts, load_metadata
from wfa.search.index_rows import digest_of, read_paths
from wfa.search.indexes.index_store import load_index, read_sidecar
from wfa.search.indexes.vector_index import VectorIndex
from wfa.search.library_file import EXACT, FILE, METADATA, ROWS, LibraryFacts, read_facts
from wfa.search.places import Boxes, parse_box, parse_days, touching
from wfa.search.tiles.read_tiles import TileReader, as_picture
from wfa.search.tiles.tile_records import (
    NOWHERE,
    SCENES,
    TILES,
    PlacedTile,
    read_scenes,
    read_tiles,
)


@dataclass(frozen=True, eq=False)
class Nearest:
    """Rows of a library, best first.

    Attributes:
        rows: (k,) int64.
        scores: (k,) float32, inner products, falling.
    """

    rows: Integers
    scores: Floats


class Library:
    """An index folder that answers; vectors stay in their files until a search reads them.

    Args:
        folder: The index folder.

    Raises:
        SearchIndexError: It holds no finished index, or a file of it is missing, truncated,
            edited, or of another model or dimension.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: LibraryFacts = read_facts(folder)
        self.root = Path(self.facts.root)
        self.ids, self.paths = read_paths(folder / ROWS)
        if digest_of(folder / ROWS) != self.facts.digest or len(self) != self.facts.images:
            raise SearchIndexError(
                f"{folder / ROWS} is not of one piece with {FILE}: an indexing was interrupted, "
                "or the file was exchanged; run the same `wfa index` again"
            )
        self._indexes = {kind: self._load(kind, file) for kind, file in self.facts.indexes.items()}
        if EXACT not in self._indexes:
            raise SearchIndexError(f"{folder / FILE} names no exact index: index again")
        self.scenes = read_scenes(folder / SCENES).scenes if self.facts.scenes else {}
        found = read_tiles(folder / TILES) if self.facts.scenes else {}
        self.tiles: Sequence[PlacedTile | None] = [found.get(path) for path in self.paths]
        self.files = [
            path if tile is None else tile.scene
            for path, tile in zip(self.paths, self.tiles, strict=True)
        ]
        self.metadata: Sequence[Facts] = load_metadata(folder / METADATA).of(self.files)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.folder.resolve().name

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of search that it can do."""
        return tuple(self._indexes)

    @cached_property
    def _row_of_id(self) -> dict[int, int]:
        return {int(key): row for row, key in enumerate(self.ids)}

    @cached_property
    def boxes(self) -> Boxes:
        """Where the images lie; (M, 4)."""
        boxes = [NOWHERE if tile is None else tile.box or NOWHERE for tile in self.tiles]
        return np.array(boxes, np.float64).reshape(-1, 4)

    def rows_of_scenes(self) -> dict[str, list[int]]:
        """Return the rows of each scene's tiles."""
        found: dict[str, list[int]] = {}
        for row, tile in enumerate(self.tiles):
            if tile is not None:
                found.setdefault(tile.scene, []).append(row)
        return found

    def row_of(self, image_id: int) -> int:
        """Return the row of an id.

        Raises:
            SearchIndexError: No image has it.
        """
        if image_id not in self._row_of_id:
            raise SearchIndexError(f"no image of {self.name} has the id {image_id}")
        return self._row_of_id[image_id]

    def feature(self, row: int) -> Floats:
        """Return the feature of an image, (1, D) float32."""
        found: Floats = self._indexes[EXACT].faiss_index.reconstruct(row)[None]
        return found

    def is_missing(self, row: int) -> bool:
        """Say whether the image's file is gone since it was indexed."""
        return not (self.root / self.files[row]).is_file()

    def read_image(self, row: int) -> NDArray[np.uint8]:
        """Read an image (H, W, 3) uint8.

        Raises:
            BadImageError: It is gone, lies outside the folder by now, or cannot be decoded.
        """
        tile = self.tiles[row]
        if tile is None:
            return decode_any_depth(read_inside(self.root, self.paths[row])).pixels
        if tile.scene not in self.scenes:
            raise BadImageError(f"is of a scene that {SCENES} does not know: index again")
        raster = self.scenes[tile.scene]
        with closing(TileReader(self.root)) as reader:
            return as_picture(raster, reader.read(raster, tile.window).values)

    def check_model(self, checksum: str, width: int, run: Path) -> None:
        """Refuse to be asked with another model than the library's own.

        Args:
            checksum: SHA-256 (hex) of the model's weights.
            width: D, the width of its features.
            run: The run that holds it, for the message.

        Raises:
            SearchIndexError: The model is another one, or of another width.
        """
        facts = self.facts
        if facts.model != checksum or facts.width != width:
            raise SearchIndexError(
                f"{self.folder} was indexed by another model than {run} holds now (checksum "
                f"{facts.model[:12]} of width {facts.width}, this one's {checksum[:12]} of "
                f"{width}): run `wfa index {run} --images {facts.root} "
                f"out={self.folder} --overwrite`"
            )

    def select(
        self, glob: str = "", where: Sequence[str] = (), within: str = "", days: str = ""
    ) -> NDArray[np.bool_] | None:
        """Mark the images that pass all filters.

        Args:
            glob: Pattern of the path as a shell has it, with upper and lower case told apart; `*`
                also spans folders. Empty for any path.
            where: Conditions on metadata, as `Condition.parse` reads them.
            within: A box that images have to touch, as `parse_box` reads it; empty for any place.
            days: When they were taken, as `parse_days` reads it; empty for any time.

        Returns:
            (M,) bool, or None where there is no filter.

        Raises:
            DataError: A condition, box or time cannot be read, a condition orders numbers by a
                text, or the index has no metadata, or no places.
            ConfigError: There is no such column.
        """
        conditions = [Condition.parse(text, self.facts.columns) for text in where]
        if not (glob or conditions or within or days):
            return None
        for condition in conditions:
            condition.check(self.metadata)
        passed = [
            (not glob or fnmatchcase(file, glob)) and all(c.holds(facts) for c in conditions)
            for file, facts in zip(self.files, self.metadata, strict=True)
        ]
        mask = np.array(passed, np.bool_)
        if (within or days) and not self.scenes:
            raise DataError(
                f"{self.name} has no scenes with places and dates to filter by: index GeoTIFFs"
            )
        if within:
            mask &= touching(self.boxes, parse_box(within))
        if days:
            time = parse_days(days)
            mask &= [tile is not None and time.hold(tile.date) for tile in self.tiles]
        return mask

    def search(
        self, features: Floats, top: int, kind: str = EXACT, mask: NDArray[np.bool_] | None = None
    ) -> Nearest:
        """Find the best images for a query; of several features an image's best score counts.

        Args:
            features: (Q, D) float32, at least one.
            top: How many; all that there are where these are fewer.
            kind: One of `kinds`. A filtered search is exact, whatever the kind: approximate
                indexes lose neighbours when most of what they find is filtered away.
            mask: (M,) which images count; None for all.

        Raises:
            ConfigError: There is no such kind of search.
            SearchIndexError: `top` is below 1, or the features do not fit or are not finite.
        """
        if kind not in self._indexes:
            raise unknown("index", kind, list(self.kinds))
        if top < 1:
            raise SearchIndexError(f"top={top} must be at least 1")
        count = len(self) if mask is None else int(mask.sum())
        if not count:
            return Nearest(np.empty(0, np.int64), np.empty(0, np.float32))
        k = min(top, count)
        if mask is None:
            hits = self._indexes[kind].search(features, k)
            rows, scores = hits.rows.ravel(), hits.scores.ravel()
        else:
            allowed = faiss.SearchParameters()
            allowed.sel = selector = faiss.IDSelectorBatch(np.flatnonzero(mask))
            index = self._indexes[EXACT].faiss_index
            found, places = index.search(np.ascontiguousarray(features), k, params=allowed)
            rows, scores = places.ravel(), found.ravel()
            del selector  # FAISS holds no reference to it: it had to live until here
        return _best(rows, scores, k)

    def _load(self, kind: str, file: str) -> VectorIndex:
        folder = self.folder / kind
        index = load_index(folder, dimension=self.facts.width, model=self.facts.model)
        if read_sidecar(folder)["file"] != file or len(index) != len(self):
            raise SearchIndexError(
                f"{folder} is not of one piece with {FILE}: an indexing was interrupted; run the "
                "same `wfa index` again"
            )
        return index


def _best(rows: Integers, scores: Floats, k: int) -> Nearest:
    """Keep each row once, at its best score, and of those the best k; ties by row."""
    there = rows >= 0  # an approximate index may find fewer than it was asked for
    rows, scores = rows[there], scores[there]
    order = np.lexsort((rows, -scores))
    rows, scores = rows[order], scores[order]
    first = np.sort(np.unique(rows, return_index=True)[1])[:k]
    return Nearest(rows[first], scores[first])
