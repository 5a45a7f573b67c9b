"""A sample of text queries with their first hits, and thumbnails: what `gallery.json` holds."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class Picture:
    """An image as a report shows it.

    Attributes:
        image: Its name.
        thumbnail: A JPEG as a data URI.
    """

    image: str
    thumbnail: str


@dataclass(frozen=True)
class Hit(Picture):
    """One of the first images for a query.

    Attributes:
        score: Its inner product with the query.
        right: Whether it bears the caption asked with.
    """

    score: float
    right: bool


@dataclass(frozen=True)
class GalleryQuery:
    """A caption asked as a query.

    Attributes:
        text: The caption.
        rank: Strict rank of its own image, from 1; wrong images that tie stand before it.
        relevant: Names of all images that bear the caption, its own first.
        own: Its own image.
        hits: The best images, best first.
    """

    text: str
    rank: int
    relevant: tuple[str, ...]
    own: Picture
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Gallery:
    """Queries of one split, by rising rank.

    Attributes:
        data: The data set's name.
        split: The split's name.
        images: Images that each query was compared with.
        queries: The queries.
    """

    data: str
    split: str
    images: int
    queries: tuple[GalleryQuery, ...]


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
        A `Gallery` as plain values, for JSON.

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
    gallery = Gallery(
        data=dataset.name,
        split=dataset.split,
        images=len(embeddings.images),
        queries=tuple(
            _query(
                texts[asked[k]], int(ranks[k]), int(own[k]), scores[k],
                _bearers(embeddings, int(asked[k])), hits, picture,
            )
            for k in chosen
        ),
    )  # fmt: skip
    return asdict(gallery)


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


def _query(
    text: str, rank: int, own: int, scores: Floats, bearers: Sequence[int], hits: int,
    picture: "_Pictures",
) -> GalleryQuery:  # fmt: skip
    right = np.zeros(len(scores), bool)
    right[bearers] = True
    first = np.lexsort((np.arange(len(scores)) == own, right, -scores))[:hits].tolist()
    return GalleryQuery(
        text=text,
        rank=rank,
        relevant=tuple(picture.names[image] for image in bearers),
        own=picture(own),
        hits=tuple(
            Hit(**asdict(picture(image)), score=float(scores[image]), right=bool(right[image]))
            for image in first
        ),
    )


class _Pictures:
    """Makes each thumbnail once."""

    def __init__(
        self, names: Sequence[str], read: Callable[[int], NDArray[np.uint8] | NDArray[np.float32]]
    ) -> None:
        self.names = names
        self._read = read
        self._made: dict[int, Picture] = {}

    def __call__(self, index: int) -> Picture:
        if index not in self._made:
            self._made[index] = Picture(self.names[index], thumbnail(self._read(index)))
        return self._made[index]
