"""The index families that are compared: a factory string and a grid of search parameters each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from wfa.errors import ConfigError, unknown

Parameters = Mapping[str, int]
_PROBES = (1, 4, 16, 64)
_BEAMS = (16, 64, 256)
_FACTORS = (4, 16)


@dataclass(frozen=True)
class Family:
    """One index and the points at which it is searched.

    Attributes:
        name: As the config names it.
        factory: FAISS's factory string.
        grid: Search parameters of each point.
        exact_to: Bits of a component that the codes keep whole: 32, 16, or 0 for lossy codes.
            Re-ranking with no more than that changes no answer and is left out.
        on_gpu: Whether FAISS has it for GPUs.
    """

    name: str
    factory: str
    grid: tuple[Parameters, ...]
    exact_to: int
    on_gpu: bool

    def reranks_with(self, rerank: str) -> bool:
        """Tell whether scoring again can change an answer."""
        return rerank == "none" or int(rerank.removeprefix("fp")) > self.exact_to

    def points(self, rerank: str) -> list[Parameters]:
        """Return the search parameters of each point, with those of re-ranking where it is on."""
        if rerank == "none":
            return list(self.grid)
        return [{**own, "k_factor_rf": k} for own, k in product(self.grid, _FACTORS)]


def lists_for(count: int) -> int:
    """Choose the number of inverted lists: the power of two nearest to 2 sqrt(N).

    FAISS advises 4 to 16 sqrt(N) (Guidelines to choose an index); half of the least is as good up
    to a million vectors and trains twice as fast. No list has fewer than 16 vectors on average.
    """
    power = round(math.log2(2 * math.sqrt(max(count, 1))))
    return int(max(1, min(2**power, 2 ** int(math.log2(max(count / 16, 1))))))


def parts_for(dimension: int, wanted: int) -> int:
    """Choose the number of parts of a product quantizer: the largest divisor up to `wanted`."""
    return max(part for part in range(1, max(wanted, 1) + 1) if dimension % part == 0)


FAMILIES: Mapping[str, tuple[str, int, bool]] = {
    "flat": ("Flat", 32, True),
    "sqfp16": ("SQfp16", 16, True),
    "sq8": ("SQ8", 0, False),
    "pq_fast": ("PQ{half}x4fs", 0, False),
    "rabitq": ("RR{width},RaBitQ", 0, False),
    "ivf_flat": ("IVF{lists},Flat", 32, True),
    "ivf_pq": ("OPQ{eighth},IVF{lists},PQ{eighth}np", 0, True),
    "ivf_pq_fast": ("IVF{lists},PQ{half}x4fs", 0, False),
    "ivf_rabitq": ("RR{width},IVF{lists},RaBitQ", 0, False),
    "hnsw": ("HNSW32", 32, False),
    "hnsw_sq8": ("HNSW32_SQ8", 0, False),
}
"""Name -> FAISS's factory string, bits kept whole, whether for GPUs.

`{lists}` follows from the number of vectors; `{half}` and `{eighth}` are parts of a vector.
"""


def family(name: str, count: int, dimension: int) -> Family:
    """Return a family by its name, or one of a FAISS factory string.

    Raises:
        ConfigError: It is neither.
    """
    if name not in FAMILIES and not any(sign.isupper() for sign in name):
        raise ConfigError(str(unknown("index family", name, list(FAMILIES))))
    pattern, exact_to, on_gpu = FAMILIES.get(name, (name, 0, False))
    lists = lists_for(count)
    factory = pattern.format(
        lists=lists, width=dimension, half=parts_for(dimension, dimension // 2),
        eighth=parts_for(dimension, dimension // 8),
    )  # fmt: skip
    return Family(name, factory, _grid(factory, lists), exact_to, on_gpu)


def _grid(factory: str, lists: int) -> tuple[Parameters, ...]:
    """Choose search parameters by what the index is made of."""
    more = {"qb": 8} if "RaBitQ" in factory else {}
    if "IVF" in factory:
        return tuple({"nprobe": n, **more} for n in _PROBES if n < lists or n == 1)
    if "HNSW" in factory:
        return tuple({"efSearch": beam, **more} for beam in _BEAMS)
    return (more,)
