"""How many vectors an index needs, found before FAISS is entered, which may abort for fewer."""

import re
from collections.abc import Iterator
from typing import Any

import faiss

from wfa.errors import SearchIndexError

_LARGEST = 1 << 20
_MOST_BITS = 16
_FEWEST_OF_GRAPH = 256  # NSG starts from a graph of 64 neighbours and 114 candidates a vector
_FORBIDDEN = (
    (r"(^|,)IDMap2?(,|$)", "vectors are known by their place, so leave IDMap out"),
    (r"(^|,)(Refine\(|RFlat)", "leave re-ranking out of the string and set rerank=fp16 or fp32"),
    (r"(^|[,(_])IVF0+(?!\d)", "IVF needs at least one list"),
    (r"HNSW0*[01](?!\d)", "HNSW needs at least 2 neighbours"),
    (r"NSG0*[0-3](?!\d)|NSG0*(6[5-9]|[7-9]\d|\d{3,})", "NSG takes 4 to 64 neighbours"),
)


def check_factory(factory: str) -> None:
    """Refuse strings that FAISS takes, and that end in an abort or in an index of no use.

    Raises:
        SearchIndexError: The string is one of those, or asks for more than any machine has.
    """
    for pattern, why in _FORBIDDEN:
        if re.search(pattern, factory):
            raise SearchIndexError(f"the index {factory!r} cannot be used: {why}")
    numbers = [int(digits) for digits in re.findall(r"\d{1,18}", factory)]
    bits = [int(digits) for digits in re.findall(r"(?:PQ|RQ|LSQ|x)\d+x(\d{1,9})", factory)]
    if max(numbers, default=0) > _LARGEST or max(bits, default=0) > _MOST_BITS:
        raise SearchIndexError(
            f"the index {factory!r} asks for too much: numbers are at most {_LARGEST:,}, and codes "
            f"of {_MOST_BITS} bits"
        )


def check_enough(index: Any, count: int) -> None:
    """Refuse to train an index with fewer vectors than it needs, or to fill it with fewer.

    Args:
        index: An index of FAISS's, made and not yet trained.
        count: Vectors to train with.

    Raises:
        SearchIndexError: They are too few.
    """
    for needed, what in _needs(index):
        if count < needed:
            raise SearchIndexError(
                f"{count} training points are too few for {needed} {what}: give more vectors, or a "
                "factory string with fewer lists (IVF), bits (PQ, RQ) or dimensions (OPQ, PCA, "
                "ITQ); HNSW32 and SQ8 need no more than one"
            )


def inner_indexes(index: Any) -> Iterator[Any]:
    """Walk from an index through ids, re-ranking, rotation and graph to the one of the codes."""
    layer = index  # the outermost owns the others, and must outlive this walk
    while layer is not None:
        layer = faiss.downcast_index(layer)
        yield layer
        layer = next(
            (found for name in ("base_index", "index", "storage")
             if (found := getattr(layer, name, None)) is not None),
            None,
        )  # fmt: skip


def _needs(index: Any) -> Iterator[tuple[int, str]]:
    """Give (vectors, what needs them) of every part of an index."""
    for layer in inner_indexes(index):
        if isinstance(layer, faiss.IndexPreTransform):
            yield from _needs_of_transforms(layer)
        if isinstance(layer, faiss.IndexNSG):
            yield _FEWEST_OF_GRAPH, "vectors of a graph (NSG)"
        if isinstance(layer, faiss.IndexIVF):
            yield layer.nlist, "centroids of lists (IVF)"
            coarse: Any = layer.quantizer
            for needed, what in _needs(coarse):
                if needed > layer.nlist:
                    yield 1 << 62, f"{what} among {layer.nlist} lists (IVF)"
        quantizer = getattr(layer, "pq", None)
        if quantizer is not None:
            yield quantizer.ksub, "centroids of codes (PQ)"
        additive = next(
            (found for name in ("rq", "lsq", "prq", "plsq")
             if (found := getattr(layer, name, None)) is not None),
            None,
        )  # fmt: skip
        if additive is not None:
            widest = max(additive.nbits.at(k) for k in range(additive.nbits.size()))
            yield 1 << widest, "centroids of codes (RQ, LSQ)"
            # Its codebooks are found in the main directions of the vectors, one for a dimension.
            yield additive.d, "dimensions (RQ, LSQ)"


def _needs_of_transforms(layer: Any) -> Iterator[tuple[int, str]]:
    chain: Any = layer.chain  # a vector of C++, which FAISS's stubs call a list
    for place in range(chain.size()):
        transform: Any = faiss.downcast_VectorTransform(chain.at(place))
        if not transform.is_trained:
            name = type(transform).__name__.removesuffix("Matrix").removesuffix("Transform")
            yield max(transform.d_in, transform.d_out, 16), f"dimensions ({name})"
