"""What every technique of aggregation keeps."""

import pickle
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.aggregation.base import Aggregated, Aggregation
from wfa.aggregation.text_half import TextHalf
from wfa.testing.requirement import Contract

WIDTH = 16
COUNTS = (3, 1, 5, 2)
TEXTS = (
    ("a plane is parked", "a plane is parked", "there is grass beside the road"),
    ("one caption",),
    ("same", "same"),
    ("a river", "a wide river with a bridge", "a bridge", "many cars on a bridge"),
)


def check_aggregation(technique: type[Aggregation], label: str = "", **options: Any) -> None:
    """Hold a technique to its contract.

    Weights are at least 0 and sum to 1 over the captions of each text, texts have length 1, the
    order of captions and what else is in the batch change nothing, a single caption is given back
    as it is, in evaluation mode there is one text an image, the image plays no part then, and what
    is drawn is the same for a seed.

    Args:
        technique: The class.
        label: What messages call it; its name by default.
        options: Options other than the defaults.

    Raises:
        ContractError: It does not keep it.
        ConfigError: It cannot be built.

    >>> import wfa
    >>> from wfa.testing import check_aggregation
    >>> check_aggregation(wfa.aggregation.Attention, heads=2)
    """
    contract = Contract(technique, Aggregation, label)
    with contract.running("it is built"):
        module = technique(width=WIDTH, **options).double()
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            for parameter in module.parameters():
                nn.init.normal_(parameter)
    for training in (True, False):
        _check_features(contract, module.train(training))
    _check_loop(contract, module.eval())
    _check_texts(contract, TextHalf.of(module))


def ragged(counts: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Make caption features, image index, prior and image features in float64."""
    random = torch.Generator().manual_seed(0)
    index = torch.repeat_interleave(torch.tensor(counts))
    features = torch.randn(len(index), WIDTH, generator=random, dtype=torch.float64)
    raw = torch.rand(len(index), generator=random, dtype=torch.float64) + 0.01
    prior = raw / torch.zeros(len(counts), dtype=torch.float64).index_add(0, index, raw)[index]
    images = torch.randn(len(counts), WIDTH, generator=random, dtype=torch.float64)
    return features, index, prior, functional.normalize(images, dim=-1)


def _run(contract: Contract, module: Aggregation, *inputs: Tensor | None) -> Aggregated:
    with contract.running("it aggregates"), torch.random.fork_rng():
        torch.manual_seed(1)
        found: Any = module.aggregate(*inputs)  # type: ignore[arg-type]
    contract.require(isinstance(found, Aggregated), "it does not return an Aggregated")
    return found  # type: ignore[no-any-return]


def _check_features(contract: Contract, module: Aggregation) -> None:
    mode = "training" if module.training else "evaluation"
    features, index, prior, images = ragged(COUNTS)
    found = _run(contract, module, features, index, prior, images)
    for value, what in ((found.text_features, "texts"), (found.weights, "weights")):
        contract.require(isinstance(value, Tensor), f"{what} are no tensor but {type(value)}")
    texts = len(found.text_features)
    for value in (found.text_features, found.weights):
        contract.require(bool(value.isfinite().all()), f"it gives NaN or infinity in {mode}")
    contract.require(found.text_features.shape == (texts, WIDTH), "texts are not (T, D)")
    contract.require(found.weights.shape == index.shape, "weights are not one a caption")
    contract.require(bool((found.weights >= 0).all()), f"a weight is negative in {mode}")
    total = torch.zeros(texts).double().index_add(0, found.text_of, found.weights.double())
    contract.close(total, torch.ones(texts), f"weights do not sum to 1 over each text in {mode}")
    contract.close(
        found.text_features.norm(dim=-1), torch.ones(texts), f"texts are not of length 1 in {mode}"
    )
    contract.close(found.owner[found.text_of], index, "texts are not those of their captions")
    if not module.training:
        one = torch.equal(found.owner, torch.arange(len(COUNTS)))
        contract.require(one, "it does not give one text an image in evaluation mode")
    order = torch.tensor([2, 0, 1, 3, 8, 7, 6, 5, 4, 10, 9])
    moved = _run(contract, module, features[order], index, prior[order], images)
    contract.close(
        moved.weights, found.weights[order], f"the order of captions changes weights in {mode}"
    )
    alone = ragged((1,) * 4)
    given = functional.normalize(alone[0], dim=-1)
    contract.close(
        _run(contract, module, *alone).text_features,
        given,
        f"an image's only caption is not given back as it is in {mode}",
    )


def _check_loop(contract: Contract, module: Aggregation) -> None:
    features, index, prior, images = ragged(COUNTS)
    whole = _run(contract, module, features, index, prior, images)
    contract.close(
        _run(contract, module, features, index, prior).text_features,
        whole.text_features,
        "the image changes a query, which has none",
    )
    for image, count in enumerate(COUNTS):
        own = index == image
        zeros = torch.zeros(count, dtype=torch.int64)
        one = _run(contract, module, features[own], zeros, prior[own]).text_features[0]
        contract.close(one, whole.text_features[image], "other images of the batch change a text")


def _check_texts(contract: Contract, half: TextHalf) -> None:
    with contract.running("it weighs texts"):
        weights = half.weigh(TEXTS)
    ends = np.cumsum([len(own) for own in TEXTS])
    contract.require(isinstance(weights, np.ndarray), f"prior weights are {type(weights)}")
    contract.require(weights.shape == (ends[-1],), "prior weights are not one a caption")
    contract.require(bool((weights >= 0).all()), "a prior weight is negative")
    parts = np.split(weights, ends[:-1])
    for own, part in zip(TEXTS, parts, strict=True):
        contract.require(
            bool(np.isclose(part.sum(), 1.0)),
            f"prior weights of {list(own)} must sum to 1, but sum to {part.sum():.4g}",
        )
    with contract.running("it travels to data workers"):
        sent: TextHalf = pickle.loads(pickle.dumps(half))  # noqa: S301 - what a DataLoader does
    for captions, prior in zip(TEXTS, parts, strict=True):
        for seed in (None, 0, 1):
            _check_draw(contract, (half, sent), captions, prior, seed)


def _check_draw(
    contract: Contract,
    halves: tuple[TextHalf, TextHalf],
    captions: tuple[str, ...],
    prior: Any,
    seed: int | None,
) -> None:
    drawn = []
    for half in halves:
        with contract.running("it draws captions"):
            rng = None if seed is None else np.random.default_rng(seed)
            texts, weights = half.draw(captions, prior, rng)
        drawn.append((list(texts), np.asarray(weights).tolist()))
    texts, weights = drawn[0]
    contract.require(drawn[0] == drawn[1], "it draws otherwise for the same seed")
    contract.require(len(texts) == len(weights) > 0, "it draws no text, or no weight for one")
    contract.require(all(isinstance(t, str) and t for t in texts), "it draws what is no text")
    contract.require(min(weights) >= 0, "it draws a negative weight")
    contract.require(bool(np.isclose(sum(weights), 1.0)), "drawn weights do not sum to 1")
