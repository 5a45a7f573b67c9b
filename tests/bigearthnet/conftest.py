"""A small made BigEarthNet, and the real one's files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bigearthnet.made import three_pairs, write_geotiffs, write_rows
from wfa.bigearthnet.build import build_lmdb
from wfa.bigearthnet.lmdb_handles import close_environments


@pytest.fixture(autouse=True)
def handles_closed() -> Iterator[None]:
    """Let the next test open any LMDB by itself: LMDB allows one handle a process."""
    yield
    close_environments()


@pytest.fixture(scope="session")
def imagery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pairs as GeoTIFFs and in an LMDB; not to be written to."""
    root = tmp_path_factory.mktemp("made") / "bigearthnet_v2"
    for pair in range(3):
        write_geotiffs(root, pair)
    build_lmdb(root, workers=0)
    return root


@pytest.fixture
def made(imagery: Path, tmp_path: Path) -> Path:
    """Give the root of a data set with the rows of `three_pairs` beside the made imagery."""
    (tmp_path / "bigearthnet_v2").symlink_to(imagery)
    write_rows(tmp_path / "bigearthnet_txt" / "BigEarthNet.txt.parquet", three_pairs())
    return tmp_path / "bigearthnet_txt"


@pytest.fixture
def real_rows(data_dir: Callable[[str], Path]) -> Path:
    """Give the Parquet file with 20 real rows."""
    return data_dir("bigearthnet_txt") / "BigEarthNet.txt.parquet"


@pytest.fixture
def real_imagery(data_dir: Callable[[str], Path]) -> Path:
    """Give the folder with 24 real pairs."""
    return data_dir("bigearthnet_v2")
