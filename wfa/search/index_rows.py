"""The rows of an index: which image has which features, kept as one Parquet file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wfa.errors import SearchIndexError
from wfa.files import atomic_write
from wfa.retrieval.embeddings import Floats, Integers

FORMAT = "wfa-images-1"
FACTS = ("id", "path", "bytes", "changed_ns", "sha256")
"""The columns beside `feature`."""


@dataclass(frozen=True, eq=False)
class Rows:
    """M images of an index.

    Attributes:
        ids: (M,) int64; an image keeps its id as long as its path is in the index.
        paths: M paths, relative to the folder.
        sizes: (M,) int64, bytes of the files.
        changed: (M,) int64, ns; see `ImageFile.changed`.
        sha256: M checksums (hex) of the files.
        features: (M, D) float32, L2-normalised.
    """

    ids: Integers
    paths: tuple[str, ...]
    sizes: Integers
    changed: Integers
    sha256: tuple[str, ...]
    features: Floats

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of which images these are; an index is made of rows with one digest."""
        found = hashlib.sha256(self.ids.tobytes())
        for path, content in zip(self.paths, self.sha256, strict=True):
            found.update(f"{path}\0{content}\n".encode())
        return found.hexdigest()


def write_rows(path: Path, rows: Rows, model: str) -> None:
    """Write rows, whole or not at all; every page of the file carries a checksum.

    Args:
        path: The Parquet file.
        rows: The rows.
        model: Checksum of the model that made the features.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    values = pa.array(np.ascontiguousarray(rows.features).reshape(-1))
    columns = {
        "id": rows.ids,
        "path": pa.array(rows.paths, pa.string()),
        "bytes": rows.sizes,
        "changed_ns": rows.changed,
        "sha256": pa.array(rows.sha256, pa.string()),
        "feature": pa.FixedSizeListArray.from_arrays(values, rows.features.shape[1]),
    }
    header = {"format": FORMAT, "model": model, "digest": rows.digest}
    table = pa.table(columns, metadata=header)
    with atomic_write(path) as temporary:
        pq.write_table(
            table, temporary, compression="none", use_dictionary=False, write_page_checksum=True
        )


def model_of(path: Path) -> str:
    """Return the checksum of the model that made a file's features.

    Raises:
        SearchIndexError: The file is missing, damaged or holds something else.
    """
    return _header(path)["model"]


def digest_of(path: Path) -> str:
    """Return the digest of the rows in a file; see `Rows.digest`.

    Raises:
        SearchIndexError: The file is missing, damaged or holds something else.
    """
    return _header(path)["digest"]


def read_rows(path: Path) -> Rows:
    """Read what `write_rows` wrote.

    Raises:
        SearchIndexError: The file is missing, truncated, edited or holds something else.
    """
    _header(path)
    table = _read(path, (*FACTS, "feature"))
    feature = table.column("feature")
    width = feature.type.list_size
    # A column of one chunk is taken as it lies; features of many images are gigabytes.
    features = np.concatenate([chunk.flatten().to_numpy() for chunk in feature.chunks] or [[]])
    return Rows(
        ids=table.column("id").to_numpy(),
        paths=tuple(table.column("path").to_pylist()),
        sizes=table.column("bytes").to_numpy(),
        changed=table.column("changed_ns").to_numpy(),
        sha256=tuple(table.column("sha256").to_pylist()),
        features=features.astype(np.float32, copy=False).reshape(-1, width),
    )


def read_paths(path: Path) -> tuple[Integers, tuple[str, ...]]:
    """Read only the ids (M,) and the paths of the rows.

    Raises:
        SearchIndexError: As `read_rows`.
    """
    _header(path)
    table = _read(path, ("id", "path"))
    return table.column("id").to_numpy(), tuple(table.column("path").to_pylist())


def _header(path: Path) -> dict[str, str]:
    found = _guarded(path, lambda: pq.read_schema(path).metadata) or {}
    header = {
        key.decode(): value.decode() for key, value in found.items() if key != b"ARROW:schema"
    }
    if header.get("format") != FORMAT or not {"model", "digest"} <= set(header):
        raise SearchIndexError(f"{path} holds no images of an index: remove it and index again")
    return header


def _read(path: Path, columns: tuple[str, ...]) -> Any:
    def read() -> Any:
        table = pq.read_table(path, columns=list(columns), page_checksum_verification=True)
        if any(column.null_count for column in table.columns) or len(columns) != table.num_columns:
            raise ValueError("a value or a column is missing")
        return table

    return _guarded(path, read)


def _guarded(path: Path, read: Any) -> Any:
    try:
        return read()
    except FileNotFoundError as error:
        raise SearchIndexError(f"{path} is missing: index the folder again") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SearchIndexError(
            f"{path} is truncated or was edited ({cause}): remove it and index the folder again"
        ) from error
