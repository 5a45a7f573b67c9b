from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pyarrow.parquet as pq
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from safetensors.numpy import load

from tests.bigearthnet.made import names
from wfa.bigearthnet.bands import RESAMPLINGS, channels_of, resolve_bands
from wfa.bigearthnet.build import build_lmdb
from wfa.bigearthnet.layout import open_store
from wfa.bigearthnet.lmdb_handles import close_environments
from wfa.bigearthnet.patch_reader import PatchReader
from wfa.bigearthnet.patch_stores import GeoTiffStore, LmdbStore
from wfa.data.images import ImageSpec, normalise, resize
from wfa.errors import DataError


def naive(bands: dict[str, NDArray[Any]], order: tuple[str, ...], mode: str) -> torch.Tensor:
    """Stack bands as configilm's `stack_and_interpolate` does."""
    corners = None if mode == "nearest" else True
    return torch.stack(
        [
            torch.nn.functional.interpolate(
                torch.tensor(bands[band].astype(np.float32))[None, None],
                (120, 120),
                mode=mode,
                align_corners=corners,
            )[0, 0]
            for band in order
        ]
    )


def real_pairs(imagery: Path) -> list[tuple[str, str]]:
    table = pq.read_table(imagery / "metadata.parquet", columns=["patch_id", "s1_name"])
    return [(row["patch_id"], row["s1_name"]) for row in table.to_pylist()]


@pytest.mark.parametrize("resampling", RESAMPLINGS)
@pytest.mark.parametrize("preset", ["rgb", "s1", "s2-10m20m", "s1s2-10m20m", "all", "B09,VH,B8A"])
def test_real_patches_equal_a_naive_reader(
    real_imagery: Path, resampling: str, preset: str
) -> None:
    bands = resolve_bands(preset)
    path = real_imagery / "BigEarthNet-V2-LMDB"
    reader = PatchReader(LmdbStore(path), bands, resampling)
    pairs = real_pairs(real_imagery)[:4]
    found = [reader.read(*pair) for pair in pairs]
    close_environments()
    with lmdb.open(str(path), readonly=True, lock=False) as env, env.begin() as transaction:
        for pair, image in zip(pairs, found, strict=True):
            blobs = [transaction.get(name.encode()) or b"" for name in pair]
            stored = {band: array for blob in blobs for band, array in load(blob).items()}
            expected = naive(stored, bands, resampling).permute(1, 2, 0)
            assert image.dtype == np.float32
            # Bilinear sums in another order; values reach 10,000.
            tolerance = 0.0 if resampling == "nearest" else 0.1
            np.testing.assert_allclose(image, expected.numpy(), rtol=0, atol=tolerance)


def test_lmdb_and_geotiff_give_equal_tensors(imagery: Path) -> None:
    bands = resolve_bands("all")
    for resampling in RESAMPLINGS:
        stores = (open_store(imagery, "lmdb"), open_store(imagery, "geotiff"))
        for pair in range(3):
            first, second = (PatchReader(s, bands, resampling).read(*names(pair)) for s in stores)
            np.testing.assert_array_equal(first, second)


def test_real_geotiffs_and_their_lmdb_give_equal_tensors(
    real_imagery: Path, tmp_path: Path
) -> None:
    (s2,) = (real_imagery / "BigEarthNet-S2").glob("*/*")
    (s1,) = (real_imagery / "BigEarthNet-S1").glob("*/*")
    for sensor in ("BigEarthNet-S1", "BigEarthNet-S2"):
        (tmp_path / sensor).symlink_to(real_imagery / sensor)
    assert build_lmdb(tmp_path, workers=0) == 2
    bands = resolve_bands("all")
    stores = (LmdbStore(tmp_path / "BigEarthNet-V2-LMDB"), GeoTiffStore(real_imagery))
    first, second = (PatchReader(s, bands, "nearest").read(s2.name, s1.name) for s in stores)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[:, :, 3], tifffile.imread(s2 / f"{s2.name}_B02.tif"))


@pytest.mark.parametrize("sensor", ["s1", "s2"])
def test_a_dropped_sensor_is_zero_once_normalised_and_is_not_read(
    imagery: Path, sensor: str
) -> None:
    bands = resolve_bands("s1s2-10m20m")
    channels = channels_of(bands, "nearest")
    spec = ImageSpec(120, channels.mean, channels.std, channels.scale)
    patch, s1_name = names(0)
    pair = (patch, "absent") if sensor == "s1" else ("absent", s1_name)
    image = PatchReader(open_store(imagery, "lmdb"), bands, "nearest", sensor).read(*pair)
    zero = (normalise(resize(image, spec), spec) == 0).all(dim=2).all(dim=1)
    assert zero.tolist() == [(band[0] == "V") == (sensor == "s1") for band in bands]


def test_a_band_of_another_size_is_named(tmp_path: Path, imagery: Path) -> None:
    patch, s1_name = names(0)
    folder = tmp_path / "BigEarthNet-S2" / patch.rsplit("_", 2)[0] / patch
    folder.mkdir(parents=True)
    tifffile.imwrite(folder / f"{patch}_B02.tif", np.zeros((60, 60), np.uint16))
    reader = PatchReader(GeoTiffStore(tmp_path), ("B02",), "nearest")
    with pytest.raises(DataError, match=rf"B02 of patch {patch} has 60 x 60 .*120 x 120"):
        reader.read(patch, s1_name)
