import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import generalized_box_iou  # type: ignore[import-untyped]

from wfa.tasks.answering.image_grid import (
    cell_centres,
    cover,
    generalised_iou,
    measures,
    ordered,
    relation,
    way_to,
)


def test_centres_run_right_and_down() -> None:
    x, y = cell_centres(2)
    assert x.tolist() == [[0.25, 0.75], [0.25, 0.75]]
    assert y.tolist() == [[0.25, 0.25], [0.75, 0.75]]


def test_measures_of_one_open_cell() -> None:
    gates = torch.zeros(1, 2, 4, 4)
    gates[0, 0, 1, 3] = 1.0  # row 1, column 3
    gates[0, 1, 2, 2] = 1.0  # its neighbour across the corner
    share, x, y, spread_x, _, beside = measures(gates).reshape(1, 6, 2)[0].unbind(0)
    assert share.tolist() == [1 / 16, 1 / 16]
    assert x.tolist() == pytest.approx([0.875, 0.625])
    assert y.tolist() == pytest.approx([0.375, 0.625])
    assert spread_x.tolist() == pytest.approx([0, 0], abs=2e-3)
    assert beside.tolist() == [1.0, 1.0]
    gates[0, 1] = 0.0
    gates[0, 1, 3, 0] = 1.0  # far away
    assert measures(gates).reshape(1, 6, 2)[0, 5].tolist() == [0.0, 0.0]


def test_measures_of_closed_gates_are_finite() -> None:
    assert torch.isfinite(measures(torch.zeros(3, 2, 4, 4))).all()


def test_the_way_to_a_point_and_to_none() -> None:
    found = way_to(torch.tensor([[0.25, 0.75, 1.0], [0.0, 0.0, 0.0]]), cell_centres(2))
    assert found[0, :, 1, 0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert found[0, 0, 1, 1] == 0.5
    assert found[1].abs().sum() == 0


@given(st.lists(st.floats(-1, 2), min_size=4, max_size=4))
def test_any_corners_become_a_box(corners: list[float]) -> None:
    x1, y1, x2, y2 = ordered(torch.tensor([corners]))[0].tolist()
    assert 0 <= x1 < x2 <= 1
    assert 0 <= y1 < y2 <= 1


def test_boxes_stay_as_they_are() -> None:
    box = torch.tensor([[0.1, 0.2, 0.7, 0.9]])
    assert torch.equal(ordered(box), box)
    assert torch.equal(ordered(box[:, [2, 3, 0, 1]]), box)


def test_cover_counts_what_lies_inside() -> None:
    found = cover(torch.tensor([[0.0, 0.25, 0.75, 1.0]]), 2)[0]
    assert torch.allclose(found, torch.tensor([[0.5, 0.25], [1.0, 0.5]]))


def boxes() -> st.SearchStrategy[list[list[float]]]:
    pair = st.lists(st.integers(0, 100), min_size=2, max_size=2, unique=True).map(sorted)
    box = st.tuples(pair, pair).map(
        lambda p: [p[0][0] / 100, p[1][0] / 100, p[0][1] / 100, p[1][1] / 100]
    )
    return st.lists(box, min_size=2, max_size=2)


@given(boxes())
def test_generalised_iou_is_torchvisions(pair: list[list[float]]) -> None:
    first, second = torch.tensor(pair[:1]), torch.tensor(pair[1:])
    peer = generalized_box_iou(first, second)[0]
    assert torch.allclose(generalised_iou(first, second), peer, atol=1e-5)


def test_two_maps_are_measured_as_by_hand() -> None:
    """One cell of a grid of 4 up on the left, two beside each other at the bottom."""
    first, second = torch.zeros(2, 1, 4, 4)
    first[0, 0, 0] = 1.0
    second[0, 3, 1:3] = 0.5
    # Centres (1/8, 1/8) and (4/8, 7/8): the first lies (-3, -6)/8 from the second.
    far = math.hypot(3, 6) / 8
    ways = {(-1.0, 0.0): 3 / 8 / far, (0.0, -1.0): 6 / 8 / far, (1.0, 0.0): -3 / 8 / far}
    for way, along in ways.items():
        found = relation(first, second, torch.tensor([way]))[0].tolist()
        wanted = [along, far, 1 / 16, 1 / 16, 1.0, 0.5, 0.0, 2 / 4]
        assert found == pytest.approx(wanted, abs=1e-3)
    second[0, 1, 1] = 0.25  # touches the first in a corner
    beside = relation(first, second, torch.zeros(1, 2))[0]
    assert float(beside[6]) == pytest.approx(0.25)
    assert float(beside[0]) == 0.0
