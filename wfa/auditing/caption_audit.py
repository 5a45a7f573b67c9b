"""The redundancy audit of a data set's captions: everything that text alone can tell."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.auditing.ceilings import Ceiling, text_to_image_ceilings
from wfa.auditing.redundancy import (
    VENDI_KERNEL,
    Distinctness,
    Distribution,
    copy_effects,
    distinct_n,
    distinctness,
    distribution,
    effective_numbers,
)
from wfa.auditing.shared_captions import (
    BATCH_SIZES,
    FalseNegatives,
    SharedCaptions,
    absent,
    caption_rows,
    false_negatives,
    shared_captions,
)
from wfa.captions.folding import fold
from wfa.captions.options import UniquenessOptions
from wfa.captions.uniqueness import uniqueness
from wfa.options.option_keywords import options_from

LONG_WORDS = 1_000
_FEW_WORDS = 4
_FEW_IMAGES = 100

_SURROGATE = re.compile("[\ud800-\udfff]")

# Captions -> tokens of each, start and end token included, before any cut.
CountTokens = Callable[[Sequence[str]], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class StrangeCaptions:
    """Captions and images to look at, by number: (image, caption within it) or image.

    Attributes:
        empty: Captions with nothing left after folding.
        long: Captions of more than 1,000 words.
        surrogates: Captions with a lone surrogate: text that was decoded wrongly.
        unlike: Captions of at least four words of which no other image's captions have half:
            another language, or wrong letters. Looked for from 100 images on.
        images_of_one: Images with a single caption; nothing to weigh.
        images_of_none: Images without any caption.
    """

    empty: list[tuple[int, int]]
    long: list[tuple[int, int]]
    surrogates: list[tuple[int, int]]
    unlike: list[tuple[int, int]]
    images_of_one: list[int]
    images_of_none: list[int]


@dataclass(frozen=True, slots=True)
class TextTokens:
    """Text tokens to encode for a batch of B images, expected value.

    Attributes:
        batch_size: B, at most the number of images.
        stock: All captions, each at full context length.
        one_caption: One caption an image at full context length.
        distinct: Each distinct caption once, at full context length.
        trimmed: Each distinct caption once, trimmed to the longest of the batch; the product of
            both expected values.
        packed: Each distinct caption once, without any padding.
    """

    batch_size: int
    stock: float
    one_caption: float
    distinct: float
    trimmed: float
    packed: float


@dataclass(frozen=True, slots=True)
class CaptionAudit:
    """What the captions of one split tell; each part is described where it is made.

    Attributes:
        distinctness: Distinct captions, in all and an image.
        uniqueness: Spread of uniqueness over captions.
        collapse: `duplicates` -> share of images whose captions are all worth 0.
        uniqueness_means: `duplicates` -> mean uniqueness.
        effective_mean: Mean effective number of captions an image (Vendi score).
        effective_kernel: The similarity that it rests on.
        distinct_n: n -> distinct n-grams / n-grams within an image.
        shared: Captions that several images bear.
        false_negatives: What that does to a batch, by batch size.
        ceilings: k -> ceiling of strict text-to-image R@k.
        strange: Captions to look at.
    """

    distinctness: Distinctness
    uniqueness: Distribution
    collapse: dict[str, float]
    uniqueness_means: dict[str, float]
    effective_mean: float
    effective_kernel: str
    distinct_n: dict[int, float]
    shared: SharedCaptions
    false_negatives: list[FalseNegatives]
    ceilings: dict[int, Ceiling]
    strange: StrangeCaptions


def audit_captions(
    captions: Sequence[Sequence[str]],
    options: UniquenessOptions | None = None,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    processes: int = 1,
    **keywords: Any,
) -> CaptionAudit:
    """Audit the captions of one split.

    Args:
        captions: B images with any number of captions each.
        options: What uniqueness means (not `measure=embedding`).
        batch_sizes: For the false negatives.
        processes: Worker processes for uniqueness.
        keywords: Fields of `UniquenessOptions` instead of `options`, such as `lowercase=False`.

    Raises:
        ConfigError: There is no such keyword or value, or `measure=embedding`.
        DataError: An image's captions are not a list of strings.

    >>> import wfa
    >>> found = wfa.audit([["a red roof", "a red roof", "two cars"], ["a river", "a red roof"]])
    >>> found.distinctness.captions, found.distinctness.distinct, found.shared.most_shared
    (5, 3, [('a red roof', 2)])
    """
    options = options_from(UniquenessOptions, options, keywords, "audit")
    scores = uniqueness(captions, options, processes)
    copies = copy_effects(captions, options, processes)
    effective = effective_numbers(captions, options.lowercase)
    return CaptionAudit(
        distinctness=distinctness(captions, options.lowercase),
        uniqueness=distribution(scores),
        collapse={key: effect.collapsed for key, effect in copies.items()},
        uniqueness_means={key: effect.uniqueness for key, effect in copies.items()},
        effective_mean=float(effective.mean()) if len(effective) else 0.0,
        effective_kernel=VENDI_KERNEL,
        distinct_n=distinct_n(captions, options.lowercase),
        shared=shared_captions(captions, options.lowercase),
        false_negatives=false_negatives(captions, batch_sizes, options.lowercase),
        ceilings=text_to_image_ceilings(captions, lowercase=options.lowercase),
        strange=strange_captions(captions),
    )


def strange_captions(captions: Sequence[Sequence[str]]) -> StrangeCaptions:
    """List the captions and images that need a look."""
    empty, long, surrogates = [], [], []
    for image, texts in enumerate(captions):
        for place, text in enumerate(texts):
            if not fold(text):
                empty.append((image, place))
            # Shorter than this it cannot have so many words.
            if len(text) > 2 * LONG_WORDS and len(text.split()) > LONG_WORDS:
                long.append((image, place))
            if not text.isascii() and _SURROGATE.search(text):
                surrogates.append((image, place))
    sizes = list(map(len, captions))
    return StrangeCaptions(
        empty=empty,
        long=long,
        surrogates=surrogates,
        unlike=_unlike(captions),
        images_of_one=[image for image, size in enumerate(sizes) if size == 1],
        images_of_none=[image for image, size in enumerate(sizes) if size == 0],
    )


def _unlike(captions: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """Find captions of words that no other image's captions have, half of them at least."""
    if len(captions) < _FEW_IMAGES:
        return []
    words = [[fold(text).split() for text in texts] for texts in captions]
    images = Counter(word for texts in words for word in {word for own in texts for word in own})
    return [
        (image, place)
        for image, texts in enumerate(words)
        for place, own in enumerate(texts)
        if len(own) >= _FEW_WORDS and 2 * sum(images[word] == 1 for word in own) >= len(own)
    ]


