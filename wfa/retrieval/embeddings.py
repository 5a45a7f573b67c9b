"""The features of one split of a data set, checked, and kept as one safetensors file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from wfa.errors import DataError, some_rows
from wfa.files import atomic_write

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# Features that went through bfloat16 before they were cast keep a norm within 2^-8 of 1.
NORM_TOLERANCE = 1e-2
_FORMAT = "wfa-embeddings-1"
_TENSORS = ("images", "captions", "image_index", "caption_ids", "aggregated")
_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, eq=False)
class Embeddings:
    """What retrieval needs to know of M images and their N captions.

    Attributes:
        images: (M, D) float32, L2-normalised image features.
        captions: (N, D) float32, L2-normalised features, one each caption. Captions that share an
            id have the same row, bit by bit: encode each distinct caption once.
        image_index: (N,) int64, caption -> row of its image. Every image has a caption.
        caption_ids: (N,) int64; captions that are equal once folded share an id.
        aggregated: (M, D) float32, L2-normalised, the aggregated text feature of each image.
        image_names: M names, each different; they become the query ids of `ranks.parquet`.

    Raises:
        DataError: A shape, type or index does not fit, features are not finite or not normalised,
            or equal captions have different features. The message names the rows.
    """

    images: Floats
    captions: Floats
    image_index: Integers
    caption_ids: Integers
    aggregated: Floats
    image_names: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_types(self)
        _check_indices(self)
        for name in ("images", "captions", "aggregated"):
            _check_features(name, getattr(self, name))
        _check_equal_captions(self.captions, self.caption_ids)

    def save(self, path: Path) -> None:
        """Write everything to one safetensors file; the names travel as JSON in its header.

        Raises:
            UserError: The disk is full or the folder may not be written to.
        """
        tensors = {name: np.ascontiguousarray(getattr(self, name)) for name in _TENSORS}
        names = json.dumps(list(self.image_names), ensure_ascii=False)
        with atomic_write(path) as temporary:
            save_file(tensors, temporary, metadata={"format": _FORMAT, "image_names": names})

    @classmethod
    def load(cls, path: Path) -> "Embeddings":
        """Read what `save` wrote, and check it again.

        Raises:
            DataError: The file is missing, truncated, edited, or holds something else.
        """
        try:
            with safe_open(path, framework="numpy") as stored:
                header = stored.metadata() or {}
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValueError) as error:
            raise DataError(
                f"{path} is no readable embeddings file ({error}): make it again"
            ) from (error)
        if header.get("format") != _FORMAT or set(tensors) != set(_TENSORS):
            raise DataError(f"{path} is a safetensors file but holds no embeddings of {_FORMAT}")
        return cls(image_names=_names(header, path), **tensors)


def _names(header: dict[str, str], path: Path) -> tuple[str, ...]:
    try:
        names: Any = json.loads(header["image_names"])
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: its image names cannot be read; make it again") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{path}: its image names are not a list of strings; make it again")
    return tuple(names)


def _check_types(given: Embeddings) -> None:
    wanted = {
        "images": (2, np.float32),
        "captions": (2, np.float32),
        "aggregated": (2, np.float32),
        "image_index": (1, np.int64),
        "caption_ids": (1, np.int64),
    }
    for name, (dimensions, dtype) in wanted.items():
        array = getattr(given, name)
        if not isinstance(array, np.ndarray) or array.ndim != dimensions or array.dtype != dtype:
            found = (
                f"{array.dtype} of shape {array.shape}"
                if isinstance(array, np.ndarray)
                else type(array).__name__
            )
            raise DataError(
                f"embeddings: {name} is {found}, wanted a {dimensions}-d {np.dtype(dtype)} array"
            )
    count, width = given.images.shape
    if given.aggregated.shape != (count, width) or given.captions.shape[1] != width:
        raise DataError(
            f"embeddings: images {given.images.shape}, aggregated {given.aggregated.shape} and "
            f"captions {given.captions.shape} do not fit: the first two must be equal, all as wide"
        )
    captions = len(given.captions)
    if given.image_index.shape != (captions,) or given.caption_ids.shape != (captions,):
        raise DataError(
            f"embeddings: {captions} captions, but {len(given.image_index)} image_index and "
            f"{len(given.caption_ids)} caption_ids"
        )
    if count == 0 or width == 0:
        raise DataError("embeddings: there are no images; is the split empty?")
    if len(given.image_names) != count or len(set(given.image_names)) != count:
        raise DataError(
            f"embeddings: {count} images, but {len(given.image_names)} names of which "
            f"{len(set(given.image_names))} differ; each image needs its own name"
        )


def _check_indices(given: Embeddings) -> None:
    count = len(given.images)
    outside = np.flatnonzero((given.image_index < 0) | (given.image_index >= count))
    if outside.size:
        raise DataError(f"embeddings: image_index leaves 0..{count - 1} at {some_rows(outside)}")
    bare = np.flatnonzero(np.bincount(given.image_index, minlength=count) == 0)
    if bare.size:
        raise DataError(
            f"embeddings: images without a caption at {some_rows(bare)}; leave those images out"
        )


def _check_features(name: str, features: Floats) -> None:
    squared = np.einsum("nd,nd->n", features, features)
    broken = np.flatnonzero(~np.isfinite(squared))
    if broken.size:
        raise DataError(
            f"embeddings: NaN or infinite values in {name} at {some_rows(broken)}; look for a "
            "diverged training run, or images that hold NaN"
        )
    long = np.flatnonzero(np.abs(np.sqrt(squared) - 1) > NORM_TOLERANCE)
    if long.size:
        raise DataError(
            f"embeddings: {name} is not L2-normalised at {some_rows(long)}; normalise it"
        )


def _check_equal_captions(captions: Floats, ids: Integers) -> None:
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    twin = first[inverse]
    repeated = np.flatnonzero(twin != np.arange(len(ids)))
    for start in range(0, len(repeated), _ROWS_AT_ONCE):
        rows = repeated[start : start + _ROWS_AT_ONCE]
        differ = rows[np.any(captions[rows] != captions[twin[rows]], axis=1)]
        if differ.size:
            raise DataError(
                f"embeddings: captions share an id but not a feature at {some_rows(differ)}; "
                "encode each distinct caption once and repeat its row"
            )
