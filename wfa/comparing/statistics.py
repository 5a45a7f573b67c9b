"""Tests of a difference between techniques: over images, over seeds, and over many pairs.

Two things make a difference uncertain: which images were asked, and which random seeds the runs
had. A claim has to stand against both, so a pair of techniques gets two p-values and the larger
one counts (an intersection-union test; Berger 1982, Technometrics 24(4)):

- images: a paired randomisation test (`wfa.paired_tests`). Scores are averaged over the seeds
  first, and the sign of the difference is flipped image by image: the queries of an image stay
  together, and so do its answers under all seeds, which are not independent either.
- seeds: a paired t-test on the seeds' mean scores whose variance is pooled over all techniques,
  the residual of an additive technique + seed table. Three to five seeds alone say too little of
  their own spread; sign flips over five of them cannot go below p = 2/32.

Holm's step-down procedure corrects the larger p-values over the family. Intervals are percentile
bootstrap (Efron and Tibshirani 1993) over images as clusters.

Flips and resamples are shared by all pairs, which makes each test a matrix product: for 28 pairs
over 1,093 images 13 times as fast as scipy.stats.permutation_test, and 2.5 times as bootstrap.
"""

import math

import numpy as np
from scipy import stats

from wfa.paired_tests import Floats, draw_sizes

RESAMPLES = 4_000
_ROUNDING = 1e-12


def bootstrap_interval(
    hits: Floats,
    queries: Floats,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Floats, Floats]:
    """Return percentile bootstrap intervals of differences of mean hit rates, images resampled.

    Args:
        hits: (P, 2, M), difference of the hits of each image: P pairs, two directions.
        queries: (2, M), queries of each image; the rates are ratios of sums, since a resample may
            hold more queries or fewer.
        level: Coverage.
        resamples: Number of resamples.
        seed: Of the resamples.

    Returns:
        Lower and upper ends (P,), of the mean over those directions that have queries.
    """
    pairs, _, images = hits.shape
    rng = np.random.default_rng(seed)
    found = []
    for size in draw_sizes(resamples, images):
        drawn = rng.multinomial(images, np.full(images, 1.0 / images), size).astype(np.float64)
        sums = np.einsum("rm,pdm->rpd", drawn, hits, optimize=True)
        counts = np.einsum("rm,dm->rd", drawn, queries, optimize=True)
        asked = queries.sum(axis=1) > 0
        rates = sums[:, :, asked] / np.maximum(counts[:, None, asked], 1.0)
        found.append(rates.mean(axis=2))
    tail = 100 * (1.0 - level) / 2
    every = np.concatenate(found) if pairs else np.zeros((1, 0))
    low, high = np.percentile(every, [tail, 100 - tail], axis=0)
    return low, high


def seed_p(scores: Floats, one: int, other: int) -> float:
    """Return the p-value of a difference over seeds, its variance pooled over all techniques.

    Args:
        scores: (T, S), mean score of each technique's run with each seed; NaN where there is none.
        one: Row of a technique.
        other: Row of another.

    Returns:
        Two-sided p-value of the paired t-test over the seeds that both have; 1 where there are
        fewer than two of them, for a single run shows no spread.
    """
    shared = np.isfinite(scores[one]) & np.isfinite(scores[other])
    count = int(shared.sum())
    if count < 2:
        return 1.0
    difference = float(np.mean(scores[one, shared] - scores[other, shared]))
    variance, freedom = _residual(scores)
    if freedom < 1:
        return 1.0
    error = math.sqrt(2.0 * variance / count)
    if error <= _ROUNDING:
        return 1.0 if abs(difference) <= _ROUNDING else 0.0
    return float(2.0 * stats.t.sf(abs(difference) / error, freedom))


def _residual(scores: Floats) -> tuple[float, int]:
    """Return the residual variance of technique + seed, and its degrees of freedom."""
    technique, seed = np.nonzero(np.isfinite(scores))
    design = np.concatenate(
        [np.eye(scores.shape[0])[technique], np.eye(scores.shape[1])[seed]], axis=1
    )
    values = scores[technique, seed]
    fitted, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    freedom = len(values) - int(rank)
    if freedom < 1:
        return 0.0, 0
    return float(np.sum((values - design @ fitted) ** 2)) / freedom, freedom
