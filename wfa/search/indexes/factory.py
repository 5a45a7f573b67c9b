"""From a FAISS factory string to an index that is trained, and the parameters of its search."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import faiss
import numpy as np

from wfa.errors import SearchIndexError
from wfa.retrieval.embeddings import Floats
from wfa.search.indexes.training_needs import check_enough, check_factory, inner_indexes

RERANK: Mapping[str, str] = {"none": "", "fp16": ",Refine(SQfp16)", "fp32": ",RFlat"}
"""How the best candidates are scored again -> what stands behind the factory string."""
EXAMPLES = "Flat, SQ8, IVF256,Flat, OPQ32,IVF256,PQ32np, IVF256,PQ64x4fs, HNSW32, IVF256,RaBitQ"
_POINTS_A_CENTROID = 64
_FEWEST_SAMPLED = 20_000
_KMEANS_STEPS = 10
_ROTATION_STEPS, _ROTATION_POINTS = 25, 16_384


def new_index(factory: str, dimension: int, rerank: str = "none", with_ids: bool = False) -> Any:
    """Make an empty index that compares by inner product.

    Args:
        factory: A FAISS factory string without `IDMap` and `Refine`.
        dimension: Of the vectors.
        rerank: `none`, `fp16` or `fp32`: what the best candidates are scored again with, exactly.
        with_ids: Whether vectors are known by ids of the caller's; by their place otherwise.

    Raises:
        SearchIndexError: This build of FAISS does not know the string, or it does not fit the
            dimension, or would make an index of no use.
    """
    if rerank not in RERANK:
        raise SearchIndexError(f"there is no re-ranking {rerank!r}; known: {', '.join(RERANK)}")
    check_factory(factory)
    # IDMap, not IDMap2: the way back from an id to its vector costs 40 bytes and is never asked.
    text = f"{'IDMap,' if with_ids else ''}{factory}{RERANK[rerank]}"
    try:
        index = faiss.index_factory(dimension, text, faiss.METRIC_INNER_PRODUCT)
    except (RuntimeError, TypeError, MemoryError) as error:
        raise SearchIndexError(
            f"FAISS {faiss.__version__} makes no index {factory!r} for {dimension} dimensions "
            f"({reason(error)}); strings that work: {EXAMPLES}"
        ) from error
    for layer in inner_indexes(index):
        _tune_training(layer)
    return index


def centroids_of(index: Any) -> int:
    """Return the largest number of centroids that training must find; 0 without any."""
    most = 0
    for layer in inner_indexes(index):
        most = max(most, getattr(layer, "nlist", 0))
        quantizer = getattr(layer, "pq", None)
        most = max(most, quantizer.ksub if quantizer is not None else 0)
    return most


def train_index(index: Any, sample: Floats) -> None:
    """Train an index; the same sample gives the same index.

    Args:
        index: From `new_index`.
        sample: (T, D) float32, as many as `check_enough` asks for.

    Raises:
        SearchIndexError: There are too few training points, or FAISS refuses them.
    """
    if index.is_trained:
        return
    check_enough(index, len(sample))
    try:
        index.train(np.ascontiguousarray(sample))
    except (RuntimeError, MemoryError) as error:
        raise SearchIndexError(
            f"the index cannot be trained on {len(sample)} vectors ({reason(error)}): give more, "
            f"or another factory string, such as {EXAMPLES}"
        ) from error


def sample_rows(count: int, centroids: int, seed: int = 0) -> Any:
    """Draw the rows to train on, without repeats and sorted.

    Args:
        count: Vectors that there are.
        centroids: What training must find; 64 points each are drawn, and 20,000 at least.
        seed: Of the draw.

    Returns:
        (T,) int64 rows; all of them where there are no more.
    """
    wanted = max(_POINTS_A_CENTROID * centroids, _FEWEST_SAMPLED)
    if wanted >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, wanted, replace=False))


def set_parameters(index: Any, parameters: Mapping[str, int]) -> None:
    """Set what search may spend: `nprobe`, `efSearch`, `quantizer_efSearch`, `k_factor_rf`, `qb`.

    Raises:
        SearchIndexError: The index has no such parameter, or the value is below 1.
    """
    space = faiss.ParameterSpace()
    for name, value in parameters.items():
        if value < 1:
            raise SearchIndexError(f"{name}={value} must be at least 1")
        if name == "qb":  # bits of a RaBitQ query; FAISS's parameter space does not know it
            holders = [layer for layer in inner_indexes(index) if hasattr(layer, "qb")]
            if not holders:
                raise SearchIndexError("qb belongs to RaBitQ, and this index has none")
            holders[0].qb = value
            continue
        try:
            space.set_index_parameter(index, name, value)
        except RuntimeError as error:
            raise SearchIndexError(
                f"this index has no search parameter {name!r} ({reason(error)}); IVF has nprobe, "
                "HNSW efSearch, re-ranking k_factor_rf, RaBitQ qb"
            ) from error


@contextmanager
def pinned_threads(count: int) -> Iterator[None]:
    """Let FAISS use `count` threads within the block."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _tune_training(layer: Any) -> None:
    """Make training quiet and quick: as good by measurement, minutes shorter."""
    for holder in (layer, getattr(layer, "pq", None)):
        clustering = getattr(holder, "cp", None)
        if clustering is not None:
            clustering.min_points_per_centroid = 1  # we check the number, and FAISS only warns
    if isinstance(layer, faiss.IndexIVF):
        layer.cp.niter = _KMEANS_STEPS
    if isinstance(layer, faiss.IndexPreTransform):
        chain: Any = layer.chain  # a vector of C++, which FAISS's stubs call a list
        for place in range(chain.size()):
            transform = faiss.downcast_VectorTransform(chain.at(place))
            if isinstance(transform, faiss.OPQMatrix):
                _tune_rotation(transform)


def _tune_rotation(transform: Any) -> None:
    """Train OPQ with 16 centroids a part: FAISS's 256 take 50 times as long for the same use."""
    quantizer: Any = faiss.ProductQuantizer(transform.d_out, transform.M, 4)
    quantizer.cp.min_points_per_centroid = 1
    quantizer.this.disown()  # the rotation keeps the pointer; it is freed with the process
    transform.pq = quantizer
    transform.niter, transform.niter_pq_0 = _ROTATION_STEPS, _KMEANS_STEPS
    transform.max_train_points = _ROTATION_POINTS


def reason(error: Exception) -> str:
    """Take what FAISS says out of its C++ wrapping; one line."""
    text = str(error).strip().rpartition("\n")[2]
    return text.partition("cpp:")[2].partition(":")[2].strip() or text
