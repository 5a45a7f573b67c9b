"""Features and facts as Parquet, for engines that are made for large galleries.

Vectors are fixed-size lists of float32, which LanceDB, Qdrant, DuckDB and Spark read as vectors.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wfa.data.dataset import ImageTextDataset
from wfa.errors import SearchIndexError
from wfa.exports.export_source import Source, Written
from wfa.files import atomic_write
from wfa.plugins.registry import Choice
from wfa.retrieval.embeddings import Embeddings, Floats
from wfa.runs.best_device import best_device
from wfa.runs.embed import embed_split
from wfa.runs.parts import open_split
from wfa.search.image_metadata import load_metadata
from wfa.search.library_file import METADATA, ROWS, read_facts

FORMAT = "wfa-features-1"
_ROW_GROUP = 16_384
_USAGE = """\
import lancedb, pyarrow.parquet
table = lancedb.connect("gallery").create_table("images", pyarrow.parquet.read_table("{folder}/%s"))
hits = table.search(query, vector_column_name="image_features").distance_type("dot").limit(9)"""
_NOTES = (
    "`image_features` and `text_features` have length 1: an inner product is their cosine.",
    "`query` is a text feature of the same run, such as `wfa.load(RUN).encode_text([text])[0]`.",
)


def write_splits(
    source: Source,
    folder: Path,
    data: Choice | None = None,
    split: str = "",
) -> Written:
    """Embed splits of a data set, and write `<split>.parquet` of each.

    A row is an image: `image` (its name), `captions`, `split`, `classes` where they are known,
    `image_features`, and `text_features` of its captions, aggregated as the run was trained.

    Args:
        source: The run.
        folder: Where to write.
        data: The data set; the run's own unless given.
        split: One split; all that there are where it is empty.

    Raises:
        DataError: The data set or split cannot be read.
    """
    parts = source.parts
    parts.model.to(best_device())
    data = data or parts.config.data
    present = data.plugin().splits(data.options)
    chosen = [split] if split else list(present)
    header = {"run": source.run.name, "data": data.label, "technique": source.technique}
    for name in chosen:
        part = parts.prepare(open_split(data, name, present))
        table = _split_table(part.dataset, embed_split(parts, part))
        _write(folder / f"{name}.parquet", table, header)
    return _written(f"{chosen[-1]}.parquet")


def write_index(index: Path, folder: Path) -> Written:
    """Write an index of `wfa index` as `images.parquet`: paths, features and the facts beside them.

    Raises:
        SearchIndexError: The index is unfinished or damaged.
    """
    facts = read_facts(index)
    try:
        rows = pq.read_table(index / ROWS)
    except (OSError, pa.ArrowException) as error:
        raise SearchIndexError(f"{index / ROWS} cannot be read ({error}): index again") from error
    taken = {"path": "image", "feature": "image_features"}
    columns = {taken.get(name, name): rows.column(name) for name in rows.column_names
               if name != "changed_ns"}  # fmt: skip
    found = load_metadata(index / METADATA).of(rows.column("path").to_pylist())
    for name in facts.columns:
        columns.setdefault(name, pa.array([own.get(name) for own in found], pa.string()))
    header = {"run": Path(facts.run_folder(index)).name, "technique": facts.technique,
              "model": facts.model}  # fmt: skip
    _write(folder / ROWS, pa.table(columns), header)
    return _written(ROWS)


def _split_table(dataset: ImageTextDataset, embeddings: Embeddings) -> pa.Table:
    count = len(dataset)
    columns = {
        "image": pa.array(embeddings.image_names, pa.string()),
        "captions": pa.array([list(own) for own in dataset.captions], pa.list_(pa.string())),
        "split": pa.array([dataset.split] * count, pa.string()),
        "image_features": vectors(embeddings.images),
        "text_features": vectors(embeddings.aggregated),
    }
    if dataset.classes:
        named = [[dataset.classes[k] for k in dataset.labels(row)] for row in range(count)]
        columns["classes"] = pa.array(named, pa.list_(pa.string()))
    return pa.table(columns)


def vectors(features: Floats) -> pa.FixedSizeListArray:
    """Make a column of (M, D) features, each a fixed-size list of float32."""
    flat = pa.array(np.ascontiguousarray(features).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, features.shape[1])


def _write(path: Path, table: pa.Table, header: dict[str, str]) -> None:
    table = table.replace_schema_metadata({"wfa": json.dumps({"format": FORMAT, **header})})
    plain: Sequence[str] = [
        name for name in table.column_names if not name.endswith("_features")
    ]  # a dictionary of vectors would be as large as they are
    with atomic_write(path) as temporary:
        pq.write_table(
            table, temporary, compression="zstd", use_dictionary=list(plain),
            row_group_size=_ROW_GROUP, write_page_checksum=True,
        )  # fmt: skip


def _written(main: str) -> Written:
    return Written(main=main, usage=_USAGE % main, notes=_NOTES, repository="dataset")
