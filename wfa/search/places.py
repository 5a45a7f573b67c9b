"""Where and when: boxes in degrees, days from and to, and hits that show the same place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from wfa.errors import DataError

Boxes = NDArray[np.float64]
"""(M, 4) west, south, east, north in EPSG:4326; NaN without a place. A box across the antimeridian
has its west east of its east."""

_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_OPEN = ("", "..")


def parse_box(text: str) -> tuple[float, float, float, float]:
    """Read `west,south,east,north` in degrees.

    A west that lies east of the east means a box across the antimeridian.

    Raises:
        DataError: It is no box on the earth.
    """
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError as error:
        raise DataError(_no_box(text)) from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise DataError(_no_box(text))
    return west, south, east, north


def touching(boxes: Boxes, box: Sequence[float]) -> NDArray[np.bool_]:
    """Mark the boxes that share a point with a box; (M,) bool, False without a place."""
    west, south, east, north = np.asarray(box, np.float64)
    with np.errstate(invalid="ignore"):
        tall = (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
        wide = np.zeros(len(boxes), bool)
        for own_west, own_east in _halves(boxes[:, 0], boxes[:, 2]):
            for other_west, other_east in _halves(west, east):
                wide |= (own_west <= other_east) & (own_east >= other_west)
    return np.asarray(tall & wide)


def overlap(boxes: Boxes, box: Sequence[float]) -> NDArray[np.float64]:
    """Return the intersection of boxes with a box over their union, in square degrees; (M,)."""
    one = np.asarray(box, np.float64)
    shared = np.zeros(len(boxes))
    for own_west, own_east in _halves(boxes[:, 0], boxes[:, 2]):
        for other_west, other_east in _halves(one[0], one[2]):
            wide = np.minimum(own_east, other_east) - np.maximum(own_west, other_west)
            shared += np.fmax(wide, 0)
    shared *= np.fmax(np.minimum(boxes[:, 3], one[3]) - np.maximum(boxes[:, 1], one[1]), 0)
    joined = _area(boxes) + _area(one[None]) - shared
    return np.divide(shared, joined, out=np.zeros(len(boxes)), where=joined > 0)


def extent_of(boxes: Boxes) -> tuple[float, float, float, float] | None:
    """Return the smallest box that holds all of (M, 4) boxes; None where none has a place."""
    there = boxes[np.asarray(np.isfinite(boxes).all(axis=1))]
    if not len(there):
        return None
    west, south, east, north = there.T
    over = west > east
    shift = np.where(over.any() & (west < 0), 360.0, 0.0)  # count on eastwards over 180 degrees
    left, right = float((west + shift).min()), float((east + shift + 360.0 * over).max())
    if right - left >= 360:
        left, right = -180.0, 180.0
    left, right = (side - 360 if side > 180 else side for side in (left, right))
    return left, float(south.min()), right, float(north.max())


def suppress(
    boxes: Boxes, days: Sequence[str], most_overlap: float, most: int
) -> list[list[int]]:  # fmt: skip
    """Merge hits of one place and day into the best of them: greedy non-maximum suppression.

    Args:
        boxes: (K, 4) of hits, best first; a hit without a place is never merged.
        days: When each was taken; hits of different days are never merged.
        most_overlap: Intersection over union from 0 to 1; hits that overlap more are merged.
        most: How many stay at most.

    Returns:
        Places of the hits that stay, best first, each with those that were merged into it.
    """
    kept: list[list[int]] = []
    there = np.asarray(np.isfinite(boxes).all(axis=1))
    for place in range(len(boxes)):
        if there[place] and kept:
            same = [group for group in kept
                    if there[group[0]] and days[group[0]] == days[place]]  # fmt: skip
            found = overlap(boxes[[group[0] for group in same]], boxes[place])
            if len(found) and found.max() > most_overlap:
                same[int(found.argmax())].append(place)
                continue
        if len(kept) == most:
            break
        kept.append([place])
    return kept


@dataclass(frozen=True)
class Days:
    """Days from and to, both included; None for no limit."""

    first: date | None
    last: date | None

    def hold(self, day: str) -> bool:
        """Say whether a day `YYYY-MM-DD` is among them; one that is not known is not."""
        if not day:
            return False
        found = date.fromisoformat(day)
        return (self.first is None or found >= self.first) and (
            self.last is None or found <= self.last
        )


def parse_days(text: str) -> Days:
    """Read `2017-06-13`, `2017-06`, `2017`, or two of them as `FROM/TO`; `..` leaves an end open.

    Raises:
        DataError: It is no time, or ends before it begins.
    """
    first, slash, last = (part.strip() for part in text.partition("/"))
    days = Days(_day(text, first, False), _day(text, last if slash else first, True))
    if days.first is not None and days.last is not None and days.first > days.last:
        raise DataError(f"the time {text!r} ends before it begins: write FROM/TO")
    return days


def _day(text: str, part: str, end: bool) -> date | None:
    if part in _OPEN:
        return None
    match = _DAY.fullmatch(part)
    try:
        if match is None:
            raise ValueError(part)
        year, month, day = (int(found) if found else None for found in match.groups())
        if day is not None or not end:
            return date(year or 0, month or 1, day or 1)
        if month is None or month == 12:
            return date(year or 0, 12, 31)
        return date(year or 0, month + 1, 1) - timedelta(days=1)
    except ValueError as error:
        raise DataError(
            f"{text!r} is no time: write 2017-06-13, 2017-06, 2017, or FROM/TO with one of these "
            "or .. at each end"
        ) from error


def _halves(
    west: NDArray[np.float64] | np.float64, east: NDArray[np.float64] | np.float64
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Cut boxes at the antimeridian; a half that is not there lies nowhere."""
    over = west > east
    return [
        (np.asarray(west), np.where(over, 180.0, east)),
        (np.where(over, -180.0, np.nan), np.where(over, east, np.nan)),
    ]


def _area(boxes: Boxes) -> NDArray[np.float64]:
    wide = boxes[:, 2] - boxes[:, 0] + 360.0 * (boxes[:, 0] > boxes[:, 2])
    return np.asarray(wide * (boxes[:, 3] - boxes[:, 1]))


def _no_box(text: str) -> str:
    return (
        f"{text!r} is no box: write west,south,east,north in degrees, such as 12.9,48.0,13.6,48.5; "
        "a west beyond the east crosses the antimeridian"
    )
