from typing import Any

import numpy as np
import pytest

from wfa.errors import RunError
from wfa.report.scores import find, lines, parse_rows, places, shown

Rows = list[dict[str, Any]]


def test_lines_stand_in_the_order_in_which_people_read_them(rows: Rows) -> None:
    order = np.random.default_rng(0).permutation(len(rows))
    every = lines(parse_rows(rows[k] for k in order))
    assert places(every) == [("ponds", "test"), ("ponds", "validation")]
    assert [(x.protocol, x.queries, x.oracle) for x in every if x.split == "test"] == [
        ("strict", "single", False),
        ("strict", "aggregated", False),
        ("strict", "single", True),
        ("strict", "aggregated", True),
        ("duplicate_aware", "single", False),
        ("duplicate_aware", "aggregated", False),
        ("duplicate_aware", "single", True),
        ("duplicate_aware", "aggregated", True),
        ("unique_query", "single", False),
        ("unique_query", "single", True),
    ]


def test_lines_hold_every_number_once(rows: Rows) -> None:
    every = lines(parse_rows(rows))
    assert sum(len(line.values) for line in every) == len(rows)
    line = find(every)
    assert line is not None
    assert line.values["text_to_image", "R@5"] == 0.5
    ceiling = find(every, "strict", "aggregated", oracle=True)
    assert ceiling is not None
    assert ceiling.values["image_to_text", "mAP"] == 0.95
    assert find(every, "other") is None


def test_protocols_that_are_not_known_come_last(rows: Rows) -> None:
    rows[0] = {**rows[0], "protocol": "brand_new", "split": "test"}
    assert lines(parse_rows(rows))[10].protocol == "brand_new"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "high"}, "row 2: value must be a number, but is 'high'"),
        ({"value": True}, "value must be a number"),
        ({"value": None}, "value must be a number"),
        ({"metric": 5}, "metric must be a text, but is 5"),
        ({"oracle": "yes"}, "oracle must be true or false, but is 'yes'"),
    ],
)
def test_a_broken_row_is_named(rows: Rows, change: dict[str, Any], message: str) -> None:
    rows[1] |= change
    with pytest.raises(RunError, match=message):
        parse_rows(rows)


def test_a_row_without_a_field_is_named(rows: Rows) -> None:
    del rows[0]["split"]
    with pytest.raises(RunError, match=r"here, row 1: split must be a text, but is None"):
        parse_rows(rows, "here")


def test_a_row_that_is_no_object_is_named() -> None:
    with pytest.raises(RunError, match="row 1: wanted an object, found 3"):
        parse_rows([3])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("R@1", 0.12345, "12.3"),
        ("R@1", 1.0, "100.0"),
        ("R@1", 0.0, "0.0"),
        ("MedR", 3.5, "3.5"),
        ("mAP", float("nan"), "\u2013"),
        ("mAP", None, "\u2013"),
    ],
)
def test_numbers_are_written_in_percent_but_ranks_are_not(
    metric: str, value: float | None, text: str
) -> None:
    assert shown(("text_to_image", metric), value) == text
