"""The metric fed by batches is the evaluation of everything at once, on one process and on two."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.model.two_processes import run_two
from wfa.errors import ConfigError, UserError
from wfa.metrics import CaptionRetrieval

WIDTH = 6
TEXTS = [
    ["a road", "A road .", "two cars"], ["a river"], ["a road", "a bridge"], ["grass", "trees"],
    ["two cars", "a roof", "a roof"], ["a river"], ["a pond"],
]  # fmt: skip
CUTS = [0, 3, 4, 7]
CASES: list[tuple[str, dict[str, Any]]] = [
    ("in turns", {}),
    ("in turns", {"protocol": "duplicate_aware", "ties": "expected", "ks": (1, 3)}),
    ("in turns", {"protocol": "unique_query"}),
    ("in turns", {"queries": "aggregated"}),
    ("all on the first", {"protocol": "duplicate_aware"}),
]


def features() -> tuple[Tensor, Tensor, Tensor]:
    """Image features, caption features (equal for equal captions), one text an image."""
    random = torch.Generator().manual_seed(0)
    names = sorted({text.lower().strip(" .") for own in TEXTS for text in own})
    of_text = dict(zip(names, torch.randn(len(names), WIDTH, generator=random), strict=True))
    captions = torch.stack([of_text[t.lower().strip(" .")] for own in TEXTS for t in own])
    images = torch.randn(len(TEXTS), WIDTH, generator=random)
    return images, captions, torch.randn(len(TEXTS), WIDTH, generator=random)


def batches(options: dict[str, Any], cuts: list[int] = CUTS) -> list[dict[str, Any]]:
    images, captions, aggregated = features()
    ends = torch.tensor([0, *map(len, TEXTS)]).cumsum(0).tolist()
    return [
        {
            "image_features": images[start:stop],
            "caption_features": captions[ends[start] : ends[stop]],
            "image_index": [k for k, own in enumerate(TEXTS[start:stop]) for _ in own],
            "captions": TEXTS[start:stop],
            "aggregated": aggregated[start:stop] if "queries" in options else None,
        }
        for start, stop in pairwise(cuts)
    ]


def computed(options: dict[str, Any], cuts: list[int]) -> dict[str, float]:
    metric = CaptionRetrieval(**options)
    for batch in batches(options, cuts):
        metric.update(**batch)
    return {name: value.item() for name, value in metric.compute().items()}


def naive_hits(options: dict[str, Any], k: int) -> float:
    """Text-to-image R@k: sort the images for each caption, right answers behind what ties."""
    images, captions, aggregated = (functional.normalize(each, dim=-1) for each in features())
    index = [image for image, own in enumerate(TEXTS) for _ in own]
    said = [t.lower().strip(" .") for own in TEXTS for t in own]
    borne = [{t.lower().strip(" .") for t in own} for own in TEXTS]
    if options.get("queries") == "aggregated":
        captions, index = aggregated, list(range(len(TEXTS)))
    hits = []
    for place, own in enumerate(index):
        right = [
            j == own if "protocol" not in options else said[place] in borne[j]
            for j in range(len(TEXTS))
        ]
        scores = (images @ captions[place]).tolist()
        order = sorted(range(len(TEXTS)), key=lambda j: (-scores[j], right[j]))
        hits.append(any(right[j] for j in order[:k]))
    return sum(hits) / len(hits)


@pytest.mark.parametrize(
    "options", [{}, {"protocol": "duplicate_aware"}, {"queries": "aggregated"}]
)
def test_the_rates_are_those_of_a_sorted_list(options: dict[str, Any]) -> None:
    found = computed({**options, "ks": (1, 2, 5)}, [0, 7])
    for k in (1, 2, 5):
        assert found[f"text_to_image/R@{k}"] == pytest.approx(naive_hits(options, k))
    rates = [value for name, value in found.items() if "R@" in name]
    assert found["mR"] == pytest.approx(sum(rates) / 6)


@pytest.mark.parametrize(("given", "options"), CASES)
def test_how_it_is_cut_into_batches_changes_nothing(given: str, options: dict[str, Any]) -> None:
    whole = computed(options, [0, 7])
    assert computed(options, CUTS) == whole
    assert computed(options, list(range(8))) == whole


@pytest.mark.slow
def test_two_processes_make_one_gallery(tmp_path: Path) -> None:
    written: list[Any] = run_two(Path(__file__).with_name("retrieval_metric_worker.py"), tmp_path)
    for found in written:
        for measured, (_, options) in zip(found, CASES, strict=True):
            assert measured == pytest.approx(computed(options, CUTS), abs=1e-12)


def test_reset_forgets_and_ids_do_for_texts() -> None:
    metric = CaptionRetrieval(protocol="duplicate_aware")
    (batch,) = batches({}, [0, 7])
    metric.update(**batch)
    texts = metric.compute()
    metric.reset()
    names = sorted({t.lower().strip(" .") for own in TEXTS for t in own})
    ids = torch.tensor([names.index(t.lower().strip(" .")) for own in TEXTS for t in own])
    metric.update(**{**batch, "captions": ids})
    assert metric.compute() == texts


@pytest.mark.parametrize(
    ("options", "given", "message"),
    [
        ({}, {"image_index": [*[0] * 5, 1, *[0] * 7]}, "must ascend"),
        ({}, {"image_features": torch.randn(8, WIDTH)}, "8 images, but image_index numbers 7"),
        ({}, {"captions": TEXTS[::-1]}, "order of caption_features"),
        ({}, {"captions": ["a road"]}, "must be 13 texts"),
        ({}, {"aggregated": torch.randn(7, WIDTH)}, "single takes none"),
        ({"queries": "aggregated"}, {}, "needs aggregated="),
        ({"protocol": "duplicate_aware"}, {"captions": None}, "needs the captions' texts"),
    ],
)
def test_what_does_not_fit_is_refused(
    options: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    (batch,) = batches({}, [0, 7])
    with pytest.raises(UserError, match=message):
        CaptionRetrieval(**options).update(**{**batch, **given})


def test_widths_and_options_are_checked() -> None:
    metric = CaptionRetrieval()
    with pytest.warns(UserWarning, match="before the ``update``"):  # noqa: SIM117 - torchmetrics
        with pytest.raises(UserError, match="nothing to measure"):
            metric.compute()
    metric.update(torch.eye(3), torch.eye(3), [0, 1, 2])
    with pytest.raises(UserError, match="4 wide, and those before 3"):
        metric.update(torch.eye(4), torch.eye(4), [0, 1, 2, 3])
    unknown: list[dict[str, Any]] = [{"protocol": "x"}, {"queries": "all"}, {"ties": "first"}]
    for options in unknown:
        with pytest.raises(ConfigError, match=f"there is no .*{next(iter(options.values()))!r}"):
            CaptionRetrieval(**options)
    with pytest.raises(UserError, match="K of at least 1"):
        CaptionRetrieval(ks=(0,))
    with pytest.raises(UserError, match="asks single captions"):
        CaptionRetrieval(protocol="unique_query", queries="aggregated")
