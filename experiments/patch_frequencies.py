"""Count what the stand-in `scenes_s1s2` follows in the official metadata of BigEarthNet v2.

    python -m experiments.patch_frequencies

reads `bigearthnet_v2_metadata/metadata.parquet` in WFA_DATA_DIR and writes
wfa/scenes/patch_frequencies.json: of each country its patches by month and by tile, and its sets of
classes, the most frequent ones that make up 97 % of its patches. No row is copied.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from wfa.bigearthnet.annotate.utm import to_degrees
from wfa.bigearthnet.class_names import CLASSES
from wfa.files import file_hash, write_text
from wfa.scenes.patch_frequencies import FILE, LETTERS

SHARE = 0.97
"""Of a country's patches, that the kept sets of classes make up."""
_COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_SQUARE, _CYCLE = 100_000, 2_000_000  # metres


def corner(tile: str) -> tuple[float, float]:
    """Return latitude and longitude of the upper left corner of an MGRS square such as T33UUP."""
    zone, band, column, row = int(tile[1:3]), tile[3], tile[4], tile[5]
    easting = (_COLUMNS[(zone - 1) % 3].index(column) + 1) * _SQUARE
    northing = (_ROWS.index(row) - (0 if zone % 2 else 5)) % len(_ROWS) * _SQUARE
    south = 8 * _BANDS.index(band) - 80
    while to_degrees(easting, northing + _SQUARE, zone, north=True)[0] < south:
        northing += _CYCLE
    latitude, longitude = to_degrees(easting, northing + _SQUARE, zone, north=True)
    return round(latitude, 3), round(longitude, 3)


def counted(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is kept of one country's patches."""
    letters = {land.name: letter for land, letter in zip(CLASSES, LETTERS, strict=True)}
    tiles = Counter(row["patch_id"].split("_")[5] for row in rows)
    months = Counter(row["patch_id"].split("_")[2][4:6] for row in rows)
    sets = Counter("".join(sorted(letters[name] for name in row["labels"])) for row in rows)
    kept: dict[str, int] = {}
    for lands, count in sorted(sets.items(), key=lambda item: (-item[1], item[0])):
        if sum(kept.values()) >= SHARE * len(rows):
            break
        kept[lands] = count
    return {
        "patches": len(rows),
        "months": dict(sorted(months.items())),
        "tiles": {tile: [count, *corner(tile)] for tile, count in sorted(tiles.items())},
        "lands": kept,
    }


def main() -> None:
    """Write the file."""
    path = Path(os.environ["WFA_DATA_DIR"], "bigearthnet_v2_metadata", "metadata.parquet")
    rows = pq.read_table(path, columns=["patch_id", "labels", "country"]).to_pylist()
    own: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        own.setdefault(row["country"], []).append(row)
    content = {
        "source": {"file": path.name, "sha256": file_hash(path), "patches": len(rows)},
        "countries": {country: counted(own[country]) for country in sorted(own)},
    }
    write_text(FILE, json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
