"""Which of the 19 classes each patch has, as the metadata of BigEarthNet v2 list them."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wfa.bigearthnet.archives import METADATA
from wfa.bigearthnet.class_names import CLASSES
from wfa.bigearthnet.parquet_columns import check_columns
from wfa.errors import DataError

LABEL_WORDS = tuple(land.words for land in CLASSES)
"""The classes in the order of the official list, as words of a sentence."""
_PLACE = {land.name: place for place, land in enumerate(CLASSES)}


def has_labels(folder: Path) -> bool:
    """Say whether a folder holds the metadata of BigEarthNet v2, which list the classes."""
    return (folder / METADATA[0]).is_file()


def patch_labels(folder: Path, patch_ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the classes of patches, as places in `LABEL_WORDS`, ascending.

    Args:
        folder: The folder with the metadata.
        patch_ids: The patches; those without metadata are left out.

    Raises:
        DataError: The metadata lack a column, or name a class that is none of the 19.
    """
    found: dict[str, tuple[int, ...]] = {}
    for path in (folder / name for name in METADATA):
        if not path.is_file():
            continue
        check_columns(path, ["patch_id", "labels"], "the metadata of BigEarthNet v2 have both")
        table = pq.read_table(path, columns=["patch_id", "labels"])
        wanted = table.filter(pc.is_in(table["patch_id"], pa.array(patch_ids, pa.string())))
        names, labels = wanted["patch_id"].to_pylist(), wanted["labels"].to_pylist()
        for patch, own in zip(names, labels, strict=True):
            if unknown := [label for label in own if label not in _PLACE]:
                raise DataError(
                    f"{path} says that {patch} shows {unknown[0]!r}, which is none of the 19 "
                    "classes: get the metadata of BigEarthNet v2 again"
                )
            found[patch] = tuple(sorted(_PLACE[label] for label in own))
    return found
