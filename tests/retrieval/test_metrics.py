import numpy as np
import pytest

from wfa.retrieval.metrics import hit_rate_at_k, mean_of_rates, median_rank, summarise
from wfa.retrieval.ranks import Ranking

RANKS = np.array([1, 2, 6, 40])


def test_hit_rate_counts_queries_not_answers() -> None:
    assert [hit_rate_at_k(RANKS, k) for k in (1, 5, 10, 40)] == [0.25, 0.5, 0.75, 1.0]


def test_median_rank_of_an_even_number_is_between() -> None:
    assert median_rank(RANKS) == 4.0
    assert median_rank(RANKS[:3]) == 2.0


def test_summary_and_mean_of_rates() -> None:
    ranking = Ranking.without_ties(RANKS, np.array([1.0, 0.5, 0.25, 0.25]), np.ones(4, np.int64))
    values = summarise(ranking)
    assert values == {"R@1": 0.25, "R@5": 0.5, "R@10": 0.75, "MedR": 4.0, "mAP": 0.5}
    others = {"R@1": 1.0, "R@5": 1.0, "R@10": 1.0, "MedR": 1.0, "mAP": 1.0}
    assert mean_of_rates(values, others) == pytest.approx((0.25 + 0.5 + 0.75 + 3) / 6)
