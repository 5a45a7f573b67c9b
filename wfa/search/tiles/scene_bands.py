"""Which bands of a scene a run is given: by number, by name, or by colour."""

from collections.abc import Sequence
from typing import Any

from wfa.data.decode import BadImageError

_COLOURS = (("red", "green", "blue"), ("B04", "B03", "B02"), ("B4", "B3", "B2"))
"""What red, green and blue are called: in words, and by the two ways of Sentinel-2."""
_SHOWN = ("B04", "B03", "B02")


def chosen_bands(source: Any, numbers: Sequence[int], wanted: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers, from 1, of the bands that a run is given.

    Args:
        source: An opened `rasterio.DatasetReader`.
        numbers: What a person chose; empty to find them.
        wanted: What the run was trained on; empty for pictures.

    Raises:
        BadImageError: The scene does not have them, or nothing says which they are.
    """
    if numbers:
        return _of_person(source, tuple(numbers), wanted)
    return _by_name(source, wanted) if wanted else _of_picture(source)


def colour_places(bands: Sequence[str]) -> tuple[int, ...]:
    """Return which of a run's bands are shown as red, green and blue; the first where none are."""
    if not bands:
        return (0, 1, 2)
    if set(_SHOWN) <= set(bands):
        return tuple(bands.index(band) for band in _SHOWN)
    return (0,)


def _of_person(source: Any, numbers: tuple[int, ...], wanted: Sequence[str]) -> tuple[int, ...]:
    if max(numbers) > source.count:
        raise BadImageError(
            f"has {_bands(source.count)}, and tile.bands asks for band {max(numbers)}"
        )
    if not wanted and len(numbers) == 1:
        return numbers * 3
    needed = len(wanted) or 3
    if len(numbers) != needed:
        what = ", ".join(wanted) or "red, green and blue"
        raise BadImageError(
            f"is given by {_bands(len(numbers))} of tile.bands, and the run takes {needed}: {what}"
        )
    return numbers


def _by_name(source: Any, wanted: Sequence[str]) -> tuple[int, ...]:
    named = _named(source)
    keys = [band.casefold() for band in wanted]
    if all(key in named for key in keys):
        return tuple(named[key] for key in keys)
    found = ", ".join(text or "?" for text in source.descriptions)
    raise BadImageError(
        f"has {_bands(source.count)} ({found}), and the run was trained on {', '.join(wanted)}: "
        f"say which they are with tile.bands={','.join(map(str, range(1, len(wanted) + 1)))}"
    )


def _of_picture(source: Any) -> tuple[int, ...]:
    kinds = [kind.name for kind in source.colorinterp]
    if "palette" in kinds:
        raise BadImageError("has a palette: convert it to red, green and blue")
    if {"red", "green", "blue"} <= set(kinds):
        return tuple(kinds.index(colour) + 1 for colour in ("red", "green", "blue"))
    named = _named(source)
    for colours in _COLOURS:
        keys = [colour.casefold() for colour in colours]
        if all(key in named for key in keys):
            return tuple(named[key] for key in keys)
    count = source.count - ("alpha" in kinds)
    if count in (1, 3):
        return (1, 1, 1) if count == 1 else (1, 2, 3)
    raise BadImageError(
        f"has {_bands(source.count)} that are not said to be colours: say which of them are red, "
        "green and blue, as in tile.bands=4,3,2"
    )


def _named(source: Any) -> dict[str, int]:
    names = [(text or "").strip().casefold() for text in source.descriptions]
    return {name: place for place, name in enumerate(names, start=1) if name}


def _bands(count: int) -> str:
    return "1 band" if count == 1 else f"{count} bands"
