"""Where the files of BigEarthNet lie: annotations, imagery, lists of snow and cloud."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wfa.bigearthnet.archives import IMAGERY, LMDB, METADATA, S1_FOLDER, S2_FOLDER
from wfa.bigearthnet.parquet_columns import check_columns
from wfa.bigearthnet.patch_stores import GeoTiffStore, LmdbStore, PatchStore
from wfa.errors import ConfigError, DataError

_FLAGS = {"snow": "contains_seasonal_snow", "clouds": "contains_cloud_or_shadow"}


def imagery_folder(root: Path, wanted: str) -> Path:
    """Return the folder of BigEarthNet v2: as wanted, else beside `root`, else `root` itself.

    Raises:
        DataError: The wanted folder does not exist.
    """
    if wanted:
        if not Path(wanted).is_dir():
            raise DataError(f"data.images_root={wanted} is no folder")
        return Path(wanted)
    beside = root.resolve().parent / IMAGERY
    return beside if beside.is_dir() else root


def expected_imagery(root: Path, wanted: str) -> Path:
    """Return the folder of BigEarthNet v2, which need not be there: beside `root` by default.

    Raises:
        DataError: The wanted folder does not exist.
    """
    found = imagery_folder(root, wanted)
    holds = has_geotiffs(found) or find_lmdb(found) is not None
    return root.resolve().parent / IMAGERY if found == root and not holds else found


def open_store(folder: Path, images: str) -> PatchStore:
    """Open the imagery in a folder.

    Args:
        folder: It holds an LMDB (itself one, or in a folder of it), or `BigEarthNet-S1/` and
            `BigEarthNet-S2/`.
        images: `lmdb`, `geotiff`, or `auto`: the LMDB where there is one.

    Raises:
        ConfigError: `images` is none of these.
        DataError: The imagery is not there.
    """
    if images not in ("auto", "lmdb", "geotiff"):
        raise ConfigError(f"data.images={images!r} must be auto, lmdb or geotiff")
    lmdb = find_lmdb(folder)
    if lmdb is not None and images != "geotiff":
        return LmdbStore(lmdb)
    if has_geotiffs(folder) and images != "lmdb":
        return GeoTiffStore(folder)
    wanted = {
        "lmdb": f"{LMDB}/data.mdb",
        "geotiff": f"{S1_FOLDER}/ and {S2_FOLDER}/",
        "auto": f"{LMDB}/data.mdb, or {S1_FOLDER}/ and {S2_FOLDER}/",
    }[images]
    raise DataError(
        f"{folder} does not hold {wanted}: set data.images_root=DIR to the folder of BigEarthNet "
        "v2; `wfa data prepare bigearthnet_txt` says how to get it"
    )


def flagged(folder: Path, snow: bool, clouds: bool) -> pa.Array:
    """Return the patches to leave out since they show snow, or cloud or its shadow.

    Args:
        folder: The folder with the metadata of BigEarthNet v2; without metadata none is left out.
        snow: Keep patches with seasonal snow.
        clouds: Keep patches with cloud or shadow.

    Raises:
        DataError: The metadata lack a column.
    """
    unwanted = [
        column for name, column in _FLAGS.items() if not {"snow": snow, "clouds": clouds}[name]
    ]
    found = [pa.array([], pa.string())]
    for path in (folder / name for name in METADATA):
        if not unwanted or not path.is_file():
            continue
        expected = "data.snow=true and data.clouds=true do without the metadata"
        check_columns(path, ["patch_id", *unwanted], expected)
        table = pq.read_table(path, columns=["patch_id", *unwanted])
        mask = pc.or_(table[unwanted[0]], table[unwanted[-1]])
        found += table["patch_id"].filter(mask).cast(pa.string()).chunks
    return pa.concat_arrays(found)


def has_geotiffs(folder: Path) -> bool:
    """Return whether a folder holds the unpacked images of BigEarthNet v2."""
    return any((folder / name).is_dir() for name in (S1_FOLDER, S2_FOLDER))


def find_lmdb(folder: Path) -> Path | None:
    """Return the LMDB in a folder: itself one, or in a folder of it; None where there is none."""
    candidates = [
        folder,
        folder / LMDB,
        *sorted(path for path in folder.glob("*") if path.is_dir()),
    ]
    return next((path for path in candidates if (path / "data.mdb").is_file()), None)
