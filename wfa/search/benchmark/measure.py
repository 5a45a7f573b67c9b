"""The whole measurement of one split: gallery, sweep, forms, what to use."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.files import remove_leftovers, temporary_folder
from wfa.pareto import pareto_front
from wfa.progress import track
from wfa.provenance import cores, machine, versions
from wfa.retrieval.embeddings import Embeddings, Floats
from wfa.retrieval.exact_search import check_vectors
from wfa.retrieval.relevance import single_texts
from wfa.search.benchmark.answer_quality import exact_thresholds, task_of
from wfa.search.benchmark.benchmark_options import Config
from wfa.search.benchmark.distractors import grow
from wfa.search.benchmark.families import Family, family
from wfa.search.benchmark.gallery_forms import Aggregator, measure_forms
from wfa.search.benchmark.recommend import (
    notes,
    recommend,
    size_measures,
    speed_measures,
)
from wfa.search.benchmark.reranking import measure_reranking
from wfa.search.benchmark.settings import Request
from wfa.search.benchmark.sweep import Sweep, Values

_SCRATCH = "measured"


def run_benchmark(
    embeddings: Embeddings,
    others: Sequence[tuple[str, Floats]],
    request: Request,
    source: Mapping[str, Any],
    folder: Path,
    aggregator: Aggregator | None = None,
) -> Values:
    """Measure index families and gallery forms.

    Args:
        embeddings: The split that is asked about.
        others: (name, (N, D) float32) real vectors for the gallery, in order of preference.
        request: What is measured.
        source: What `benchmark.json` says of where the vectors come from.
        folder: For large files while they are needed; nothing stays there, neither of this
            process nor of one that was killed before.
        aggregator: Makes an image's text vector of some of its captions; their mean unless given.

    Returns:
        What `benchmark.json` holds.

    Raises:
        ConfigError: A family is not known.
        SearchIndexError: `k` is above the gallery.
    """
    size = max(request.config.gallery, len(embeddings.images))
    request, lowered = _fitted(request, size)
    config = request.config
    for name, vectors in others:
        check_vectors(name, vectors)
    chosen = [family(name, size, embeddings.images.shape[1]) for name in config.families]
    remove_leftovers(folder)
    with temporary_folder(folder / _SCRATCH) as scratch:
        measured = _indexes(embeddings, others, chosen, config, scratch)
    points = measured["points"]
    forms, held_out = measure_forms(embeddings, config, aggregator) if config.forms else ([], {})
    return {
        "name": request.name,
        "settings": request.as_dict(),
        "source": dict(source),
        **measured,
        "threads": {"all": config.threads or cores(), "one": 1},
        "machine": machine(),
        "versions": versions(),
        "gpus": faiss.get_num_gpus(),
        "recommended": asdict(recommend(points, request.goal)),
        "notes": [*lowered, *notes(points)],
        "forms": forms,
        "held_out": held_out,
        "reranking": measure_reranking(embeddings, config) if config.forms else [],
    }


def _fitted(request: Request, size: int) -> tuple[Request, list[str]]:
    """Lower a `k` that nobody asked for to the gallery's size, and say so."""
    k = request.config.k
    if request.k_asked or k <= size:
        return request, []
    words = f"k is {size} and not {k}: the gallery holds no more; split=NAME asks about another"
    return replace(request, config=replace(request.config, k=size)), [words]


def _indexes(
    embeddings: Embeddings, others: Sequence[tuple[str, Floats]], chosen: Sequence[Family],
    config: Config, scratch: Path,
) -> Values:  # fmt: skip
    """Fill the gallery and measure the families in it; large files lie in `scratch`."""
    own, width = embeddings.images.shape
    room = _room(scratch, max(config.gallery, own), width)
    gallery = grow(embeddings.images, others, config.gallery, config.seed, room)
    if config.k > len(gallery.vectors):
        raise SearchIndexError(
            f"benchmark.k={config.k} is above the gallery of {len(gallery.vectors)} vectors: "
            "ask for fewer, set benchmark.gallery higher, or ask about a larger split with "
            "split=NAME"
        )
    task = task_of(single_texts(embeddings), config.queries, config.seed)
    thresholds = exact_thresholds(task.queries, gallery.vectors, config.k)
    sweep = Sweep(gallery.vectors, task, thresholds, config, scratch)
    points, skipped = _measure(sweep, chosen)
    for mark, better in (("best_speed", speed_measures), ("best_size", size_measures)):
        for point, best in zip(points, pareto_front(list(map(better, points))), strict=True):
            point[mark] = best
    return {
        "gallery": {
            "vectors": len(gallery.vectors),
            "width": width,
            "makeup": [{"what": what, "vectors": count} for what, count in gallery.makeup],
        },
        "queries": {"distinct": len(task.queries), "items": len(task.row)},
        "points": points,
        "skipped": skipped,
    }


def _measure(sweep: Sweep, families: Sequence[Family]) -> tuple[list[Values], list[Values]]:
    """Go through the families; one that FAISS cannot build is noted, not fatal."""
    points, skipped = [], []
    for one in track(families, "measuring indexes"):
        try:
            for point in sweep.measure(one):  # one by one: those before a failure stand
                points.append(point)
        except SearchIndexError as error:
            skipped.append({"family": one.name, "where": "memory", "reason": str(error)})
    if not points:
        raise SearchIndexError(f"no index could be measured; the first one: {skipped[0]['reason']}")
    return points, skipped


_IN_MEMORY = 4 * 2**30


def _room(folder: Path, size: int, width: int) -> Floats | None:
    """Lay out a gallery above 4 GiB in a file that is mapped; smaller ones stay in memory."""
    if 4 * size * width <= _IN_MEMORY:
        return None
    room: Floats = np.lib.format.open_memmap(
        folder / "gallery.npy", mode="w+", dtype=np.float32, shape=(size, width)
    )
    return room
