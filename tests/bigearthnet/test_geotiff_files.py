"""Whatever is done to a GeoTIFF, it is read or named."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wfa.bigearthnet.geotiff_files import opened_geotiff
from wfa.bigearthnet.patch_stores import read_geotiff
from wfa.errors import DataError


def whole(compression: str | None) -> bytes:
    file = io.BytesIO()
    values = np.random.default_rng(0).integers(0, 9000, (60, 60)).astype(np.uint16)
    tifffile.imwrite(file, values, compression=compression)
    return file.getvalue()


CONTENTS = [whole(None), whole("zlib"), whole("lzma")]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(CONTENTS),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8)), max_size=4),
    st.floats(0.0, 1.0),
)
def test_any_damage_is_one_message(
    tmp_path: Path, content: bytes, edits: list[tuple[int, bytes]], kept: float
) -> None:
    damaged = bytearray(content)
    for place, data in edits:
        start = place % len(damaged)
        damaged[start : start + len(data)] = data
    path = tmp_path / "band.tif"
    path.write_bytes(damaged[: max(1, int(len(damaged) * kept))])
    try:
        read_geotiff(path)
    except DataError as error:
        assert str(path) in str(error)


def test_errors_of_the_block_name_the_file_and_a_missing_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    path.write_bytes(whole("zlib"))
    words = r"the map .*map\.tif cannot be read: division by zero"
    with pytest.raises(DataError, match=words), opened_geotiff(path, "the map"):
        1 / 0  # noqa: B018
    with pytest.raises(DataError, match=r"band file .*none\.tif is missing"):
        read_geotiff(tmp_path / "none.tif")


def test_a_header_that_asks_for_all_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "band.tif"
    content = bytearray(whole(None))
    with tifffile.TiffFile(io.BytesIO(bytes(content))) as file:
        for name in ("ImageWidth", "ImageLength"):
            tag = file.pages.first.tags[name]
            content[tag.offset + 2 : tag.offset + 4] = (4).to_bytes(2, "little")  # a 32-bit number
            content[tag.offset + 8 : tag.offset + 12] = (900_000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match="900000 x 900000 pixels"):
        read_geotiff(path)
