"""The metadata of BigEarthNet v2 as the annotations need them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.bigearthnet.annotate.wrong_classes import Universe, universe_of
from wfa.bigearthnet.class_names import CLASSES
from wfa.bigearthnet.parquet_columns import check_columns
from wfa.data.dataset import SPLITS
from wfa.errors import DataError

COUNTRIES = (
    "Austria", "Belgium", "Finland", "Ireland", "Kosovo", "Lithuania", "Luxembourg", "Portugal",
    "Serbia", "Switzerland",
)  # fmt: skip
"""Where the patches of BigEarthNet lie."""

SEASONS = ("Winter", "Spring", "Summer", "Fall")
"""Each from the first day of December, March, June and September on."""

CLIMATES = (
    "Arid, steppe, cold",
    "Temperate, dry summer, hot summer",
    "Temperate, dry summer, warm summer",
    "Temperate, no dry season, hot summer",
    "Temperate, no dry season, warm summer",
    "Cold, no dry season, hot summer",
    "Cold, no dry season, warm summer",
    "Cold, no dry season, cold summer",
    "Polar, tundra",
)
"""Zones of the Koeppen-Geiger map (Beck et al. 2018) in these countries."""

_NEEDED = ("patch_id", "s1_name", "split", "country", "labels")
_OPTIONAL = ("season", "climate_zone", "latitude", "longitude")
_DATE = re.compile(r"_(\d{4})(\d{2})(\d{2})T\d{6}_")


@dataclass(frozen=True)
class Place:
    """What the metadata say of one patch; texts are empty where they say nothing.

    Attributes:
        patch_id: The Sentinel-2 patch.
        s1_name: The Sentinel-1 patch of the same place.
        split: One of `SPLITS`.
        country: Its English name.
        season: One of `SEASONS`.
        climate_zone: One of `CLIMATES`, or another zone.
        latitude: In degrees, or None.
        longitude: In degrees, or None.
    """

    patch_id: str
    s1_name: str
    split: str
    country: str
    season: str
    climate_zone: str
    latitude: float | None
    longitude: float | None


class Metadata:
    """The rows of a metadata file by patch, made into a `Place` when asked for.

    Args:
        path: Parquet with the columns `patch_id, s1_name, split, country, labels`; `season`,
            `climate_zone`, `latitude` and `longitude` are read where they are there. Without a
            season the date in patch_id tells it.

    Attributes:
        patches: The patches, in the order of the file.
        universe: How frequent classes, pairs of them, countries and climate zones are.

    Raises:
        DataError: The file is missing or none, or lacks a column.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        table = _read(path)
        self.universe: Universe = _universe(table)
        columns = [name for name in (*_NEEDED[:-1], *_OPTIONAL) if name in table.column_names]
        self._table = table.select(columns).combine_chunks()
        self.patches: list[str | None] = table["patch_id"].to_pylist()

    def place(self, index: int) -> Place:
        """Return what row `index` says.

        Raises:
            DataError: It lacks a name or a known split, or nothing tells its season.
        """
        row: Mapping[str, Any] = self._table.slice(index, 1).to_pylist()[0]
        for column in ("patch_id", "s1_name"):
            if not row[column]:
                raise DataError(f"row {index} of {self._path} has no {column}")
        patch = row["patch_id"]
        if row["split"] not in SPLITS:
            raise DataError(
                f"{self._path}: patch {patch} has the split {row['split']!r}; known are: "
                f"{', '.join(SPLITS)}"
            )
        return Place(
            patch_id=patch,
            s1_name=row["s1_name"],
            split=row["split"],
            country=row["country"] or "",
            season=_season(row, self._path),
            climate_zone=row.get("climate_zone") or "",
            latitude=row.get("latitude"),
            longitude=row.get("longitude"),
        )


def _universe(table: pa.Table) -> Universe:
    place = {land.name: at for at, land in enumerate(CLASSES)}
    sets = Counter(
        tuple(sorted({place[name] for name in labels or () if name in place}))
        for labels in table["labels"].to_pylist()
    )
    words = Counter(table["country"].to_pylist())
    if "climate_zone" in table.column_names:
        words.update(table["climate_zone"].to_pylist())
    words.pop(None, None)
    return universe_of(sets, words)


def _season(row: Mapping[str, Any], path: Path) -> str:
    season = row.get("season")
    if season:
        if season not in SEASONS:
            raise DataError(
                f"{path}: patch {row['patch_id']} has the season {season!r}; known are: "
                f"{', '.join(SEASONS)}"
            )
        return str(season)
    date = _DATE.search(row["patch_id"])
    if date is None or not 1 <= int(date[2]) <= 12:
        raise DataError(
            f"{path}: the name of patch {row['patch_id']} has no date such as _20170613T101031_, "
            "and there is no season"
        )
    return SEASONS[int(date[2]) % 12 // 3]


def _read(path: Path) -> Any:
    if not path.is_file():
        raise DataError(f"there is no metadata file {path}: set metadata=FILE to metadata.parquet")
    expected = f"The metadata of BigEarthNet v2 have {', '.join(_NEEDED)}"
    found = check_columns(path, _NEEDED, expected)
    try:
        return pq.read_table(
            path, columns=[*_NEEDED, *(name for name in _OPTIONAL if name in found)]
        )
    except pa.ArrowException as error:
        raise DataError(f"{path} cannot be read: {error}") from error
