"""Each loss and its gradient against plain Python loops, and against open_clip's losses."""

import math
from collections.abc import Callable

import open_clip.loss
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from wfa.model.contrast import SHARED
from wfa.model.losses import info_nce, multi_positive, sigmoid
from wfa.plugins import registry as plugins

Shares = list[list[float]]
Naive = Callable[[Tensor, list[int], Shares, str], Tensor]


def cross_entropy(scores: list[Tensor], targets: list[float]) -> Tensor:
    """- sum_k p_k log softmax(scores)_k with p the targets scaled to sum 1."""
    total = sum((score.exp() for score in scores), torch.zeros(()))
    logs = [score - total.log() for score in scores]
    return -sum((p * log for p, log in zip(targets, logs, strict=True)), torch.zeros(())) / sum(
        targets
    )


def takes_part(share: float, how: str) -> bool:
    return not (how == "mask" and share > 0.0)


def target(own: bool, share: float, how: str) -> float:
    return 1.0 if own else share if how == "share" else 0.0


def naive_text_to_image(logits: Tensor, owner: list[int], shared: Shares, how: str) -> Tensor:
    losses = []
    for t, own in enumerate(owner):
        seen = [b for b in range(logits.shape[1]) if takes_part(shared[t][b], how)]
        losses.append(
            cross_entropy(
                [logits[t, b] for b in seen], [target(b == own, shared[t][b], how) for b in seen]
            )
        )
    return torch.stack(losses).mean()


def naive_info_nce(logits: Tensor, owner: list[int], shared: Shares, how: str) -> Tensor:
    losses = []
    for t, b in enumerate(owner):
        seen = [
            u
            for u in range(len(owner))
            if u == t or (owner[u] != b and takes_part(shared[u][b], how))
        ]
        losses.append(
            cross_entropy(
                [logits[u, b] for u in seen], [target(u == t, shared[u][b], how) for u in seen]
            )
        )
    back = torch.stack(losses).mean()
    return (naive_text_to_image(logits, owner, shared, how) + back) / 2


def naive_multi_positive(logits: Tensor, owner: list[int], shared: Shares, how: str) -> Tensor:
    losses = []
    for b in range(logits.shape[1]):
        seen = [t for t in range(len(owner)) if takes_part(shared[t][b], how)]
        losses.append(
            cross_entropy(
                [logits[t, b] for t in seen],
                [target(owner[t] == b, shared[t][b], how) for t in seen],
            )
        )
    back = torch.stack(losses).mean()
    return (naive_text_to_image(logits, owner, shared, how) + back) / 2


def naive_sigmoid(logits: Tensor, owner: list[int], shared: Shares, how: str) -> Tensor:
    total = torch.zeros(())
    for t, own in enumerate(owner):
        for b in range(logits.shape[1]):
            if takes_part(shared[t][b], how):
                y = target(b == own, shared[t][b], how)
                total = total + y * (1 + (-logits[t, b]).exp()).log()
                total = total + (1 - y) * (1 + logits[t, b].exp()).log()
    return total / len(owner)


NAIVE: dict[str, Naive] = {
    "info_nce": naive_info_nce,
    "multi_positive": naive_multi_positive,
    "sigmoid": naive_sigmoid,
}


def test_every_loss_has_its_naive_loop() -> None:
    assert set(plugins.names("loss")) == set(NAIVE)


@pytest.mark.parametrize("name", NAIVE)
@pytest.mark.parametrize("how", SHARED)
@settings(max_examples=12, deadline=None)
@given(
    texts=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1.0, 14.0]),
)
def test_equals_the_loop(name: str, how: str, texts: list[int], seed: int, scale: float) -> None:
    random = torch.Generator().manual_seed(seed)
    images = len(texts)
    owner = torch.arange(images).repeat_interleave(torch.tensor(texts))
    owner = owner[torch.randperm(len(owner), generator=random)]
    shared = (torch.rand(len(owner), images, generator=random, dtype=torch.float64) - 0.6).relu()
    shared[torch.arange(len(owner)), owner] = 0.0
    raw = torch.randn(images + len(owner), 6, generator=random, dtype=torch.float64)

    leaves = [
        raw[:images].clone().requires_grad_(),
        raw[images:].clone().requires_grad_(),
        torch.tensor(scale, dtype=torch.float64, requires_grad=True),
        torch.tensor(-1.0, dtype=torch.float64, requires_grad=True),
    ]
    image_features, text_features = (functional.normalize(leaf, dim=-1) for leaf in leaves[:2])
    loss = plugins.plugin_class("loss", name)(plugins.config_class("loss", name)(shared=how))
    ours = loss(image_features, text_features, owner, shared, *leaves[2:])
    logits = leaves[2] * text_features @ image_features.T + leaves[3]
    theirs = NAIVE[name](logits, owner.tolist(), shared.tolist(), how)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)
    for mine, naive in zip(
        torch.autograd.grad(ours, leaves, retain_graph=True),
        torch.autograd.grad(theirs, leaves),
        strict=True,
    ):
        torch.testing.assert_close(mine, naive, rtol=1e-6, atol=1e-6)


def one_text_an_image() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    features = functional.normalize(torch.randn(2, 7, 16, generator=random), dim=-1)
    return features[0], features[1]


@pytest.mark.parametrize("scale", [1.0, 14.3, 100.0])
def test_with_one_text_an_image_it_is_open_clips_loss(scale: float) -> None:
    images, texts = one_text_an_image()
    peer = open_clip.loss.ClipLoss()(images, texts, torch.tensor(scale))
    for loss in (
        info_nce.InfoNCE(info_nce.Config()),
        multi_positive.MultiPositive(multi_positive.Config()),
    ):
        ours = loss(images, texts, torch.arange(7), None, torch.tensor(scale), None)
        torch.testing.assert_close(ours, peer, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 10.0, 117.0])
def test_with_one_text_an_image_it_is_open_clips_siglip_loss(scale: float) -> None:
    images, texts = one_text_an_image()
    bias = torch.tensor(-10.0)
    peer = open_clip.loss.SigLipLoss()(images, texts, torch.tensor(scale), bias)
    ours = sigmoid.Sigmoid(sigmoid.Config())(
        images, texts, torch.arange(7), None, torch.tensor(scale), bias
    )
    torch.testing.assert_close(ours, peer, rtol=1e-5, atol=1e-5)


def test_starts_as_published() -> None:
    softmax, pairwise = info_nce.InfoNCE(info_nce.Config()), sigmoid.Sigmoid(sigmoid.Config())
    assert softmax.initial_logit_scale == pytest.approx(math.log(1 / 0.07))
    assert softmax.initial_logit_bias is None
    assert pairwise.initial_logit_scale == pytest.approx(math.log(10))
    assert pairwise.initial_logit_bias == -10.0
