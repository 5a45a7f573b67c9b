"""Published results to stand beside a run, only where data set, split and protocol agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from omegaconf import OmegaConf

_OF_CLASSES = ("classification", "linear_probe")


@dataclass(frozen=True)
class PublishedResult:
    """One published figure.

    Attributes:
        model: What was measured.
        source: Where the figure stands.
        value: A fraction.
        metric: `mR` or `top-1`.
        ties: The rule of ties that its code comes near.
        selected_on: The split on which the checkpoint was chosen: none, unknown or its name.
        trained: On what.
    """

    model: str
    source: str
    value: float
    metric: str
    ties: str = "expected"
    selected_on: str = "unknown"
    trained: str = ""


def published_retrieval(
    data: str, split: str, protocol: str, queries: str
) -> list[PublishedResult]:
    """Return published mR that a run's may stand beside, best last.

    Args:
        data: The data set's name, such as `rsicd`.
        split: Its split; figures are of `test`.
        protocol: Figures are `strict`.
        queries: Figures are of `single` captions.

    >>> [found.model for found in published_retrieval("nwpu_captions", "test", "strict", "single")]
    ['RRSITR']
    """
    table = _read()["retrieval"]
    if (split, protocol, queries) != (table["split"], table["protocol"], table["queries"]):
        return []
    found = [
        PublishedResult(
            row["model"], row["source"], row["mR"][data] / 100, "mR",
            row["ties"], row["selected_on"], row["trained"],
        )
        for row in table["rows"]
        if data in row["mR"]
    ]  # fmt: skip
    return sorted(found, key=lambda result: result.value)


def published_classification(
    data: str, kind: str, split: str, templates: Sequence[str] = ()
) -> list[PublishedResult]:
    """Return published top-1 accuracies that a run's may stand beside, best last.

    Args:
        data: The data set's name, such as `eurosat`.
        kind: Figures are of `classification` (zero-shot) and `linear_probe`.
        split: Its split; figures are of `test`.
        templates: The prompts of `classification`; figures are of the one that the table names.

    >>> published_classification("eurosat", "classification", "test", ["a photo of a {}"])
    []
    """
    if kind not in _OF_CLASSES:
        return []
    table = _read()[kind]
    if table["split"] != split or ("template" in table and [table["template"]] != [*templates]):
        return []
    found = [
        PublishedResult(row["model"], row["source"], row["top1"][data] / 100, "top-1")
        for row in table["rows"]
        if data in row["top1"]
    ]
    return sorted(found, key=lambda result: result.value)


@cache
def _read() -> Mapping[str, Any]:
    text = resources.files("wfa.retrieval").joinpath("published.yaml").read_text(encoding="utf-8")
    return cast(Mapping[str, Any], OmegaConf.to_container(OmegaConf.create(text)))
