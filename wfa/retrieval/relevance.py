"""Which texts are asked, and which images are right answers to them, under every protocol.

Both kinds of query are described in the same way. A text item is one caption (`single`) or the
aggregated text of one image (`aggregated`). Each item has a row of features, an image, and a
meaning: items of one meaning say the same. Equal captions share a meaning; so do the aggregated
texts of images that have the same set of distinct captions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wfa.numbering import distinct
from wfa.retrieval.embeddings import Embeddings, Floats, Integers


@dataclass(frozen=True, eq=False)
class Texts:
    """The text side of a retrieval: N items that hold U distinct rows of features.

    Attributes:
        features: (U, D) float32; rows that items share stand here once, so that they tie exactly.
        row: (N,) item -> row of `features`.
        image: (N,) item -> its own image, each of 0..M-1 at least once.
        meaning: (N,) items with the same number say the same.
        identity: (N,) items with the same number cannot be told apart by any model (captions:
            their meaning; aggregated texts: the captions of the image, counted).
        names: N query ids.
    """

    features: Floats
    row: Integers
    image: Integers
    meaning: Integers
    identity: Integers
    names: tuple[str, ...]

    @cached_property
    def copies(self) -> Integers:
        """(U,) how many items share a row, beyond the first."""
        return np.bincount(self.row, minlength=len(self.features)) - 1


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every (text, image) pair that is right under some protocol, sorted by image, then text.

    A text here is a distinct (row, meaning), "asked" for short.

    Attributes:
        text: (P,) row of `Texts.features`.
        image: (P,) row of the images.
        asked: (P,) which (row, meaning), 0..A-1.
        own_items: (P,) how many items of this text belong to this image; 0 if it only says the
            same as one that does.
        items: (P,) how many items of this text there are.
        own: (N,) item -> the pair of it and its own image.
    """

    text: Integers
    image: Integers
    asked: Integers
    own_items: Integers
    items: Integers
    own: Integers


def single_texts(embeddings: Embeddings) -> Texts:
    """Give one item a caption, named `<image>#<its place among the image's captions>`."""
    _, first, row = np.unique(embeddings.caption_ids, return_index=True, return_inverse=True)
    image = embeddings.image_index
    order = np.argsort(image, kind="stable")
    starts = np.searchsorted(image[order], np.arange(len(embeddings.images)))
    place = np.empty(len(image), np.int64)
    place[order] = np.arange(len(image)) - starts[image[order]]
    names = embeddings.image_names
    return Texts(
        features=embeddings.captions[first],
        row=row,
        image=image,
        meaning=row,
        identity=row,
        names=tuple(f"{names[i]}#{k}" for i, k in zip(image.tolist(), place.tolist(), strict=True)),
    )


def aggregated_texts(embeddings: Embeddings) -> Texts:
    """Give one item an image, named as the image; items with bit-equal features share a row."""
    features = np.ascontiguousarray(embeddings.aggregated)
    as_bytes = features.view(np.dtype((np.void, features.dtype.itemsize * features.shape[1])))
    _, first, row = np.unique(as_bytes.ravel(), return_index=True, return_inverse=True)
    bags = _caption_bags(embeddings)
    return Texts(
        features=features[first],
        row=row,
        image=np.arange(len(features)),
        meaning=distinct([tuple(dict.fromkeys(bag)) for bag in bags])[1],
        identity=distinct(bags)[1],
        names=embeddings.image_names,
    )


TEXTS: Mapping[str, Callable[[Embeddings], Texts]] = {
    "single": single_texts,
    "aggregated": aggregated_texts,
}
"""Kind of query -> how its text side is made."""


def right_pairs(texts: Texts) -> Pairs:
    """Join texts and images through meaning: every image that bears what a text says."""
    images = int(texts.image.max()) + 1
    meanings = int(texts.meaning.max()) + 1
    _, first, asked = np.unique(
        texts.row * meanings + texts.meaning, return_index=True, return_inverse=True
    )
    borne = np.unique(texts.meaning * images + texts.image)
    borne_meaning, borne_image = borne // images, borne % images
    starts = np.searchsorted(borne_meaning, np.arange(meanings + 1))
    bearing = np.diff(starts)[texts.meaning[first]]
    pair_asked = np.repeat(np.arange(len(first)), bearing)
    within = np.arange(len(pair_asked)) - np.repeat(np.cumsum(bearing) - bearing, bearing)
    pair_image = borne_image[starts[texts.meaning[first]][pair_asked] + within]

    order = np.lexsort((pair_asked, pair_image))
    pair_asked, pair_image = pair_asked[order], pair_image[order]
    key = pair_image * len(first) + pair_asked
    own = np.searchsorted(key, texts.image * len(first) + asked)
    return Pairs(
        text=texts.row[first][pair_asked],
        image=pair_image,
        asked=pair_asked,
        own_items=np.bincount(own, minlength=len(key)),
        items=np.bincount(asked)[pair_asked],
        own=own,
    )


def _caption_bags(embeddings: Embeddings) -> list[tuple[int, ...]]:
    """Give the sorted caption ids of each image, repeats kept."""
    order = np.lexsort((embeddings.caption_ids, embeddings.image_index))
    ends = np.cumsum(np.bincount(embeddings.image_index, minlength=len(embeddings.images)))
    ids = embeddings.caption_ids[order].tolist()
    starts = [0, *ends[:-1].tolist()]
    return [tuple(ids[a:b]) for a, b in zip(starts, ends.tolist(), strict=True)]
