"""The tree of prefixes against sets of tuples."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wfa.encoders.text_compute.prefixes import distinct_prefixes

ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=12)


@given(ROWS)
def test_prefixes_are_those_of_the_rows(rows: list[list[int]]) -> None:
    lengths = np.array([len(row) for row in rows])
    tokens = np.full((len(rows), 6), 9)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = row
    found = distinct_prefixes(tokens, lengths)

    expected = {tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)}
    assert len(found.tokens) == len(expected)
    layout = np.argsort(found.rank.numpy())
    prefix_at = [tuple(rows[r][:end]) for r in layout for end in range(1, len(rows[r]) + 1)]
    prefix_of_node = dict(zip(found.node_of.tolist(), prefix_at, strict=True))
    assert set(prefix_of_node.values()) == expected
    assert len(prefix_of_node) == len(expected)
    for position, node in enumerate(found.node_of.tolist()):
        assert prefix_of_node[node] == prefix_at[position]
    for node, prefix in prefix_of_node.items():
        assert found.tokens[node] == prefix[-1]
        assert found.positions[node] == len(prefix) - 1
        assert prefix_at[found.source_of[node]] == prefix
    assert [prefix_of_node[n] for n in found.ends.tolist()] == [tuple(rows[r]) for r in layout]
    assert [size for count, size in found.rectangles for _ in range(count)] == sorted(lengths)


def test_shared_beginnings_are_computed_once() -> None:
    rows = np.array([[1, 5, 6, 2], [1, 5, 7, 2], [1, 5, 2, 0]])
    found = distinct_prefixes(rows, np.array([4, 4, 3]))
    assert len(found.tokens) == 2 + 2 + 2 + 1
