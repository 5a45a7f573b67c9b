"""Segment arithmetic against plain loops."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.aggregation.segment_math import segment_softmax, segment_sum


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    width=st.sampled_from([None, 1, 3]),
    seed=st.integers(0, 1000),
)
def test_segments_equal_a_loop(counts: list[int], width: int | None, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    index = torch.repeat_interleave(torch.tensor(counts))
    shape = (len(index),) if width is None else (len(index), width)
    values = torch.randn(shape, generator=random, dtype=torch.float64) * 5
    total, share = segment_sum(values, index, len(counts)), segment_softmax(values, index, 5)
    for segment in range(len(counts)):
        own = index == segment
        torch.testing.assert_close(total[segment], values[own].sum(dim=0))
        torch.testing.assert_close(share[own], values[own].softmax(dim=0))


@pytest.mark.parametrize("scale", [1e4, 1e30])
def test_segment_softmax_is_stable(scale: float) -> None:
    scores = (torch.tensor([1.0, 0.0, -1.0, 3.0, 3.0]) * scale).requires_grad_()
    share = segment_softmax(scores, torch.tensor([0, 0, 0, 1, 1]), 2)
    torch.testing.assert_close(share.detach(), torch.tensor([1.0, 0.0, 0.0, 0.5, 0.5]))
    torch.autograd.backward(share.square().sum())
    assert scores.grad is not None
    assert scores.grad.isfinite().all()


def test_segment_softmax_has_the_gradient_of_softmax() -> None:
    index = torch.tensor([0, 0, 0, 1, 2, 2])
    scores = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: segment_softmax(s, index, 3), (scores,))
