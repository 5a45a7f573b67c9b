"""An index in a folder: `index.json`, and the FAISS file that it names and vouches for.

Inverted lists that stay on the disk are a file of their own beside it. Each file bears part of its
checksum in its name and `index.json` is replaced last, so a crash while saving leaves the index
that was there before. A file whose size and time of change are as they were when it was saved is
not hashed again on loading; any other is.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.files import atomic_write, file_hash, write_text
from wfa.retrieval.embeddings import Integers
from wfa.search.indexes.disk_lists import attach_lists
from wfa.search.indexes.vector_index import VectorIndex

SIDECAR = "index.json"
_FORMAT = "wfa-index-1"
_FILE_KEYS: Mapping[str, type] = {"file": str, "sha256": str, "size": int, "mtime_ns": int}
_KEYS: Mapping[str, type] = {
    **_FILE_KEYS, "factory": str, "rerank": str, "parameters": dict, "dimension": int,
    "count": int, "metric": str, "removed": list,
}  # fmt: skip
MAPPED = faiss.IO_FLAG_MMAP_IFC if hasattr(faiss, "IO_FLAG_MMAP_IFC") else faiss.IO_FLAG_MMAP
"""How FAISS leaves the vectors of a file where they are until a search touches them."""


def save_index(
    index: VectorIndex,
    folder: Path,
    model: str | None = None,
    lists: tuple[Path, Integers] | None = None,
) -> Path:
    """Write an index, whole or not at all.

    Args:
        index: What to write.
        folder: Where; made when it is missing. An index that is there is replaced.
        model: Checksum of the model that made the vectors.
        lists: The file of the vectors' codes and its sizes, as `write_lists` made it, where the
            index itself is empty; the file is moved into the folder.

    Returns:
        The path of `index.json`.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    with atomic_write(folder / "index.faiss.new") as temporary:
        faiss.write_index(index.faiss_index, str(temporary))
        digest = file_hash(temporary)
    path = folder / f"index-{digest[:12]}.faiss"
    (folder / "index.faiss.new").replace(path)
    beside = None if lists is None else _move_lists(*lists, folder)
    values = {
        "format": _FORMAT,
        **_vouched(path, digest),
        "lists": beside,
        "factory": index.factory,
        "rerank": index.rerank,
        "parameters": index.parameters,
        "dimension": index.dimension,
        "count": len(index) if lists is None else int(lists[1].sum()),
        "metric": "inner_product",
        "removed": index.removed.tolist(),
        "model": model,
    }
    write_text(folder / SIDECAR, json.dumps(values, indent=1) + "\n")
    kept = {path.name, None if beside is None else beside["file"]}
    for old in (*folder.glob("index-*.faiss"), *folder.glob("index-*.lists")):
        if old.name not in kept:
            old.unlink()
    return folder / SIDECAR


def _move_lists(lists: Path, sizes: Integers, folder: Path) -> dict[str, Any]:
    digest = file_hash(lists)
    path = folder / f"index-{digest[:12]}.lists"
    lists.replace(path)
    return {**_vouched(path, digest), "sizes": sizes.tolist()}


def _vouched(path: Path, digest: str) -> dict[str, Any]:
    stat = path.stat()
    return {
        "file": path.name, "sha256": digest, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns
    }  # fmt: skip


def load_index(
    folder: Path,
    *,
    dimension: int | None = None,
    model: str | None = None,
    memory_map: bool = True,
) -> VectorIndex:
    """Read an index that `save_index` wrote.

    Args:
        folder: Where it lies.
        dimension: Refuse an index of another width.
        model: Refuse an index whose vectors another model made (its checksum).
        memory_map: Leave the vectors in the file and read what a search touches; such an index
            cannot be changed. Otherwise everything is read now, but for lists on the disk.

    Raises:
        SearchIndexError: There is no index, the file is truncated or edited, or it is of another
            dimension or model.
    """
    values = read_sidecar(folder)
    if dimension is not None and values["dimension"] != dimension:
        raise SearchIndexError(
            f"{folder} holds vectors of {values['dimension']} dimensions and the model makes "
            f"{dimension}: it was made by another model; index again"
        )
    if model is not None and values.get("model") != model:
        raise SearchIndexError(
            f"{folder} was made by another model (its checksum is {_short(values.get('model'))}, "
            f"this one's {_short(model)}): use that model, or index again"
        )
    path = folder / values["file"]
    _check_file(path, values)
    try:
        index = faiss.read_index(str(path), MAPPED if memory_map else 0)
    except RuntimeError as error:
        raise SearchIndexError(f"{path} cannot be read by FAISS {faiss.__version__} ({error}); "
                               "index again") from error  # fmt: skip
    if (lists := values["lists"]) is not None:
        memory_map = True
        _check_file(folder / lists["file"], lists)
        attach_lists(index, folder / lists["file"], np.array(lists["sizes"], np.int64))
    removed = np.array(values["removed"], np.int64)
    loaded = VectorIndex(
        index, values["factory"], values["rerank"], values["parameters"], removed, memory_map
    )
    if loaded.dimension != values["dimension"] or len(loaded) != values["count"]:
        raise SearchIndexError(
            f"{path} holds {len(loaded)} vectors of {loaded.dimension} dimensions, but "
            f"{SIDECAR} says {values['count']} of {values['dimension']}: index again"
        )
    return loaded


def read_sidecar(folder: Path) -> dict[str, Any]:
    """Return `index.json`.

    Raises:
        SearchIndexError: It is missing, no JSON, or lacks a key.
    """
    path = folder / SIDECAR
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SearchIndexError(f"{folder} holds no index: it has no {SIDECAR}") from error
    except ValueError as error:
        raise SearchIndexError(f"{path} is not JSON ({error}): index again") from error
    if not isinstance(values, dict) or values.get("format") != _FORMAT:
        raise SearchIndexError(f"{path} is not of the form {_FORMAT}: index again")
    _check_keys(path, values, _KEYS)
    if values.setdefault("lists", None) is not None:
        _check_keys(path, values["lists"], {**_FILE_KEYS, "sizes": list})
    return values


def _check_keys(path: Path, values: Any, keys: Mapping[str, type]) -> None:
    for key, kind in keys.items():
        if not isinstance(values, dict) or not isinstance(values.get(key), kind):
            raise SearchIndexError(f"{path}: {key} must be a {kind.__name__}: index again")
    if Path(values["file"]).name != values["file"]:
        raise SearchIndexError(f"{path}: file must be a name in the same folder: index again")


def _check_file(path: Path, values: Mapping[str, Any]) -> None:
    if not path.is_file():
        raise SearchIndexError(f"{path} is missing: index again")
    stat = path.stat()
    if stat.st_size != values["size"]:
        raise SearchIndexError(
            f"{path} is truncated or edited: it has {stat.st_size} bytes, and had "
            f"{values['size']}; index again"
        )
    if stat.st_mtime_ns != values["mtime_ns"] and file_hash(path) != values["sha256"]:
        raise SearchIndexError(
            f"{path} was edited or is damaged: its checksum differs; index again"
        )


def _short(checksum: Any) -> str:
    return str(checksum)[:12] if checksum else "not recorded"
