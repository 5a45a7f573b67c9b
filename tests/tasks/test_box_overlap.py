import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.bigearthnet.rows import Box
from wfa.tasks.box_overlap import box_iou, summarise_ious


@pytest.mark.parametrize(
    ("first", "second", "iou"),
    [
        (Box(0, 0, 1, 1), Box(0, 0, 1, 1), 1.0),
        (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1), 0.0),
        (Box(0, 0, 0.5, 0.5), Box(0.6, 0.6, 1, 1), 0.0),
        (Box(0, 0, 0.5, 1), Box(0, 0, 1, 1), 0.5),
        (Box(0, 0, 0.4, 0.4), Box(0.2, 0.2, 0.6, 0.6), 0.04 / 0.28),
        (Box(0.2, 0.2, 0.4, 0.8), Box(0.0, 0.4, 1.0, 0.6), 0.04 / (0.12 + 0.2 - 0.04)),
    ],
)
def test_iou_by_hand(first: Box, second: Box, iou: float) -> None:
    assert box_iou(first, second) == pytest.approx(iou)


def boxes() -> st.SearchStrategy[Box]:
    pair = st.lists(st.integers(0, 20), min_size=2, max_size=2, unique=True).map(sorted)
    return st.tuples(pair, pair).map(
        lambda p: Box(p[0][0] / 20, p[1][0] / 20, p[0][1] / 20, p[1][1] / 20)
    )


@given(boxes(), boxes())
def test_iou_counts_cells(first: Box, second: Box) -> None:
    masks = []
    for box in (first, second):
        x1, y1, x2, y2 = (round(20 * value) for value in box)
        mask = np.zeros((20, 20), bool)
        mask[y1:y2, x1:x2] = True
        masks.append(mask)
    expected = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
    assert box_iou(first, second) == pytest.approx(expected)
    assert box_iou(first, second) == box_iou(second, first)


def test_a_threshold_is_reached_from_its_value_on() -> None:
    found = summarise_ious(np.array([0.0, 0.25, 0.4999, 0.5, 0.9, 1.0]))
    assert found == pytest.approx(
        {"mIoU": (0.25 + 0.4999 + 0.5 + 0.9 + 1) / 6, "Acc@25": 5 / 6, "Acc@50": 3 / 6,
         "Acc@75": 2 / 6, "Acc@90": 2 / 6}
    )  # fmt: skip


def test_a_box_on_the_grid_reaches_its_threshold() -> None:
    # 0.3 * 0.7 of 0.7 * 0.3 / ... : exactly half, which float64 puts just below 0.5.
    halves = [box_iou(Box(0, 0, 0.1 * k, 0.3), Box(0, 0, 0.05 * k, 0.3)) for k in range(1, 11)]
    assert summarise_ious(np.array(halves))["Acc@50"] == 1.0
