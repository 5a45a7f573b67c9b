"""A sample of text queries with their first hits, and thumbnails: what `gallery.json` holds."""

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wfa.data.dataset import ImageTextDataset
from wfa.retrieval.counts import score_matrix
from wfa.retrieval.embeddings import Embeddings, Floats, Integers

BANDS: tuple[tuple[int, float], ...] = ((1, 1), (2, 10), (11, np.inf))
"""First and last rank of good, middling and bad queries."""
THUMBNAIL_SIDE = 128
DATA_URI = "data:image/jpeg;base64,"
# Queries whose ranks are computed: enough to fill every band, and cheap for any gallery.
_CANDIDATES = 512
_PERCENTILES = (2.0, 98.0)


def build_gallery(
    embeddings: Embeddings, dataset: ImageTextDataset, seed: int, queries: int = 12, hits: int = 5
) -> dict[str, Any]:
    """Sample queries of good, middling and bad rank in equal numbers, as far as there are.

    Args:
        embeddings: Features of the split.
        dataset: The split; its captions are in the order of `embeddings.captions`.
        seed: Chooses the queries; the same seed chooses the same ones.
        queries: How many queries, each of another image.
        hits: How many of the best images for each.

    Returns:
        What `gallery.json` holds: `data`, `split`, `images` (how many each query was compared
        with) and `queries` by rising rank. A query has `text`, `rank` (strict, of its own image,
        from 1; wrong images that tie stand before it), `relevant` (names of all images that bear
        the caption, its own first), `own` and `hits`, the best images first. An image is its name,
        `image`, and `thumbnail`, a JPEG as a data URI; a hit has its `score`, the inner product
        with the query, and whether it is `right`: bears the caption.

    Raises:
        DataError: An image that is shown cannot be read.
    """
    texts = [text for captions in dataset.captions for text in captions]
    rng = np.random.default_rng(seed)
    asked = rng.permutation(len(texts))[:_CANDIDATES]
    asked = asked[np.unique(embeddings.image_index[asked], return_index=True)[1]]
    asked = rng.permutation(asked)
    scores = score_matrix(embeddings.captions[asked], embeddings.images)
    own = embeddings.image_index[asked]
    ranks = np.sum(scores >= scores[np.arange(len(asked)), own][:, None], axis=1)
    picture = _Pictures(embeddings.image_names, dataset.read_image)
    chosen = _spread(ranks, queries)
    return {
        "data": dataset.name,
        "split": dataset.split,
        "images": len(embeddings.images),
        "queries": [
            {
                "text": texts[asked[k]],
                "rank": int(ranks[k]),
                **_shown(embeddings, int(asked[k]), scores[k], hits, picture),
            }
            for k in chosen
        ],
    }


def thumbnail(image: NDArray[np.generic], side: int = THUMBNAIL_SIDE) -> str:
    """Make a small JPEG of an image.

    Args:
        image: (H, W, C), uint8 or float32. The first three channels are red, green and blue; of
            one or two channels the first is shown in grey. Float channels are each stretched from
            their 2nd to their 98th percentile; NaN is black.
        side: Longest side in pixels; smaller images keep their size.

    Returns:
        A data URI.
    """
    shown = image[:, :, :3] if image.shape[2] >= 3 else image[:, :, :1].repeat(3, axis=2)
    if shown.dtype != np.uint8:
        shown = _stretch(shown.astype(np.float64))
    small = Image.fromarray(np.ascontiguousarray(shown, dtype=np.uint8))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82)
    return DATA_URI + base64.b64encode(buffer.getvalue()).decode("ascii")


def _stretch(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    stretched = np.zeros(values.shape, np.uint8)
    for channel in range(values.shape[2]):
        band = values[:, :, channel]
        known = band[np.isfinite(band)]
        if known.size:
            low, high = np.percentile(known, _PERCENTILES)
            scaled = (band - low) / (high - low) if high > low else np.full(band.shape, 0.5)
            clean = np.where(np.isfinite(band), scaled, 0.0)
            stretched[:, :, channel] = np.rint(255 * np.clip(clean, 0, 1))
    return stretched


def _spread(ranks: Integers, count: int) -> list[int]:
    """Choose queries evenly over `BANDS`; a band that is short leaves its share to the others."""
    bands = [np.flatnonzero((low <= ranks) & (ranks <= high)).tolist() for low, high in BANDS]
    chosen: list[int] = []
    while len(chosen) < count and any(bands):
        chosen += [band.pop(0) for band in bands if band]
    return sorted(chosen[:count], key=lambda place: (int(ranks[place]), place))


def _bearers(embeddings: Embeddings, caption: int) -> list[int]:
    """Return the images that bear a caption, its own first."""
    equal = embeddings.caption_ids == embeddings.caption_ids[caption]
    own = int(embeddings.image_index[caption])
    others = np.unique(embeddings.image_index[equal]).tolist()
    return [own, *(image for image in others if image != own)]


def _shown(
    embeddings: Embeddings, caption: int, scores: Floats, hits: int, picture: "_Pictures"
) -> dict[str, Any]:
    """Return the images that are shown of a caption's query, with (M,) `scores`."""
    bearers = _bearers(embeddings, caption)
    own = bearers[0]
    right = np.zeros(len(scores), bool)
    right[bearers] = True
    first = np.lexsort((np.arange(len(scores)) == own, right, -scores))[:hits].tolist()
    return {
        "relevant": [picture.names[image] for image in bearers],
        "own": picture(own),
        "hits": [
            {**picture(image), "score": float(scores[image]), "right": bool(right[image])}
            for image in first
        ],
    }


class _Pictures:
    """Makes each thumbnail once."""

    def __init__(
        self, names: Sequence[str], read: Callable[[int], NDArray[np.uint8] | NDArray[np.float32]]
    ) -> None:
        self.names = names
        self._read = read
        self._made: dict[int, dict[str, str]] = {}

    def __call__(self, index: int) -> dict[str, str]:
        if index not in self._made:
            shown = thumbnail(self._read(index))
            self._made[index] = {"image": self.names[index], "thumbnail": shown}
        return self._made[index]
