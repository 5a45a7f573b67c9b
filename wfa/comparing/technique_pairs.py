"""Every pair of techniques held against each other: difference, interval, p-values, verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from wfa.comparing.image_scores import Floats, ImageScores, contributions
from wfa.comparing.statistics import bootstrap_interval, seed_p
from wfa.errors import RunError
from wfa.paired_tests import holm, randomisation_p

Runs = Mapping[str, Mapping[int, ImageScores]]
"""Label -> seed -> scores; of one data set, split, protocol and kind of query."""


@dataclass(frozen=True)
class Pair:
    """Two techniques, the one with the higher score first.

    Attributes:
        one: The label with the higher mean.
        other: The label with the lower mean.
        difference: Of their mean scores over the seeds that both have.
        low: Lower end of the 95 % bootstrap interval of it, over images.
        high: Upper end.
        p_images: Paired randomisation test over images.
        p_seeds: Paired t-test over seeds, variance pooled over techniques.
        p_holm: The larger of both, Holm-corrected over the family.
        measurable: Whether `p_holm` is at most alpha.
    """

    one: str
    other: str
    difference: float
    low: float
    high: float
    p_images: float
    p_seeds: float
    p_holm: float
    measurable: bool

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def all_pairs(
    runs: Runs, alpha: float, against: str | None = None, parts: Sequence[int] = (0, 1)
) -> list[Pair]:
    """Test the pairs of techniques; they are one family.

    Args:
        runs: The scores of every run, all of the same images.
        alpha: Family-wise level.
        against: Tests only the pairs with this technique; None tests every pair.
        parts: Directions that the score is the mean of; both give mR.

    Returns:
        The pairs, the largest difference first.

    Raises:
        RunError: The runs were measured on different images.
    """
    check_images(runs, parts)
    labels = list(runs)
    seeds = sorted({seed for of in runs.values() for seed in of})
    means = np.full((len(labels), len(seeds)), np.nan)
    for row, label in enumerate(labels):
        for seed, scores in runs[label].items():
            means[row, seeds.index(seed)] = contributions(scores, parts).mean()
    asked = [
        _ordered(pair, means)
        for pair in combinations(range(len(labels)), 2)
        if (against is None or against in (labels[pair[0]], labels[pair[1]]))
        and not runs[labels[pair[0]]].keys().isdisjoint(runs[labels[pair[1]]])
    ]
    if not asked:
        return []
    found = [_difference(runs[labels[i]], runs[labels[j]], parts) for i, j in asked]
    p_images = randomisation_p(np.stack([per_image for per_image, _ in found], axis=1))
    queries = next(iter(runs[labels[asked[0][0]]].values())).queries.copy()
    queries[[part for part in (0, 1) if part not in parts]] = 0
    low, high = bootstrap_interval(np.stack([hits for _, hits in found]), queries)
    p_seeds = [seed_p(means, i, j) for i, j in asked]
    adjusted = holm([max(pair) for pair in zip(p_images.tolist(), p_seeds, strict=True)])
    pairs = [
        Pair(
            one=labels[i],
            other=labels[j],
            difference=float(found[k][0].mean()),
            low=float(low[k]),
            high=float(high[k]),
            p_images=float(p_images[k]),
            p_seeds=p_seeds[k],
            p_holm=adjusted[k],
            measurable=adjusted[k] <= alpha,
        )
        for k, (i, j) in enumerate(asked)
    ]
    return sorted(pairs, key=lambda pair: -pair.difference)


def check_images(runs: Runs, parts: Sequence[int] = (0, 1)) -> None:
    """Refuse scores of different images or queries.

    Raises:
        RunError: They differ; the message names two runs.
    """
    every = [(label, seed, scores) for label, of in runs.items() for seed, scores in of.items()]
    first = every[0]
    for label, seed, scores in every:
        same = scores.images == first[2].images
        asked = list(parts)
        if not same or not np.array_equal(scores.queries[asked], first[2].queries[asked]):
            raise RunError(
                f"{first[0]!r} (seed {first[1]}) and {label!r} (seed {seed}) were measured on "
                "different queries: compare them under different labels in `data:`"
            )


def _ordered(pair: tuple[int, int], means: Floats) -> tuple[int, int]:
    i, j = pair
    both = np.isfinite(means[i]) & np.isfinite(means[j])
    return (i, j) if np.sum(means[i, both] - means[j, both]) >= 0 else (j, i)


def _difference(
    one: Mapping[int, ImageScores], other: Mapping[int, ImageScores], parts: Sequence[int]
) -> tuple[Floats, Floats]:
    """Average over the seeds that both have.

    Returns:
        (M,) difference of what each image adds, and (2, M) difference of its hits.
    """
    seeds = [seed for seed in one if seed in other]
    per_image = [contributions(one[s], parts) - contributions(other[s], parts) for s in seeds]
    hits = [one[s].hits - other[s].hits for s in seeds]
    return np.mean(per_image, axis=0), np.mean(hits, axis=0)
