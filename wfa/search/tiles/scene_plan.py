"""What of a folder's scenes is known, what is to be encoded, and what is kept of them after."""

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from wfa.errors import SearchIndexError
from wfa.search.image_files import ImageFile, LeftOut
from wfa.search.tiles.cut_scenes import Cut, cut_scenes
from wfa.search.tiles.raster import Raster
from wfa.search.tiles.tile_options import TileOptions
from wfa.search.tiles.tile_records import (
    SCENES,
    TILES,
    SceneRecords,
    place_tiles,
    read_scenes,
    write_scenes,
    write_tiles,
)


@dataclass(frozen=True)
class ScenePlan:
    """A folder's scenes before and after it is indexed.

    Attributes:
        cut: Its pictures and tiles.
        records: What is known of the scenes.
        stale: Paths whose features were made by another reading than theirs is now.
    """

    cut: Cut
    records: SceneRecords
    stale: frozenset[str]

    def begin(self, shards: Path) -> None:
        """Note how the scenes are read, beside what an interrupted run had encoded.

        Shards of another reading are removed.
        """
        before = _recorded(shards)
        if shards.is_dir() and _readings(before) != _readings(self.records):
            shutil.rmtree(shards)
        if self.records.scenes:
            write_scenes(shards / SCENES, self.records)

    def finish(self, folder: Path, indexed: Iterable[str], empty: Iterable[str]) -> None:
        """Write what is known of the scenes and where the tiles lie, if there are any.

        Args:
            folder: The index folder.
            indexed: Paths of what the index holds.
            empty: Paths of tiles that were found to lack data.
        """
        if not self.records.scenes:
            for name in (SCENES, TILES):
                (folder / name).unlink(missing_ok=True)
            return
        none, there = set(empty), set(indexed)
        scenes = {}
        placed = {}
        for path, raster in self.records.scenes.items():
            names = [raster.name_of(window) for window in raster.windows()]
            found = (*raster.empty, *(k for k, name in enumerate(names) if name in none))
            scenes[path] = replace(raster, empty=tuple(sorted(found)))
            windows = [w for w, name in zip(raster.windows(), names, strict=True) if name in there]
            for tile in place_tiles(raster, windows):
                placed[raster.name_of(tile.window)] = tile
        write_tiles(folder / TILES, placed)
        write_scenes(folder / SCENES, self.records._replace(scenes=scenes))

    def by_scene(self, left_out: Sequence[LeftOut]) -> list[LeftOut]:
        """Name a scene once for all of its tiles that are left out for the same reason."""
        tiles = self.cut.tiles
        counts = Counter((tiles[one.path][0], one.reason) for one in left_out if one.path in tiles)
        of_scene = Counter(scene for scene, _ in tiles.values())
        return [one for one in left_out if one.path not in tiles] + [
            LeftOut(scene, f"{reason} in {count:,} of its {of_scene[scene]:,} tiles")
            for (scene, reason), count in counts.items()
        ]


def plan_scenes(
    root: Path,
    files: Sequence[ImageFile],
    folder: Path,
    shards: Path,
    options: TileOptions,
    bands: Sequence[str],
) -> ScenePlan:
    """Survey the scenes of a folder; what its index knows of unchanged ones is taken from there.

    Args:
        root: The folder.
        files: Its image files.
        folder: The index folder.
        shards: Where an interrupted run left what it had encoded.
        options: How scenes are cut; as the index has it where none is set.
        bands: What the run was trained on; empty for pictures.
    """
    old = _recorded(folder)
    if options == TileOptions():
        options = old.options
    known: dict[str, Raster] = {}
    for records in (old, _recorded(shards)):
        if (records.options, records.bands) == (options, tuple(bands)):
            known |= records.scenes
    cut = cut_scenes(root, files, options, bands, known)
    stale = {
        name
        for name, (scene, _) in cut.tiles.items()
        if scene not in old.scenes or _reading(old.scenes[scene]) != _reading(cut.rasters[scene])
    }
    stale |= old.scenes.keys() - cut.rasters.keys()  # read as pictures now
    return ScenePlan(cut, SceneRecords(options, tuple(bands), cut.rasters), frozenset(stale))


def _recorded(folder: Path) -> SceneRecords:
    """Read what a folder knows of scenes; nothing where that is damaged: all is surveyed anew."""
    with suppress(SearchIndexError):
        return read_scenes(folder / SCENES)
    return SceneRecords(TileOptions(), (), {})


def _reading(raster: Raster) -> Raster:
    """Return what the pixels of a scene's tiles depend on, beside the content of its file."""
    return replace(raster, size=0, changed=0, date="", empty=())


def _readings(records: SceneRecords) -> dict[str, Raster]:
    return {path: _reading(raster) for path, raster in records.scenes.items()}
