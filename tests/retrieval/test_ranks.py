import statistics
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.errors import ConfigError
from wfa.retrieval.ranks import (
    SCHEMA,
    Ranking,
    Reached,
    rank_right_answers,
    rank_table,
    write_ranks,
)

Gallery = list[tuple[int, bool]]
"""(score, is it right) of each item; at least one is right."""
GALLERIES = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=9).filter(
        lambda gallery: any(right for _, right in gallery)
    ),
    min_size=1,
    max_size=5,
)


def ranked(galleries: list[Gallery], random: Any) -> Ranking:
    """Count what reaches each right answer, give the answers in any order, and rank them."""
    answers = []
    for query, gallery in enumerate(galleries):
        for score in {score for score, right in gallery if right}:
            items = sum(right and s == score for s, right in gallery)
            above = sum(s > score for s, _ in gallery)
            answers.append((query, score, items, above, sum(s >= score for s, _ in gallery)))
    random.shuffle(answers)
    query, scores, items, above, at_least = np.array(answers).T
    return rank_right_answers(query, scores.astype(np.float32), items, Reached(above, at_least))


@settings(deadline=None)
@given(GALLERIES, st.randoms(use_true_random=False))
def test_ranks_from_counts_equal_those_of_sorting(galleries: list[Gallery], random: Any) -> None:
    found = ranked(galleries, random)
    for place, gallery in enumerate(galleries):
        ordered = sorted(gallery, key=lambda item: (-item[0], item[1]))
        places = [rank for rank, (_, right) in enumerate(ordered, 1) if right]
        assert found.rank[place] == places[0]
        assert found.relevant[place] == len(places)
        precision = statistics.mean(n / rank for n, rank in enumerate(places, 1))
        assert found.precision()[place] == pytest.approx(precision, abs=1e-12)


def orders(gallery: Gallery) -> Iterator[list[bool]]:
    """Give which places hold right items, for every order of the items that tie."""
    scores = sorted({score for score, _ in gallery}, reverse=True)
    ties = [[right for score, right in gallery if score == tied] for tied in scores]
    for chosen in product(*(list(permutations(tied)) for tied in ties)):
        yield [right for tied in chosen for right in tied]


@settings(deadline=None, max_examples=60)
@given(GALLERIES, st.randoms(use_true_random=False))
def test_rules_of_ties_equal_enumeration(galleries: list[Gallery], random: Any) -> None:
    galleries = [gallery[:6] for gallery in galleries if any(right for _, right in gallery[:6])]
    if not galleries:
        return
    found = ranked(galleries, random)
    for place, gallery in enumerate(galleries):
        seen = [[rank for rank, right in enumerate(order, 1) if right] for order in orders(gallery)]
        firsts = [ranks[0] for ranks in seen]
        precisions = [statistics.mean(n / r for n, r in enumerate(ranks, 1)) for ranks in seen]
        for ties, of_all in (("worst", max), ("expected", statistics.mean), ("best", min)):
            assert found.ranks(ties)[place] == pytest.approx(of_all(firsts))
            for k in (1, 2, 3, 5, 10):
                hits = statistics.mean(first <= k for first in firsts)
                if ties != "expected":
                    hits = float(of_all(firsts) <= k)
                assert found.hits(k, ties)[place] == pytest.approx(hits)
        for ties, precision in (
            ("worst", min(precisions)),
            ("expected", statistics.mean(precisions)),
            ("best", max(precisions)),
        ):
            assert found.precision(ties)[place] == pytest.approx(precision)


def test_a_rule_that_does_not_exist_is_named() -> None:
    ranking = ranked([[(1, True)]], Random(0))
    for ask in (ranking.ranks, ranking.precision, lambda ties: ranking.hits(1, ties)):
        with pytest.raises(ConfigError, match="'optimistic'; known: worst, expected, best"):
            ask("optimistic")


def test_thousands_of_equal_right_items_keep_their_precision() -> None:
    # 400,000 right items tie with 300,000 wrong ones, which come first.
    right, wrong = 400_000, 300_000
    found = rank_right_answers(
        np.array([0]),
        np.ones(1, np.float32),
        np.array([right]),
        Reached(np.array([0]), np.array([right + wrong])),
    )
    place = np.arange(1, right + 1)
    assert found.precision()[0] == pytest.approx(np.mean(place / (place + wrong)), abs=1e-9)
    assert found.rank[0] == wrong + 1


def test_the_table_has_one_row_a_query_and_survives_the_file(tmp_path: Path) -> None:
    ranking = Ranking.without_ties(np.array([3, 1]), np.array([0.3, 1.0]), np.array([1, 2]))
    table = rank_table("test", "strict", "single", "text_to_image", ["a#0", "ü#1"], ranking)
    write_ranks(tmp_path / "ranks.parquet", table)
    again = pq.read_table(tmp_path / "ranks.parquet")
    assert again.schema.equals(SCHEMA)
    assert again.to_pylist()[1] == {
        "split": "test", "protocol": "strict", "queries": "single", "direction": "text_to_image",
        "query_id": "ü#1", "rank": 1, "relevant": 2,
        "tied_wrong": 0, "tied_right": 1,
    }  # fmt: skip
    assert isinstance(again, pa.Table)
