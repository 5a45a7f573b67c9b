"""Measure how quickly a run's features are searched: its own split, other splits, drawn ones."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wfa.config import RunConfig, resolve, resolve_section
from wfa.data.dataset import ImageTextDataset
from wfa.errors import ConfigError
from wfa.retrieval.efficiency.benchmark import run_benchmark
from wfa.retrieval.efficiency.request import Request, parse_request
from wfa.retrieval.embed import Track, embed_images, embed_texts, untracked
from wfa.retrieval.embeddings import Embeddings, Floats
from wfa.training.assemble import Parts, SplitParts, load_run, open_split
from wfa.training.run_folder import RunFolder

FILE = "benchmark.json"
_ENCODED = 256
_ALONE = 20


def benchmark(
    path: Path, words: Sequence[str], out: Path | None = None, track: Track[Any] = untracked
) -> Path:
    """Measure a run, or an embeddings file.

    Args:
        path: A finished run's folder, or a file that `Embeddings.save` wrote.
        words: `benchmark=NAME`, `benchmark.KEY=VALUE`; for a run also `data=NAME`,
            `data.KEY=VALUE` and `split=NAME`.
        out: The folder of `benchmark.json`; `benchmark` in the run's folder, or the file's,
            unless given.
        track: Shows progress.

    Returns:
        The path of `benchmark.json`.

    Raises:
        ConfigError: A key, name or value is wrong, or a word changes what the run was trained
            with.
        RunError: The folder holds no finished run.
        DataError: The data set, split or file cannot be read.
        SearchIndexError: No index could be measured, or `k` is above the gallery.
    """
    request = parse_request(words)
    if path.is_file():
        if request.others:
            raise ConfigError(f"{request.others[0]!r} cannot change an embeddings file: it takes "
                              "benchmark=NAME and benchmark.KEY=VALUE")  # fmt: skip
        embeddings, source = Embeddings.load(path), {"embeddings": path.name}
        real: list[tuple[str, Floats]] = []
    else:
        embeddings, real, source = _from_run(path, request, track)
    folder = out or (path.parent if path.is_file() else path) / "benchmark"
    found = run_benchmark(embeddings, real, request, source, folder, track)
    RunFolder(folder).write_json(FILE, found)
    return folder / FILE


def _from_run(
    path: Path, request: Request, track: Track[Any]
) -> tuple[Embeddings, list[tuple[str, Floats]], dict[str, Any]]:
    """Embed the split that is asked about, and the real images of other splits and of `scenes`."""
    split, kept = _words(request.others)
    parts = load_run(path)
    config = resolve(kept, file=RunFolder(path).config_file)
    present = config.data.plugin().splits(config.data.options)
    part = parts.prepare(open_split(config.data, split, present))
    embeddings = parts.embed(part, track)
    room = request.config.gallery - len(embeddings.images)
    real: list[tuple[str, Floats]] = []
    for name in present:
        if name != split and room > 0:
            other = open_split(config.data, name, present)
            real.append((f"{config.data.name} · {name}", _images(parts, other, track)))
            room -= len(real[-1][1])
    if room > 0 and request.config.scenes > 0:
        drawn = _scenes(config, min(request.config.scenes, room), request.config.seed)
        real.append(("scenes (drawn maps)", _images(parts, drawn, track)))
    source = {
        "run": path.name,
        "config_id": parts.config.config_id,
        "data": config.data.name,
        "split": split,
        "encoding": _encoding(parts, part),
    }
    return embeddings, real, source


def _words(words: Sequence[str]) -> tuple[str, list[str]]:
    split, kept = "test", []
    for word in words:
        key, _, value = word.partition("=")
        if key == "split":
            split = value
        elif key.partition(".")[0] == "data":
            kept.append(word)
        else:
            raise ConfigError(
                f"{word!r} cannot change a finished run: benchmark takes benchmark=NAME, "
                "benchmark.KEY=VALUE, data, split and out=DIR"
            )
    return split, kept


def _images(parts: Parts, dataset: ImageTextDataset, track: Track[Any]) -> Floats:
    inputs = parts.model.encoder.inputs(dataset, parts.cache, parts.config.train.augment)
    return np.asarray(embed_images(parts.model, dataset, inputs, track=track).numpy(), np.float32)


def _scenes(config: RunConfig, images: int, seed: int) -> ImageTextDataset:
    """Draw `scenes` images that no run was trained on: another seed than any data's own."""
    words = [f"data.train_images={images}", f"data.seed={seed + 1_000_003}"]
    own = getattr(config.data.options, "size", None)
    if config.data.name == "scenes" and own:
        words.append(f"data.size={own}")
    choice = resolve_section("data", "scenes", words)
    return open_split(choice, "train", choice.plugin().splits(choice.options))


@torch.inference_mode()
def _encoding(parts: Parts, part: SplitParts) -> dict[str, Any]:
    """Time the text tower apart from any search: many queries together, and one at a time."""
    texts = list(dict.fromkeys(text for own in part.dataset.captions for text in own))[:_ENCODED]
    to_inputs = part.inputs.texts
    embed_texts(parts.model, texts[:8], to_inputs)
    started = time.perf_counter()
    embed_texts(parts.model, texts, to_inputs)
    together = len(texts) / (time.perf_counter() - started)
    alone = []
    for text in texts[:_ALONE]:
        started = time.perf_counter()
        embed_texts(parts.model, [text], to_inputs)
        alone.append(1000 * (time.perf_counter() - started))
    return {
        "texts": len(texts),
        "texts_per_second": together,
        "one_text_ms": {"p50": float(np.median(alone)), "p95": float(np.percentile(alone, 95))},
    }
