"""What a researcher writes: each snippet is at most five lines, and each trap is refused."""

import doctest
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import wfa
from tests.face.three_images import CAPTIONS, INDEX, WIDTH, features, refused
from wfa.errors import ConfigError, DataError, UserError
from wfa.plugins import registry as plugins


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is registered or cached beyond a test."""
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))
    yield
    plugins._registered.clear()


EXAMPLES = (
    "wfa", "wfa.aggregation", "wfa.losses", "wfa.captions.uniqueness", "wfa.captions.weights",
    "wfa.errors", "wfa.auditing.caption_audit", "wfa.data.torch_dataset", "wfa.encoders.own_towers",
    "wfa.plugins.registry",
    "wfa.retrieval.evaluate_features", "wfa.retrieval.retrieval_metric",
    "wfa.retrieval.retrieval_options", "wfa.runs.load_dataset",
    "wfa.testing", "wfa.testing.aggregation_contract", "wfa.testing.loss_contract",
    *(f"wfa.aggregation.techniques.{name}" for name in plugins.names("aggregation")),
)  # fmt: skip


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_of_docstrings_run(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_importing_brings_no_torch() -> None:
    """Read from `sys.modules` of a fresh interpreter; no clock."""
    code = (
        "import sys, wfa; wfa.uniqueness([['a', 'b c']]); wfa.audit([['a']]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"torch", "lightning", "open_clip", "omegaconf", "pyarrow", "pandas"}


def test_every_name_is_there() -> None:
    for name in wfa.__all__:
        assert getattr(wfa, name) is not None
        assert name in dir(wfa)
    with pytest.raises(AttributeError, match="nothing_such"):
        getattr(wfa, "nothing_" + "such")


@pytest.mark.parametrize(("room", "kind"), [("aggregation", "aggregation"), ("losses", "loss")])
def test_every_plug_in_of_ours_is_a_name(room: str, kind: str) -> None:
    for name in plugins.names(kind):
        cls = plugins.plugin_class(kind, name)
        assert getattr(getattr(wfa, room), cls.__name__) is cls
        assert cls.__name__ in getattr(wfa, room).__all__
        assert cls.Config is plugins.config_class(kind, name)


def test_weights_of_own_captions() -> None:
    scores = wfa.uniqueness(CAPTIONS, duplicates="merge")
    weights = wfa.caption_weights(CAPTIONS, normalise="softmax", temperature=0.5)

    assert scores.shape == weights.shape == (6,)
    assert wfa.image_index(CAPTIONS).tolist() == INDEX
    assert np.bincount(INDEX, weights) == pytest.approx(np.ones(3))


def test_a_plain_torch_loop_learns() -> None:
    images, captions, index = features(3, seed=1), features(), torch.tensor(INDEX)
    tower, losses = torch.nn.Linear(WIDTH, WIDTH), []

    pool, loss = wfa.aggregation.Attention(width=WIDTH, heads=2), wfa.losses.InfoNCE()
    optimiser = torch.optim.Adam([*pool.parameters(), *tower.parameters()], lr=0.05)
    for _ in range(30):
        t = pool(tower(captions), index)
        losses.append(step(optimiser, loss(images, t.text_features, t.owner)))

    assert losses[-1] < 0.1 * losses[0]
    assert all(bool(parameter.any()) for parameter in pool.parameters())


def step(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    return loss.item()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image_index": [0, 1, 0, 1, 2, 2]}, "must ascend, but falls from 1 to 0 at caption 2"),
        ({"image_index": [0, 0, 0, 2, 2, 3]}, "without a caption: image 1"),
        ({"image_index": [1, 1, 1, 1, 2, 2]}, "without a caption: image 0"),
        ({"image_index": [-1, 0, 0, 1, 1, 2]}, "negative in row 0"),
        ({"image_index": [0.0, 0.0, 0.0, 1.0, 1.0, 2.0]}, "vector of integers"),
        ({"image_index": [0, 0, 1, 1, 2]}, "5 entries for 6 rows"),
        ({"image_index": "abc"}, "cannot be read as a tensor"),
        ({"weights": [3.5, 3.5, 0.0, 0.5, 0.5, 1.0]}, "sum to 1 .* but sum to 7 for image 0"),
        ({"weights": [0.5, 0.5, 1.0]}, r"each of the 6 captions, .* shape \(3,\)"),
        ({"weights": [1.5, -0.5, 0.0, 0.5, 0.5, 1.0]}, "negative or not finite in row 1"),
        ({"weights": [float("nan"), 0.5, 0.5, 0.5, 0.5, 1.0]}, "negative or not finite in row 0"),
        ({"caption_features": torch.ones(6, 5)}, "its width must be 8"),
        ({"caption_features": torch.full((6, WIDTH), torch.nan)}, "NaN .* rows 0, 1, 2, 3, 4 and"),
        ({"caption_features": torch.ones(6, WIDTH, dtype=torch.int64)}, "floating-point"),
        ({"caption_features": torch.ones(WIDTH)}, r"matrix .* shape \(8,\)"),
        ({"caption_features": torch.ones(0, WIDTH), "image_index": []}, "at least one row"),
        ({"image_features": torch.ones(3, 5)}, "its width must be 8"),
        ({"image_features": torch.ones(4, WIDTH)}, "4 images, but image_index numbers 3"),
        ({"image_features": torch.ones(3, WIDTH, device="meta")}, "on meta .* on cpu"),
        ({"image_index": torch.zeros(6, dtype=torch.int64, device="meta")}, "on meta .* on cpu"),
    ],
)
def test_traps_of_aggregation_are_refused(given: dict[str, Any], message: str) -> None:
    pool = wfa.aggregation.Attention(width=WIDTH)
    with pytest.raises(ValueError, match=message) as error:
        pool(**{"caption_features": features(), "image_index": INDEX, **given})
    assert isinstance(error.value, UserError)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"owner": [0, 1, 2, 0]}, "4 entries for 3 rows"),
        ({"owner": [0, 1, 3]}, "names image 3, but there are 3"),
        ({"owner": [0, 1, 1]}, "without a text: image 2"),
        ({"text_features": torch.ones(3, 5)}, "its width must be 8"),
        ({"image_features": torch.full((3, WIDTH), torch.inf)}, "NaN or infinite"),
        ({"text_features": torch.ones(3, WIDTH, device="meta")}, "on meta"),
    ],
)
def test_traps_of_losses_are_refused(given: dict[str, Any], message: str) -> None:
    with refused(message):
        wfa.losses.InfoNCE()(
            **{
                "image_features": features(3),
                "text_features": features(3),
                "owner": [0, 1, 2],
                **given,
            }
        )


def test_shares_that_a_loss_needs_are_asked_for() -> None:
    with refused("shared=mask needs shared"):
        wfa.losses.InfoNCE(shared="mask")(features(3), features(3), [0, 1, 2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: wfa.aggregation.Attention(width=8, head=2), "no option .*'head'.*'heads'"),
        (lambda: wfa.aggregation.Attention(width=8, heads=3), "does not divide the width 8"),
        (lambda: wfa.aggregation.Attention(), "give their width"),
        (lambda: wfa.aggregation.Mean(8), "options as keywords"),
        (lambda: wfa.aggregation.Mean(caption_dropout="much"), "caption_dropout='much'"),
        (lambda: wfa.losses.InfoNCE(temperature=1), "no option .*'temperature'"),
        (lambda: wfa.uniqueness(CAPTIONS, order=2), "no option of uniqueness 'order'"),
        (lambda: wfa.caption_weights(CAPTIONS, measure="rouge"), "rouge"),
        (lambda: wfa.caption_weights(CAPTIONS[0]), "list of strings"),
        (lambda: wfa.image_index([["a"], []]), "image 1 has no caption"),
    ],
)
def test_keywords_are_checked(make: Any, message: str) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        make()


def test_single_draws_one_caption_an_image_by_torchs_seed() -> None:
    pool = wfa.aggregation.Single()
    seen = set()
    for seed in range(20):
        torch.manual_seed(seed)
        found = pool(features(), INDEX)
        torch.manual_seed(seed)
        torch.testing.assert_close(pool(features(), INDEX).weights, found.weights)
        kept = found.weights.nonzero().flatten()
        assert found.weights[kept].tolist() == [1.0, 1.0, 1.0]
        assert [INDEX[row] for row in kept] == [0, 1, 2]
        assert (found.text_of == torch.where(found.weights > 0, torch.tensor(INDEX), -1)).all()
        unit = torch.nn.functional.normalize(features(), dim=-1)
        torch.testing.assert_close(found.text_features, unit[kept])
        seen.add(tuple(kept.tolist()))
    assert len(seen) > 3


def test_dropout_and_sampling_by_weight_are_done_by_hand_too() -> None:
    weights = torch.tensor([0.0, 0.0, 1.0, 0.5, 0.5, 1.0])
    drawn = wfa.aggregation.UniquenessSampling()(features(), INDEX, weights).weights
    assert drawn[:3].tolist() == [0.0, 0.0, 1.0]
    assert sorted(drawn[3:5].tolist()) == [0.0, 1.0]
    mean = wfa.aggregation.Mean(caption_dropout=0.9)
    assert any((mean(features(), INDEX).weights == 0).any() for _ in range(5))
    assert (mean.eval()(features(), INDEX).weights > 0).all()


def test_weights_from_the_text_are_asked_for() -> None:
    with refused("weighs by the text"):
        wfa.aggregation.Uniqueness()(features(), INDEX)
    found = wfa.aggregation.Uniqueness()(features(), INDEX, wfa.caption_weights(CAPTIONS))
    np.testing.assert_allclose(found.weights, wfa.caption_weights(CAPTIONS), atol=1e-6)


def test_what_joins_words_takes_no_features_of_captions() -> None:
    with refused("Concat makes its texts of words"):
        wfa.aggregation.Concat()(features(), INDEX)
    assert wfa.aggregation.Concat()(features(3), [0, 1, 2]).owner.tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_lists_arrays_and_any_floating_point_do(dtype: torch.dtype) -> None:
    given: Sequence[Any] = (INDEX, np.array(INDEX, np.int32), torch.tensor(INDEX))
    for index in given:
        found = wfa.aggregation.Mean()(features().to(dtype), index)
        assert found.text_features.dtype == torch.promote_types(dtype, torch.float32)


def test_a_loss_is_the_cross_entropy_of_clip() -> None:
    images, texts = features(4, 1), features(4, 2)
    unit = [torch.nn.functional.normalize(each, dim=-1) for each in (images, texts)]
    logits = unit[0] @ unit[1].T / 0.07
    aim = torch.arange(4)
    expected = torch.nn.functional.cross_entropy(logits, aim)
    expected = (expected + torch.nn.functional.cross_entropy(logits.T, aim)) / 2
    torch.testing.assert_close(wfa.losses.InfoNCE()(images, texts, [0, 1, 2, 3]), expected)


def test_a_misspelt_name_is_told_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'evaluate'"):
        wfa.evalute  # noqa: B018
    with refused("did you mean 'normalise'"):
        wfa.caption_weights(CAPTIONS, normalize="softmax")


def test_docstrings_name_errors_and_shapes() -> None:
    for name in ("uniqueness", "caption_weights", "image_index"):
        text = getattr(wfa, name).__doc__
        assert re.search(r"\(N,\)", text)
        assert ">>>" in text
