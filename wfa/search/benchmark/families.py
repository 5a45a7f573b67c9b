"""The index families that are compared: a factory string and a grid of search parameters each."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

from wfa.errors import ConfigError
from wfa.plugins import unknown

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
    grid: tuple[Parameters, ...] = ({},)
    exact_to: int = 0
    on_gpu: bool = False

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


def _flat(count: int, dimension: int) -> Family:
    return Family("flat", "Flat", exact_to=32, on_gpu=True)


def _sq8(count: int, dimension: int) -> Family:
    return Family("sq8", "SQ8")


def _sqfp16(count: int, dimension: int) -> Family:
    return Family("sqfp16", "SQfp16", exact_to=16, on_gpu=True)


def _pq_fast(count: int, dimension: int) -> Family:
    return Family("pq_fast", f"PQ{parts_for(dimension, dimension // 2)}x4fs")


def _rabitq(count: int, dimension: int) -> Family:
    return Family("rabitq", f"RR{dimension},RaBitQ", ({"qb": 8},))


def _ivf_flat(count: int, dimension: int) -> Family:
    return Family("ivf_flat", f"IVF{lists_for(count)},Flat", _probes(count), 32, on_gpu=True)


def _ivf_pq(count: int, dimension: int) -> Family:
    parts = parts_for(dimension, dimension // 8)
    factory = f"OPQ{parts},IVF{lists_for(count)},PQ{parts}np"
    return Family("ivf_pq", factory, _probes(count), on_gpu=True)


def _ivf_pq_fast(count: int, dimension: int) -> Family:
    factory = f"IVF{lists_for(count)},PQ{parts_for(dimension, dimension // 2)}x4fs"
    return Family("ivf_pq_fast", factory, _probes(count))


def _ivf_rabitq(count: int, dimension: int) -> Family:
    factory = f"RR{dimension},IVF{lists_for(count)},RaBitQ"
    return Family("ivf_rabitq", factory, _probes(count, qb=8))


def _hnsw(count: int, dimension: int) -> Family:
    return Family("hnsw", "HNSW32", tuple({"efSearch": beam} for beam in _BEAMS), 32)


def _hnsw_sq8(count: int, dimension: int) -> Family:
    return Family("hnsw_sq8", "HNSW32_SQ8", tuple({"efSearch": beam} for beam in _BEAMS))


FAMILIES: Mapping[str, Callable[[int, int], Family]] = {
    "flat": _flat,
    "sqfp16": _sqfp16,
    "sq8": _sq8,
    "pq_fast": _pq_fast,
    "rabitq": _rabitq,
    "ivf_flat": _ivf_flat,
    "ivf_pq": _ivf_pq,
    "ivf_pq_fast": _ivf_pq_fast,
    "ivf_rabitq": _ivf_rabitq,
    "hnsw": _hnsw,
    "hnsw_sq8": _hnsw_sq8,
}
"""Name -> what makes the family for N vectors of D dimensions."""


def family(name: str, count: int, dimension: int) -> Family:
    """Return a family by its name, or one of a FAISS factory string.

    Raises:
        ConfigError: It is neither.
    """
    if name in FAMILIES:
        return FAMILIES[name](count, dimension)
    if not any(sign.isupper() for sign in name):
        raise ConfigError(str(unknown("index family", name, list(FAMILIES))))
    grid: tuple[Parameters, ...] = ({},)
    if "HNSW" in name and "IVF" not in name:
        grid = tuple({"efSearch": beam} for beam in _BEAMS)
    elif "IVF" in name:
        grid = _probes(count)
    return Family(name, name, grid)


def _probes(count: int, **more: int) -> tuple[Parameters, ...]:
    lists = lists_for(count)
    return tuple({"nprobe": probe, **more} for probe in _PROBES if probe < lists or probe == 1)
