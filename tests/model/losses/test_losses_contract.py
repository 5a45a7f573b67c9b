"""What holds for every loss; a new file in the plug-in folder is tested by itself."""

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from wfa.errors import ConfigError
from wfa.model.contrast import SHARED, Contrast
from wfa.plugins import registry as plugins
from wfa.testing import check_loss

NAMES = plugins.names("loss")
each_loss = pytest.mark.parametrize("name", NAMES)
each_shared = pytest.mark.parametrize("how", SHARED)


class Case(NamedTuple):
    images: Tensor
    texts: Tensor
    owner: Tensor
    shared: Tensor


def build(name: str, **options: Any) -> Contrast:
    loss: Contrast = plugins.plugin_class("loss", name)(
        plugins.config_class("loss", name)(**options)
    )
    return loss


def case(seed: int = 0, images: int = 5, texts: int = 9, width: int = 8) -> Case:
    """Make features and shares in float64; every image has a text, a third of the pairs share."""
    random = torch.Generator().manual_seed(seed)
    owner = torch.cat(
        [torch.arange(images), torch.randint(images, (texts - images,), generator=random)]
    )[torch.randperm(texts, generator=random)]
    shared = torch.rand(texts, images, generator=random, dtype=torch.float64)
    shared = torch.where(shared < 1 / 3, 3 * shared, 0.0)
    shared[torch.arange(texts), owner] = 0.0
    features = functional.normalize(
        torch.randn(images + texts, width, generator=random, dtype=torch.float64), dim=-1
    )
    return Case(features[:images], features[images:], owner, shared)


def call(loss: Contrast, given: Case, scale: float = 5.0, bias: float | None = -0.5) -> Tensor:
    value: Tensor = loss.compute(
        given.images,
        given.texts,
        given.owner,
        given.shared,
        torch.tensor(scale, dtype=torch.float64),
        None if bias is None else torch.tensor(bias, dtype=torch.float64),
    )
    assert value.shape == ()
    return value


@each_loss
@each_shared
def test_order_changes_nothing(name: str, how: str) -> None:
    loss, given = build(name, shared=how), case()
    random = torch.Generator().manual_seed(1)
    columns, rows = torch.randperm(5, generator=random), torch.randperm(9, generator=random)
    moved = Case(
        given.images[columns],
        given.texts[rows],
        columns.argsort()[given.owner[rows]],
        given.shared[rows][:, columns],
    )
    torch.testing.assert_close(call(loss, moved), call(loss, given))


@each_loss
def test_without_shared_captions_all_ways_agree(name: str) -> None:
    given = case()._replace(shared=torch.zeros(9, 5, dtype=torch.float64))
    keep, mask, share = (call(build(name, shared=how), given) for how in SHARED)
    torch.testing.assert_close(mask, keep)
    torch.testing.assert_close(share, keep)


@each_loss
def test_masked_pairs_have_no_gradient(name: str) -> None:
    given = case(images=2, texts=2)
    texts = given.texts.clone().requires_grad_()
    shared = torch.ones(2, 2, dtype=torch.float64)
    shared[torch.arange(2), given.owner] = 0.0
    value = call(build(name, shared="mask"), given._replace(texts=texts, shared=shared), scale=50.0)
    torch.autograd.backward(value)
    assert texts.grad is not None
    own = given.images[given.owner]
    # What gradient there is points along the own image only: nothing of the other is left.
    residue = texts.grad - (texts.grad * own).sum(dim=1, keepdim=True) * own
    torch.testing.assert_close(residue, torch.zeros_like(residue))


@each_loss
def test_threshold_says_what_is_masked(name: str) -> None:
    given = case()
    above = torch.where(given.shared > 0.4, given.shared, 0.0)
    torch.testing.assert_close(
        call(build(name, shared="mask", shared_threshold=0.4), given),
        call(build(name, shared="mask"), given._replace(shared=above)),
    )
    assert call(build(name, shared="mask", shared_threshold=0.4), given) != call(
        build(name, shared="mask"), given
    )


@each_loss
def test_shares_are_ignored_when_kept_and_needed_otherwise(name: str) -> None:
    given, scale = case(), torch.tensor(5.0)
    loss = build(name)
    assert not loss.wants_shared
    without = loss.compute(given.images, given.texts, given.owner, None, scale, None)
    torch.testing.assert_close(without, call(loss, given, bias=None))
    wanting = build(name, shared="mask")
    assert wanting.wants_shared
    with pytest.raises(ValueError, match="shared=mask"):
        wanting.compute(given.images, given.texts, given.owner, None, scale, None)


@each_loss
@each_shared
@pytest.mark.parametrize("scale", [1e-6, 1e4, 1e30])
@pytest.mark.parametrize("kind", ["random", "equal", "opposed", "one image", "all shared"])
def test_extremes_stay_finite(name: str, how: str, scale: float, kind: str) -> None:
    given = case(images=1, texts=3) if kind == "one image" else case()
    if kind == "equal":
        given = given._replace(images=given.images[:1].repeat(5, 1))
        given = given._replace(texts=given.images[given.owner])
    if kind == "opposed":
        given = given._replace(texts=-given.images[given.owner])
    if kind == "all shared":
        given.shared.fill_(1.0)
        given.shared[torch.arange(9), given.owner] = 0.0
    given = Case(*(part.float() if part.is_floating_point() else part for part in given))
    images, texts = given.images.clone().requires_grad_(), given.texts.clone().requires_grad_()
    loss = build(name, shared=how)
    value = loss.compute(images, texts, given.owner, given.shared, torch.tensor(scale), None)
    torch.autograd.backward(value)
    for tensor in (value, images.grad, texts.grad):
        assert tensor is not None
        assert tensor.isfinite().all()


@each_loss
@each_shared
def test_autocast_does_not_touch_the_logits(name: str, how: str) -> None:
    given = case()
    loss, scale = build(name, shared=how), torch.tensor(30.0)
    images, texts, shared = given.images.bfloat16(), given.texts.bfloat16(), given.shared.float()
    with torch.autocast("cpu", torch.bfloat16):
        half = loss.compute(images, texts, given.owner, shared, scale, None)
    wide = loss.compute(images.float(), texts.float(), given.owner, shared, scale, None)
    assert half.dtype == torch.float32
    assert torch.equal(half, wide)


@each_loss
def test_better_features_have_a_lower_loss(name: str) -> None:
    given = case()
    right = given._replace(texts=given.images[given.owner])
    assert call(build(name), right, scale=20.0, bias=-8.0) < call(
        build(name), given, scale=20.0, bias=-8.0
    )


@each_loss
@pytest.mark.parametrize(
    "options",
    [
        {"shared": "drop"},
        {"shared_threshold": 1.0},
        {"shared_threshold": -0.1},
        {"logit_scale_max": 0.5},
        {"logit_scale_max": float("inf")},
        {"initial_logit_scale": 9.0},
        {"initial_logit_scale": -1.0},
    ],
)
def test_options_are_checked(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"loss.{next(iter(options))}"):
        plugins.config_class("loss", name)(**options)


@each_loss
def test_the_contract_that_plug_in_authors_are_given(name: str) -> None:
    check_loss(plugins.plugin_class("loss", name))
