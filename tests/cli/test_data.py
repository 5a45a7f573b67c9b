"""The verbs of data sets: `wfa data ...`, from their words to their files or messages."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.bigearthnet.annotate.made import PATCH, random_codes, row, write_maps, write_metadata
from wfa.cli.data import app
from wfa.errors import DataError
from wfa.plugins.registry import plugin_class

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
    assert "1 map or row of the metadata was left out" in found.output
    assert "captioning" in found.output


def test_a_map_without_metadata_stops_it(tmp_path: Path) -> None:
    found = runner.invoke(app, ["annotate", *words(tmp_path)])
    assert isinstance(found.exception, DataError)
    with pytest.raises(DataError, match=f"reference map of patch {PATCH.format(2)} has no row in"):
        raise found.exception


@pytest.mark.parametrize("name", ["ucm_captions", "nwpu_captions", "rsicd", "bigearthnet_txt"])
def test_preparing_without_a_folder_says_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WFA_DATA_DIR", raising=False)
    found = runner.invoke(app, ["prepare", name])
    assert isinstance(found.exception, DataError)
    said = str(found.exception)
    assert "add data.root=DIR" in said
    assert f"WFA_DATA_DIR, for the folder {name} in it" in said
    facts = plugin_class("data", name).facts
    for line in (*(file.target for file in facts.downloads), *facts.by_hand):
        assert f"\n  {line}" in said
    assert ("You put there by hand" in said) == bool(facts.by_hand)
    assert ("This command fetches" in said) == bool(facts.downloads)


def test_reading_without_a_folder_names_a_command_that_makes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("WFA_DATA_DIR", raising=False)
    found = runner.invoke(app, ["verify", "ucm_captions"])
    assert "run `wfa data prepare ucm_captions data.root=DIR`" in str(found.exception)
    found = runner.invoke(app, ["verify", "ucm_captions", f"data.root={tmp_path / 'none'}"])
    command = f"run `wfa data prepare ucm_captions data.root={tmp_path / 'none'}`"
    assert command in str(found.exception)
    monkeypatch.setenv("WFA_DATA_DIR", str(tmp_path))
    found = runner.invoke(app, ["verify", "ucm_captions"])
    assert "run `wfa data prepare ucm_captions`" in str(found.exception)


def test_whom_to_cite_and_the_terms_are_shown() -> None:
    said = " ".join(runner.invoke(app, ["list"]).output.split())
    assert "RSITMD: 4,743 images" in said
    assert "cite: Yuan et al. 2022, doi:10.1109/TGRS.2021.3078451 terms: research use; cite" in said
    assert "terms: annotations and images: CDLA-Permissive-1.0" in said


def test_verify_ends_in_what_was_found(tmp_path: Path) -> None:
    lines = [f"{k}.png,a lake,{'test' if k else 'train'}" for k in range(3)]
    (tmp_path / "t.csv").write_text("\n".join(["file,caption,split", *lines]), encoding="utf-8")
    for name in ("0.png", "1.png", "2.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    words = ["verify", "captions_folder", f"data.root={tmp_path}"]
    assert "3 images decoded, nothing wrong" in runner.invoke(app, words).output
    (tmp_path / "1.png").write_bytes(b"")
    assert "2 of 3 images decoded, 1 problem" in runner.invoke(app, words).output
    skipped = runner.invoke(app, [*words, "data.on_bad_image=skip"]).output
    assert "2 of 3 images decoded, 1 left out by on_bad_image=skip, nothing wrong" in skipped
