"""Retrieval metrics from ranks, and the rows in which `metrics.json` keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from wfa.retrieval.embeddings import Integers
from wfa.retrieval.ties import WORST, Reals

KS = (1, 5, 10)


class Ranked(Protocol):
    """How Q queries fared, under each rule of ties; see `wfa.retrieval.ranks.Ranking`."""

    def ranks(self, ties: str = WORST) -> Reals:
        """Return the rank of the best right answer, (Q,)."""

    def precision(self, ties: str = WORST) -> Reals:
        """Return the average precision, (Q,)."""

    def hits(self, k: int, ties: str = WORST) -> Reals:
        """Return the chance of a right answer among the first `k`, (Q,)."""


@dataclass(frozen=True)
class MetricRow:
    """One number of `metrics.json`.

    Attributes:
        data: The data set's name.
        split: Its split.
        protocol: `strict`, `duplicate_aware` or `unique_query`.
        queries: `single` or `aggregated`.
        direction: `text_to_image`, `image_to_text`, or `both` (mR).
        metric: R@1, R@5, R@10, mR, MedR or mAP.
        value: A fraction, unrounded; MedR is a rank.
        ties: The rule of ties, `worst` or `expected`.
        oracle: Not measured, but the best value that any model could reach under this protocol.
    """

    data: str
    split: str
    protocol: str
    queries: str
    direction: str
    metric: str
    value: float
    ties: str = WORST
    oracle: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON has it; only oracle rows carry the key `oracle`."""
        values = asdict(self)
        if not self.oracle:
            del values["oracle"]
        return values


def hit_rate_at_k(ranks: Integers, k: int) -> float:
    """Return the share of queries with a right answer among the first `k`: R@K of CLIP papers.

    Args:
        ranks: (Q,) rank of the best right answer, from 1.
        k: At least 1.
    """
    return float(np.mean(ranks <= k))


def median_rank(ranks: Integers | Reals) -> float:
    """Return the median rank of the best right answer; halves occur when Q is even."""
    return float(np.median(ranks))


def summarise(ranked: Ranked, ks: Sequence[int] = KS, ties: str = WORST) -> dict[str, float]:
    """Return R@K for each K, MedR and mAP of one direction, by name, under one rule of ties."""
    rates = {f"R@{k}": float(np.mean(ranked.hits(k, ties))) for k in ks}
    mean_precision = float(np.mean(ranked.precision(ties)))
    return {**rates, "MedR": median_rank(ranked.ranks(ties)), "mAP": mean_precision}


def mean_of_rates(*directions: Mapping[str, float]) -> float:
    """Return mR: the mean of all R@K of all directions."""
    rates = [
        value for values in directions for name, value in values.items() if name.startswith("R@")
    ]
    return float(np.mean(rates))
