"""Which tiles and pictures a folder holds: its scenes are surveyed and cut, pictures stay whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tifffile

from wfa.data.decode import BadImageError
from wfa.data.quiet_libraries import quiet_libraries
from wfa.errors import some_of
from wfa.progress import track
from wfa.search.image_files import ImageFile, LeftOut, file_inside
from wfa.search.tiles.open_raster import EXTRA, has_rasterio, may_be_scene, opened_raster
from wfa.search.tiles.raster import Raster, Window
from wfa.search.tiles.survey_scene import survey
from wfa.search.tiles.tile_options import TileOptions

_ALIKE = 1.05
"""Resolutions that differ by less are taken for the same."""
_LISTED = 3
"""Scenes that a note names."""


@dataclass
class Cut:
    """A folder as it is indexed.

    Attributes:
        files: Pictures and tiles, in the order of the files; a tile stands as a file of its own
            with its scene's size and date.
        rasters: Path of a scene -> what is known of it.
        tiles: Path of a tile -> the scene's path and the window.
        left_out: Scenes that cannot be cut.
        notes: What a person should know of the scenes.
        seen: How many tiles lack data, and are known to from last time.
    """

    files: list[ImageFile] = field(default_factory=list)
    rasters: dict[str, Raster] = field(default_factory=dict)
    tiles: dict[str, tuple[str, Window]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: int = 0

    def sources(self, paths: Iterable[str]) -> list[str]:
        """Return the file of each picture and tile."""
        return [self.tiles[path][0] if path in self.tiles else path for path in paths]


def cut_scenes(
    root: Path,
    files: Sequence[ImageFile],
    options: TileOptions,
    bands: Sequence[str],
    known: Mapping[str, Raster],
) -> Cut:
    """Cut the scenes among the files of a folder.

    Args:
        root: The folder.
        files: Its image files.
        options: How scenes are cut.
        bands: What the run was trained on; empty for pictures.
        known: Path -> scenes that were surveyed with the same options and bands; unchanged ones
            are not opened again.
    """
    cut = Cut()
    maybe = {file.path for file in files if may_be_scene(file.path)}
    if maybe and not has_rasterio():
        cut.notes += _unread(root, maybe)
        maybe = set()
    unplaced: list[str] = []
    for file in track(files, "surveying scenes") if maybe else files:
        raster = known.get(file.path)
        if raster is not None and (raster.size, raster.changed) != (file.size, file.changed):
            raster = None
        if raster is None and file.path in maybe:
            try:
                with opened_raster(file_inside(root, file.path)) as source:
                    if _has_place(source, options):
                        raster = survey(source, file, options, bands)
                    elif source.crs is not None or not source.transform.is_identity:
                        unplaced.append(file.path)
            except BadImageError as error:
                if not str(error).startswith("cannot be read as a scene"):
                    cut.left_out.append(LeftOut(file.path, str(error)))
                    continue  # what is no raster at all may still be a picture, or say why not
        if raster is None:
            cut.files.append(file)
        else:
            _add(cut, file, raster)
    if unplaced:
        cut.notes.append(
            f"{some_of(unplaced, _LISTED)} {'have' if len(unplaced) > 1 else 'has'} a transform "
            "without a CRS or a CRS without a transform, and is read as a picture without a place: "
            "tile.crs=EPSG:CODE says in which CRS such scenes are"
        )
    cut.notes += _notes(list(cut.rasters.values()), options)
    return cut


def _add(cut: Cut, file: ImageFile, raster: Raster) -> None:
    cut.rasters[file.path] = raster
    empty = set(raster.empty)
    cut.seen += len(empty)
    for place, window in enumerate(raster.windows()):
        if place not in empty:
            name = raster.name_of(window)
            cut.files.append(ImageFile(name, file.size, file.changed))
            cut.tiles[name] = file.path, window


def _has_place(source: Any, options: TileOptions) -> bool:
    in_crs = source.crs is not None or bool(options.crs)
    return in_crs and not source.transform.is_identity


def _notes(rasters: Sequence[Raster], options: TileOptions) -> list[str]:
    notes = []
    turned = [raster.path for raster in rasters if raster.warped]
    if turned:
        notes.append(
            f"rotated or south-up in the file, turned north-up as read: {some_of(turned, _LISTED)}"
        )
    small = [
        raster.path
        for raster in rasters
        if raster.width < raster.tile[0] or raster.height < raster.tile[1]
    ]
    if small:
        notes.append(
            f"smaller than a tile, so that the scene sets its size: {some_of(small, _LISTED)}"
        )
    sides = [max(raster.metres) for raster in rasters]
    if sides and max(sides) > _ALIKE * min(sides) and not options.lengths[0].in_metres:
        notes.append(
            f"the scenes have pixels of {min(sides):.3g} to {max(sides):.3g} m, and tiles of as "
            "many pixels cover other areas in each: tile.size=640m makes them alike"
        )
    stretched = sum(raster.stretch is not None and not raster.names for raster in rasters)
    if stretched:
        notes.append(
            f"{stretched} scene{'s' * (stretched > 1)} of more than 8 bits: percentiles 2 and 98 "
            "of all its values are shown as black and white; scenes.json keeps them"
        )
    return notes


def _unread(root: Path, paths: set[str]) -> list[str]:
    """Say that scenes are read as pictures, if there are any."""
    found = sorted(path for path in paths if _is_geotiff(root / path))
    if not found:
        return []
    return [
        f"{some_of(found, _LISTED)} {'are GeoTIFFs' if len(found) > 1 else 'is a GeoTIFF'} "
        f"read as a picture without a place, since rasterio is not installed: {EXTRA}"
    ]


def _is_geotiff(path: Path) -> bool:
    try:
        with quiet_libraries(), tifffile.TiffFile(path) as file:
            return bool(getattr(file.pages.first, "is_geotiff", False))
    except Exception:  # not a TIFF, or damaged: the picture reader says so
        return False
