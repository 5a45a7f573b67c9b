"""A look into a finished run: its captions' weights on example images, the time of a query."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wfa.aggregation.base import Aggregation
from wfa.captions.uniqueness import uniqueness
from wfa.data.dataset import ImageTextDataset
from wfa.retrieval.exact_search import ExactIndex
from wfa.runs.embed import embed_split
from wfa.runs.parts import Parts, SplitParts, load_run
from wfa.runs.query_gallery import thumbnail

_LOOKED_AT = 2000
"""Images among which the examples are chosen."""
_HITS = 10


def probe(path: Path, split: str, examples: int = 6, queries: int = 16) -> dict[str, Any]:
    """Look into a finished run.

    Args:
        path: The run's folder.
        split: The split that examples and queries are taken from.
        examples: How many images are shown, from the most redundant captions to the least.
        queries: How many queries of each kind are timed, one after the other.

    Returns:
        Plain values: `width` of the features; `query_seconds`, the median time of a query from its
        text to its hits by kind of query; `examples`, each with `image`, `thumbnail`, `source`
        (where the weights come from: text, features, learned, uniform or joined) and the `texts`
        with their `weight` and `uniqueness`.

    Raises:
        DataError: The data set has no such split, or an image cannot be read.
        RunError: The folder holds no finished run.
    """
    parts = load_run(path)
    part = parts.prepare(parts.dataset(split))
    return {
        "width": int(parts.model.encoder.width),
        "query_seconds": _query_seconds(parts, part, queries),
        "examples": [_example(parts, part, row) for row in _chosen(part.dataset, examples)],
    }


def device_memory() -> int | None:
    """Return the most bytes that tensors took on the GPU since `forget_device_memory`, or None."""
    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else None


def forget_device_memory() -> None:
    """Count the GPU's memory from here."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def gpu_count() -> int:
    """Return how many GPUs this process may use."""
    return int(torch.cuda.device_count())


def _chosen(dataset: ImageTextDataset, count: int) -> list[int]:
    """Choose images evenly by their mean uniqueness; equal data give equal images."""
    looked_at = min(len(dataset), _LOOKED_AT)
    captions = [dataset.records[row].captions for row in range(looked_at)]
    several = [row for row, texts in enumerate(captions) if len(texts) > 1] or list(
        range(looked_at)
    )
    scores = uniqueness([captions[row] for row in several])
    ends = np.cumsum([len(captions[row]) for row in several])
    means = [float(own.mean()) for own in np.split(scores, ends[:-1])]
    order = sorted(range(len(several)), key=lambda place: (means[place], several[place]))
    steps = np.linspace(0, len(order) - 1, min(count, len(order)))
    return [several[order[round(step)]] for step in steps]


def _example(parts: Parts, part: SplitParts, row: int) -> dict[str, Any]:
    record = part.dataset.records[row]
    query = parts.model.text_side.query([record.captions])
    alone = dict(zip(record.captions, uniqueness([record.captions]).tolist(), strict=True))
    return {
        "image": record.image,
        "thumbnail": thumbnail(part.dataset.read_image(row)),
        "source": _source(parts.model.aggregation, query.texts != list(record.captions)),
        "texts": [
            {"text": text, "weight": float(weight), "uniqueness": alone.get(text)}
            for text, weight in zip(query.texts, query.weights.tolist(), strict=True)
        ],
    }


def _source(aggregation: Aggregation, composed: bool) -> str:
    if composed:
        return "joined"
    if any(True for _ in aggregation.parameters()):
        return "learned"
    if type(aggregation).importance_weights is not Aggregation.importance_weights:
        return "features"
    return "text" if aggregation.weighs_text else "uniform"


def _query_seconds(parts: Parts, part: SplitParts, count: int) -> dict[str, float]:
    index = ExactIndex(embed_split(parts, part).images)
    rows = np.linspace(0, len(part.dataset) - 1, min(count, len(part.dataset))).astype(int).tolist()
    records = [part.dataset.records[row] for row in rows]
    side = parts.model.text_side
    side.encode(["an aerial image"])  # the first call is no part of a query's time

    def single(place: int) -> torch.Tensor:
        text = f"{records[place].captions[0]} "  # not among the texts that are remembered
        return side.encode([text])

    def aggregated(place: int) -> torch.Tensor:
        texts = [f"{text}  " for text in records[place].captions]
        return side.query([texts]).text_features

    return {
        name: _median_seconds(ask, index, len(rows))
        for name, ask in (("single", single), ("aggregated", aggregated))
    }


def _median_seconds(ask: Callable[[int], torch.Tensor], index: ExactIndex, queries: int) -> float:
    seconds = []
    for place in range(queries):
        started = time.perf_counter()
        index.search(ask(place)[:1].float().numpy(), _HITS)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))
