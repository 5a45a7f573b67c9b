"""Cutting a data set into chunks of bounded text."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice

from wfa.errors import DataError

# Characters handled in one go: some 200 MB of arrays at most, and still long enough for numpy.
_CHUNK_CHARACTERS = 3_000_000
_BLOCK_IMAGES = 64

# The captions of some images, one after the other, and how many each image has.
Chunk = tuple[list[str], list[int]]


def text_chunks(captions: Sequence[Sequence[str]]) -> Iterator[Chunk]:
    """Cut images into chunks; an image is never cut. There is always at least one chunk.

    Raises:
        DataError: An image's captions are not a list of strings.
    """
    flat: list[str] = []
    counts: list[int] = []
    size = first = 0
    images_left = iter(captions)
    while images := list(islice(images_left, _BLOCK_IMAGES)):
        block = _flattened(images, first)
        characters = sum(map(len, block))
        if counts and size + characters > _CHUNK_CHARACTERS:
            yield flat, counts
            flat, counts, size = [], [], 0
        flat += block
        counts += map(len, images)
        size += characters
        first += len(images)
    yield flat, counts


def _flattened(images: list[Sequence[str]], first: int) -> list[str]:
    """Join the captions of images; the first has number `first`."""
    if str not in set(map(type, images)):
        with suppress(TypeError):
            flat = list(chain.from_iterable(images))
            "".join(flat)  # the fastest way to learn that all are strings
            return flat
    number = next(n for n, texts in enumerate(images) if not _is_captions(texts))
    shown = repr(images[number])[:80]
    raise DataError(
        f"captions of image {first + number} are {shown}: each image needs a list of strings"
    )


def _is_captions(texts: object) -> bool:
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        return False
    return all(isinstance(text, str) for text in texts)
