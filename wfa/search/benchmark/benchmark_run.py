"""Measure how quickly a run's features are searched: its own split, other splits, drawn ones."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wfa.data.dataset import ImageTextDataset
from wfa.data.pixel_inputs import check_channels
from wfa.errors import ConfigError
from wfa.model.texts import TextFeatures
from wfa.options.option_classes import read_choice
from wfa.options.run_config import RunConfig
from wfa.plugins.registry import Choice
from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.runs.best_device import best_device
from wfa.runs.embed import embed_images, embed_split
from wfa.runs.parts import Parts, SplitParts, load_run, open_split
from wfa.runs.run_folder import RunFolder
from wfa.search.benchmark.gallery_forms import Aggregator
from wfa.search.benchmark.measure import run_benchmark
from wfa.search.benchmark.settings import Request

FILE = "benchmark.json"
_ENCODED = 256
_ALONE = 20


@dataclass(frozen=True)
class _Subject:
    """What is measured: the features of a split, real vectors beside them, where they are from."""

    embeddings: Embeddings
    source: dict[str, Any]
    real: Sequence[tuple[str, Floats]] = ()
    aggregator: Aggregator | None = None


def benchmark(
    path: Path,
    request: Request | None = None,
    data: Choice | None = None,
    split: str = "test",
    out: Path | None = None,
) -> Path:
    """Measure a run, or an embeddings file.

    Args:
        path: A finished run's folder, or a file that `Embeddings.save` wrote.
        request: How it is measured.
        data: Of a run: the data set that is asked about; the run's own unless given.
        split: Of a run: its split.
        out: The folder of `benchmark.json`; `benchmark` in the run's folder, or the file's,
            unless given.

    Returns:
        The path of `benchmark.json`.

    Raises:
        ConfigError: A distractor is the data that is asked about, or needs a model that a file
            does not have.
        RunError: The folder holds no finished run.
        DataError: The data set, split or file cannot be read.
        SearchIndexError: No index could be measured, or `k` is above the gallery.
    """
    request = request or Request()
    of = _from_file(path, request) if path.is_file() else _from_run(
        path, request, data, split
    )  # fmt: skip
    folder = out or (path.parent if path.is_file() else path) / "benchmark"
    found = run_benchmark(of.embeddings, of.real, request, of.source, folder, of.aggregator)
    RunFolder(folder).write_json(FILE, found)
    return folder / FILE


def _from_file(path: Path, request: Request) -> _Subject:
    if request.distractors or request.config.scenes:
        key = "distractors" if request.distractors else "scenes"
        raise ConfigError(f"benchmark.{key} needs a model to encode images, and {path} holds "
                          "embeddings alone: give a run's folder")  # fmt: skip
    return _Subject(Embeddings.load(path), {"embeddings": path.name})


def _from_run(path: Path, request: Request, data: Choice | None, split: str) -> _Subject:
    """Embed the split that is asked about, and real images beside it."""
    parts = load_run(path)
    parts.model.to(best_device())
    config = replace(parts.config, data=data or parts.config.data)
    present = config.data.plugin().splits(config.data.options)
    asked = open_split(config.data, split, present)
    others = [*_other_splits(config, split, present), *_other_data(parts, config, request)]
    part = parts.prepare(asked)
    embeddings = embed_split(parts, part)
    real: list[tuple[str, Floats]] = []
    room = request.config.gallery - len(embeddings.images)
    for label, dataset in others:
        if room > 0:
            real.append((label, _images(parts, dataset, room)))
            room -= len(real[-1][1])
    if room > 0 and request.config.scenes > 0:
        drawn = _scenes(config, min(request.config.scenes, room), request.config.seed)
        real.append(("scenes (drawn maps)", _images(parts, drawn, room)))
    source = {
        "run": path.name,
        "config_id": parts.config.config_id,
        "data": config.data.label,
        "split": split,
        "encoding": _encoding(parts, part.dataset),
    }
    return _Subject(embeddings, source, real, _aggregator(parts, part, embeddings))


def _other_splits(
    config: RunConfig, split: str, present: tuple[str, ...]
) -> Iterator[tuple[str, ImageTextDataset]]:
    for name in present:
        if name not in split.split("+"):
            yield f"{config.data.label} · {name}", open_split(config.data, name, present)


def _other_data(
    parts: Parts, config: RunConfig, request: Request
) -> Iterator[tuple[str, ImageTextDataset]]:
    """Open the data sets that are named as distractors, so that a broken one is found at once."""
    for choice in request.distractors:
        if choice == config.data:
            raise ConfigError(
                f"benchmark.distractors names {choice.name}, the data that is asked about: its "
                "other splits are in the gallery already; name another data set"
            )
        splits = choice.plugin().splits(choice.options)
        for name in splits:
            dataset = open_split(choice, name, splits)
            dataset.check_present()
            check_channels(dataset, parts.model.encoder.image_spec)
            yield f"{choice.label} · {name}", dataset


def _aggregator(parts: Parts, part: SplitParts, embeddings: Embeddings) -> Aggregator:
    """Aggregate some of the captions as the run was trained."""
    texts = [text for captions in part.dataset.captions for text in captions]
    known = torch.from_numpy(embeddings.captions)
    features = TextFeatures(parts.model.text_side, texts, part.inputs.texts, features=known)

    def vectors(rows: Integers) -> Floats:
        ends = np.cumsum(np.bincount(embeddings.image_index[rows]))[:-1]
        captions = [[texts[place] for place in own] for own in np.split(rows, ends)]
        return np.asarray(features.query(captions).text_features.numpy(), np.float32)

    return Aggregator(parts.config.aggregation.label, vectors)


def _images(parts: Parts, dataset: ImageTextDataset, most: int) -> Floats:
    """Embed the images, or that many drawn ones: the first may all be of one place."""
    places = np.arange(len(dataset))
    if len(places) > most:
        places = np.sort(np.random.default_rng(0).choice(places, most, replace=False))
    inputs = parts.model.encoder.inputs(dataset, parts.cache, parts.config.train.augment)
    features = embed_images(parts.model, places, inputs)
    return np.asarray(features.numpy(), np.float32)


def _scenes(config: RunConfig, images: int, seed: int) -> ImageTextDataset:
    """Draw `scenes` images that no run was trained on: another seed than any data's own."""
    asked: dict[str, Any] = {"train_images": images, "seed": seed + 1_000_003}
    if config.data.name == "scenes":
        asked["size"] = config.data.options.size
    choice = read_choice("data", "scenes", asked)
    return open_split(choice, "train", choice.plugin().splits(choice.options))


def _encoding(parts: Parts, dataset: ImageTextDataset) -> dict[str, Any]:
    """Time the text tower apart from any search: many queries together, and one at a time."""
    texts = list(dict.fromkeys(text for own in dataset.captions for text in own))[:_ENCODED]
    encode = parts.model.text_side.encode  # what a new query costs; a split's own may be kept
    encode(texts[:8])
    started = time.perf_counter()
    encode(texts)
    together = len(texts) / (time.perf_counter() - started)
    alone = []
    for text in texts[:_ALONE]:
        started = time.perf_counter()
        encode([text])
        alone.append(1000 * (time.perf_counter() - started))
    return {
        "texts": len(texts),
        "texts_per_second": together,
        "one_text_ms": {"p50": float(np.median(alone)), "p95": float(np.percentile(alone, 95))},
    }
