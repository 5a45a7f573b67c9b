from collections.abc import Callable
from pathlib import Path

import lancedb
import numpy as np
import pyarrow.parquet as pq
import pytest
from qdrant_client import QdrantClient, models

from tests.search.test_commands import call
from wfa.errors import ConfigError, DataError
from wfa.exports.export_run import export_run
from wfa.options.option_classes import read_choice
from wfa.retrieval.embeddings import Floats
from wfa.runs.run_model import RunModel
from wfa.search.index_outcome import Indexed

FEW = {"train_images": 0, "validation_images": 4, "test_images": 12}


@pytest.fixture(scope="module")
def gallery(attention_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("parquet") / "out"
    data = read_choice("data", "scenes", FEW)
    return export_run(attention_run, "parquet", out, data=data).weights


def nearest(gallery: Path, query: Floats) -> list[str]:
    table = pq.read_table(gallery)
    features = np.stack(table.column("image_features").to_numpy())
    names = table.column("image").to_pylist()
    return [names[row] for row in np.argsort(-features @ query)[:5]]


def test_each_split_is_a_file_with_all_facts(gallery: Path) -> None:
    assert gallery.name == "test.parquet"
    found = sorted(path.name for path in gallery.parent.iterdir())
    assert found == ["README.md", "export.json", "test.parquet", "validation.parquet"]
    table = pq.read_table(gallery)
    assert len(table) == 12
    assert str(table.schema.field("image_features").type).startswith("fixed_size_list")
    assert table.column("image_features").type.list_size == 16
    assert set(table.column("split").to_pylist()) == {"test"}
    assert all(len(captions) >= 1 for captions in table.column("captions").to_pylist())


def test_text_features_are_the_runs_own(attention_run: Path, gallery: Path) -> None:
    row = pq.read_table(gallery).to_pylist()[3]
    query = RunModel(attention_run).ask(row["captions"])
    np.testing.assert_allclose(row["text_features"], query.features[0], atol=1e-5)


def test_lancedb_reads_it(attention_run: Path, gallery: Path, tmp_path: Path) -> None:
    query = RunModel(attention_run).ask(["a lake"]).features[0]
    table = lancedb.connect(tmp_path).create_table("images", pq.read_table(gallery))
    hits = table.search(query, vector_column_name="image_features").distance_type("dot").limit(5)
    assert [hit["image"] for hit in hits.to_list()] == nearest(gallery, query)


def test_qdrant_reads_it(attention_run: Path, gallery: Path) -> None:
    query = RunModel(attention_run).ask(["a lake"]).features[0]
    rows = pq.read_table(gallery, columns=["image", "captions", "image_features"]).to_pylist()
    client = QdrantClient(":memory:")
    sizes = models.VectorParams(size=16, distance=models.Distance.DOT)
    client.create_collection("images", sizes)
    client.upload_collection("images", [row.pop("image_features") for row in rows], rows)
    hits = client.query_points("images", query.tolist(), limit=5).points
    client.close()
    assert [hit.payload["image"] for hit in hits if hit.payload] == nearest(gallery, query)


def test_an_index_keeps_its_paths_and_facts(
    run: Path, index: Callable[..., Indexed], tmp_path: Path
) -> None:
    facts = tmp_path / "facts.csv"
    facts.write_text("path,side\na.jpg,north\nz.png,south\n", encoding="utf-8")
    indexed = index(f"metadata={facts}").folder
    written = tmp_path / "out" / "images.parquet"
    said = call("export", str(indexed), "--to", "parquet", "--out", str(written.parent)).stdout
    assert said.startswith(f"features {written}\n")
    rows = {row["image"]: row for row in pq.read_table(written).to_pylist()}
    assert len(rows) == 9
    assert (rows["a.jpg"]["side"], rows["z.png"]["side"]) == ("north", "south")
    assert rows["south/ü.png"]["side"] is None
    assert len(rows["a.jpg"]["image_features"]) == 16
    with pytest.raises(ConfigError, match="leave data and split out"):
        export_run(indexed, "parquet", split="test")


def test_a_split_that_is_not_there_leaves_nothing(attention_run: Path, tmp_path: Path) -> None:
    data = read_choice("data", "scenes", FEW)
    with pytest.raises(DataError, match="has no split 'train'"):
        export_run(attention_run, "parquet", tmp_path / "out", data=data, split="train")
    assert list(tmp_path.iterdir()) == []
