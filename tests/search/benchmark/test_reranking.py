from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.search.benchmark.made import embeddings
from wfa.search.benchmark.benchmark_options import Config
from wfa.search.benchmark.reranking import measure_reranking

QUICK = Config(queries=40, singles=5, repeats=1)


def naive(scores: Any, own: int) -> bool:
    """Whether the own image comes first, behind all that tie with it."""
    return all(scores[own] > score for row, score in enumerate(scores) if row != own)


def test_rates_are_those_of_a_loop() -> None:
    made = embeddings(images=60)
    found = {one["way"]: one for one in measure_reranking(made, replace(QUICK, queries=60))}
    firsts: dict[str, list[bool]] = {name: [] for name in found}
    for own in range(60):
        captions = made.captions[made.image_index == own].astype(np.float64)
        each = captions @ made.images.T.astype(np.float64)
        one = made.aggregated[own].astype(np.float64) @ made.images.T.astype(np.float64)
        for name, scores in (
            ("aggregated", one),
            ("aggregated, then mean", each.mean(axis=0)),
            ("aggregated, then max_similarity", each.max(axis=0)),
            ("max_similarity", each.max(axis=0)),
        ):
            firsts[name].append(naive(scores, own))
    for name, right in firsts.items():
        assert found[name]["task"]["R@1"] == pytest.approx(np.mean(right)), name
        assert found[name]["captions"] == 3
        assert found[name]["latency_ms"]["p50"] > 0


def test_only_the_short_list_is_ranked_again() -> None:
    found = measure_reranking(embeddings(images=300), QUICK)
    assert [one["candidates"] for one in found] == [100, 100, 100, 300]
    assert all(one["queries"] == 40 for one in found)


def test_images_of_one_caption_are_not_asked() -> None:
    assert measure_reranking(embeddings(images=20, each=1), QUICK) == []
