import statistics
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.retrieval.ranks import SCHEMA, Ranking, rank_right_answers, rank_table, write_ranks

Gallery = list[tuple[int, bool]]
"""(score, is it right) of each item; at least one is right."""
GALLERIES = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=9).filter(
        lambda gallery: any(right for _, right in gallery)
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(GALLERIES, st.randoms(use_true_random=False))
def test_ranks_from_counts_equal_those_of_sorting(galleries: list[Gallery], random: object) -> None:
    answers = []
    for query, gallery in enumerate(galleries):
        for score in {score for score, right in gallery if right}:
            items = sum(right and s == score for s, right in gallery)
            answers.append((query, score, items, sum(s >= score for s, _ in gallery)))
    random.shuffle(answers)  # type: ignore[attr-defined]
    query, scores, items, at_least = np.array(answers).T
    found = rank_right_answers(query, scores.astype(np.float32), items, at_least)
    for place, gallery in enumerate(galleries):
        ordered = sorted(gallery, key=lambda item: (-item[0], item[1]))
        places = [rank for rank, (_, right) in enumerate(ordered, 1) if right]
        assert found.rank[place] == places[0]
        assert found.relevant[place] == len(places)
        precision = statistics.mean(n / rank for n, rank in enumerate(places, 1))
        assert found.precision[place] == pytest.approx(precision, abs=1e-12)


def test_thousands_of_equal_right_items_keep_their_precision() -> None:
    # 400,000 right items tie with 300,000 wrong ones, which come first.
    right, wrong = 400_000, 300_000
    found = rank_right_answers(
        np.array([0]), np.ones(1, np.float32), np.array([right]), np.array([right + wrong])
    )
    place = np.arange(1, right + 1)
    assert found.precision[0] == pytest.approx(np.mean(place / (place + wrong)), abs=1e-9)
    assert found.rank[0] == wrong + 1


def test_the_table_has_one_row_a_query_and_survives_the_file(tmp_path: Path) -> None:
    ranking = Ranking(np.array([3, 1]), np.array([0.3, 1.0]), np.array([1, 2]))
    table = rank_table("test", "strict", "single", "text_to_image", ["a#0", "ü#1"], ranking)
    write_ranks(tmp_path / "ranks.parquet", table)
    again = pq.read_table(tmp_path / "ranks.parquet")
    assert again.schema.equals(SCHEMA)
    assert again.to_pylist()[1] == {
        "split": "test", "protocol": "strict", "queries": "single", "direction": "text_to_image",
        "query_id": "ü#1", "rank": 1, "relevant": 2,
    }  # fmt: skip
    assert isinstance(again, pa.Table)
