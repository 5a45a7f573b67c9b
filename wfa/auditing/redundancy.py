"""How redundant the captions of each image are: distinct captions, uniqueness, diversity."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wfa.captions.chunks import Chunk, text_chunks
from wfa.captions.distinct import DistinctCaptions, distinct_captions
from wfa.captions.folding import caption_ids
from wfa.captions.ngrams import NGrams, TextSets, count_ngrams, distinct_grams, shared_items
from wfa.captions.options import DUPLICATES, UniquenessOptions
from wfa.captions.pairs import distinct_pair_scores, pair_sets, pairs_within
from wfa.captions.segments import Floats, Ints, starts_of
from wfa.captions.tokens import word_tokens
from wfa.captions.uniqueness import uniqueness

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS = 20
MAX_ORDER = 4

# What `effective_numbers` and the audit call their measure of similarity.
VENDI_KERNEL = "cosine of 1-4-gram multisets: common n-grams / sqrt(n-grams x n-grams)"


@dataclass(frozen=True, slots=True)
class Distinctness:
    """Distinct captions of a data set.

    Attributes:
        images: Images.
        captions: Captions of all images, N.
        distinct_strings: Distinct strings among them.
        distinct: Distinct captions after folding.
        distinct_share: distinct_strings / N; 0 without captions.
        mean_an_image: Mean number of distinct captions (folded) an image.
        images_by_distinct: Number of distinct captions of an image -> images that have so many.
    """

    images: int
    captions: int
    distinct_strings: int
    distinct: int
    distinct_share: float
    mean_an_image: float
    images_by_distinct: dict[int, int]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How values in 0..1 are spread.

    Attributes:
        mean: Mean; 0 without values, like the quantiles.
        quantiles: Level -> value.
        histogram: Values in each of 20 equal bins of 0..1; 1 belongs to the last.
    """

    mean: float
    quantiles: dict[float, float]
    histogram: list[int]


def distinctness(captions: Sequence[Sequence[str]], lowercase: bool = True) -> Distinctness:
    """Count distinct captions, in the data set and in each image."""
    flat = [text for image in captions for text in image]
    ids = caption_ids(flat, lowercase)
    image_of = np.repeat(np.arange(len(captions)), list(map(len, captions)))
    rows = np.unique(image_of * (len(flat) + 1) + ids) // (len(flat) + 1)
    each = np.bincount(rows, minlength=len(captions))
    sizes, images = np.unique(each, return_counts=True)
    strings = len(set(flat))
    return Distinctness(
        images=len(captions),
        captions=len(flat),
        distinct_strings=strings,
        distinct=int(ids.max(initial=-1)) + 1,
        distinct_share=strings / max(len(flat), 1),
        mean_an_image=float(each.mean()) if len(each) else 0.0,
        images_by_distinct=dict(zip(sizes.tolist(), images.tolist(), strict=True)),
    )


def distribution(values: Floats) -> Distribution:
    """Describe values (N,) in 0..1, such as uniqueness."""
    counts, _ = np.histogram(values, bins=BINS, range=(0.0, 1.0))
    levels = np.quantile(values, QUANTILES) if len(values) else np.zeros(len(QUANTILES))
    return Distribution(
        mean=float(values.mean()) if len(values) else 0.0,
        quantiles=dict(zip(QUANTILES, levels.tolist(), strict=True)),
        histogram=counts.tolist(),
    )


@dataclass(frozen=True, slots=True)
class CopyEffect:
    """What comes of counting copies of a caption in one way.

    Attributes:
        collapsed: Share of the images with captions whose captions are all worth 0, so that
            weights tell nothing.
        uniqueness: Mean uniqueness of a caption; 0 without captions.
    """

    collapsed: float
    uniqueness: float


def copy_effects(
    captions: Sequence[Sequence[str]],
    options: UniquenessOptions | None = None,
    processes: int = 1,
) -> dict[str, CopyEffect]:
    """Say what it changes whether the copies of a caption are merged before it is compared.

    Args:
        captions: B images.
        options: What uniqueness means; `duplicates` is set to each of its values in turn.
        processes: Worker processes.

    Returns:
        `duplicates` (merge, keep) -> what comes of it.
    """
    options = options or UniquenessOptions()
    counts = np.array(list(map(len, captions)), dtype=np.int64)
    starts = starts_of(counts)[counts > 0]
    effects = {}
    for duplicates in DUPLICATES:
        scores = uniqueness(captions, replace(options, duplicates=duplicates), processes)
        best = np.maximum.reduceat(scores, starts) if len(starts) else np.zeros(0)
        effects[duplicates] = CopyEffect(
            collapsed=float((best == 0).mean()) if len(best) else 0.0,
            uniqueness=float(scores.mean()) if len(scores) else 0.0,
        )
    return effects


