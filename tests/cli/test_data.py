"""The verb `wfa data annotate`, from its words to its file."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.data.annotate.made import PATCH, random_codes, row, write_maps, write_metadata
from wfa.cli.data import app
from wfa.errors import DataError

runner = CliRunner()


def words(tmp_path: Path) -> list[str]:
    write_maps(tmp_path / "maps", {PATCH.format(n): random_codes(n) for n in range(3)})
    metadata = write_metadata(tmp_path / "m.parquet", [row(n) for n in range(2)])
    return [f"maps={tmp_path / 'maps'}", f"metadata={metadata}", f"out={tmp_path / 'o.parquet'}"]


def test_annotations_are_written_and_counted(tmp_path: Path) -> None:
    found = runner.invoke(app, ["annotate", *words(tmp_path), "on_bad_row=skip", "workers=0"])
    assert found.exit_code == 0, found.output
    rows = pq.read_table(tmp_path / "o.parquet").num_rows
    assert f"2 patches annotated with {rows} rows" in found.output
    assert "1 maps or rows of the metadata were left out" in found.output
    assert "captioning" in found.output


def test_a_map_without_metadata_stops_it(tmp_path: Path) -> None:
    found = runner.invoke(app, ["annotate", *words(tmp_path)])
    assert isinstance(found.exception, DataError)
    with pytest.raises(DataError, match=f"reference map of patch {PATCH.format(2)} has no row in"):
        raise found.exception