def text_tokens(
    captions: Sequence[Sequence[str]],
    count_tokens: CountTokens,
    context_length: int,
    batch_size: int,
    lowercase: bool = True,
) -> TextTokens:
    """Say what encoding each distinct caption of a batch once saves, exactly and without drawing.

    Args:
        captions: B images.
        count_tokens: Tokens of each of many captions, start and end token included.
        context_length: Tokens that the text tower takes; longer captions are cut to it.
        batch_size: Images a step, drawn without replacement.
        lowercase: Captions that differ by case only are one.
    """
    rows = caption_rows(captions, lowercase)
    size = min(batch_size, rows.images)
    first = dict(zip(rows.ids[::-1].tolist(), reversed(rows.flat), strict=True))
    texts = [first[name] for name in range(len(first))]
    counted = np.asarray(count_tokens(texts), dtype=np.int64) if texts else np.zeros(0, np.int64)
    tokens = np.minimum(counted, context_length)
    present = 1.0 - absent(rows.images, rows.bearers(), size)
    # The longest of a batch is at most l when no image with a longer caption is drawn.
    longest = np.zeros(rows.images, np.int64)
    np.maximum.at(longest, rows.row_image, tokens[rows.row_id])
    above = (longest[None, :] > np.arange(context_length)[:, None]).sum(axis=1)
    expected_longest = float((1.0 - absent(rows.images, above, size)).sum())
    stock = size * len(rows.flat) / max(rows.images, 1)
    return TextTokens(
        batch_size=size,
        stock=stock * context_length,
        one_caption=float(size * context_length),
        distinct=float(present.sum()) * context_length,
        trimmed=float(present.sum()) * expected_longest,
        packed=float((present * tokens).sum()),
    )