def effective_numbers(captions: Sequence[Sequence[str]], lowercase: bool = True) -> Floats:
    """Give the effective number of captions of each image: its Vendi score.

    exp of the entropy of the eigenvalues of K / n (Friedman and Dieng, 2023), where K is the
    similarity of the image's n captions, copies included, by `VENDI_KERNEL` on sacrebleu's 13a
    tokens. 1 when all captions are equal, n when no two have a word in common.

    Returns:
        Scores (B,) float64, 1..n; 0 for an image without captions.
    """
    parts = [_effective_numbers(chunk, lowercase) for chunk in text_chunks(captions)]
    return np.concatenate(parts)


def distinct_n(captions: Sequence[Sequence[str]], lowercase: bool = True) -> dict[int, float]:
    """Give n-gram diversity, distinct-n (Li et al., 2016), within images.

    Returns:
        n = 1..4 -> distinct n-grams of an image / all n-grams of its captions, as the mean over
        the images that have an n-gram at all; 0 when none has.
    """
    sums, images = np.zeros(MAX_ORDER), np.zeros(MAX_ORDER)
    for chunk in text_chunks(captions):
        distinct, ngrams = _counted(chunk, lowercase)
        sets = TextSets(distinct.text, distinct.image)
        for place, order in enumerate(ngrams):
            said = order.totals[distinct.text] * distinct.copies
            total = np.bincount(distinct.image, said, len(chunk[1]))
            found = np.zeros(len(total))
            each = distinct_grams(order, sets)
            found[: len(each)] = each
            sums[place] += (found[total > 0] / total[total > 0]).sum()
            images[place] += (total > 0).sum()
    means = sums / np.maximum(images, 1)
    return dict(zip(range(1, MAX_ORDER + 1), means.tolist(), strict=True))


def _counted(chunk: Chunk, lowercase: bool) -> tuple[DistinctCaptions, list[NGrams]]:
    distinct = distinct_captions(chunk[0], np.array(chunk[1], np.int64), lowercase=lowercase)
    return distinct, count_ngrams(word_tokens(distinct.texts, lowercase), MAX_ORDER)


def _effective_numbers(chunk: Chunk, lowercase: bool) -> Floats:
    distinct, ngrams = _counted(chunk, lowercase)
    whole = np.sum([order.totals for order in ngrams], axis=0)

    def overlap(first: Ints, second: Ints) -> Floats:
        sets = pair_sets(first, second)
        shared = np.sum([shared_items(order, sets) for order in ngrams], axis=0)[::2]
        cosine = shared / np.sqrt(np.maximum(whole[first] * whole[second], 1))
        return np.stack([cosine, cosine], axis=1)

    pairs = pairs_within(TextSets(distinct.text, distinct.image))
    similar = distinct_pair_scores(pairs, len(distinct.texts), overlap)[:, 0]
    counts = np.array(chunk[1], np.int64)
    sizes = np.bincount(distinct.image, minlength=len(counts))
    share = distinct.copies / counts[distinct.image]
    scores = np.zeros(len(counts))
    for size in np.unique(sizes[sizes > 0]).tolist():
        images = np.flatnonzero(sizes == size)
        rows = starts_of(sizes)[images]
        inside = sizes[distinct.image[pairs.first]] == size
        first, second = pairs.first[inside], pairs.second[inside]
        which = np.searchsorted(rows, first, side="right") - 1
        i, j = first - rows[which], second - rows[which]
        kernel = np.tile(np.eye(size), (len(images), 1, 1))
        kernel[which, i, j] = kernel[which, j, i] = similar[inside]
        # Copies only scale their row and column: sqrt(p_i p_j) K_ij has the same eigenvalues.
        root = np.sqrt(share[rows[:, None] + np.arange(size)])
        scores[images] = _exp_entropy(kernel * root[:, :, None] * root[:, None, :])
    return scores


def _exp_entropy(kernels: Floats) -> Floats:
    """Give exp of the entropy of the eigenvalues of each kernel (S, K, K) of trace 1."""
    values = np.clip(np.linalg.eigvalsh(kernels), 1e-300, None)
    entropy = -(values * np.log(values)).sum(axis=1)
    effective: Floats = np.exp(np.maximum(entropy, 0.0))
    return effective
