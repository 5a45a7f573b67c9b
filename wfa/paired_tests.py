"""Paired randomisation tests with shared sign flips, and Holm's correction.

Randomisation: Fisher 1935; for retrieval: Smucker, Allan and Carterette 2007, CIKM. Holm 1979,
Scand. J. Statist. 6. Flips are shared by all pairs, which makes the tests one matrix product.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FLIPS = 9_999
_CELLS_AT_ONCE = 4_000_000
_ROUNDING = 1e-12


def randomisation_p(differences: Floats, flips: int = FLIPS, seed: int = 0) -> Floats:
    """Return the two-sided p-values of paired randomisation tests with shared sign flips.

    Args:
        differences: (M, P), the difference of each of M units under each of P pairs.
        flips: Random sign patterns; all 2^M are gone through where they are no more than that.
        seed: Of the patterns.

    Returns:
        (P,) share of the patterns whose absolute mean is at least the observed one; the observed
        pattern counts among them, so no p-value is 0.
    """
    units = len(differences)
    observed = np.abs(differences.sum(axis=0))
    # A sum that equals the observed one but for rounding is as extreme as it.
    bound = observed - _ROUNDING * (1.0 + np.abs(differences).sum(axis=0))
    exact = units < 31 and 2**units <= flips + 1
    extreme = np.zeros(differences.shape[1])
    total = 0
    for signs in _all_signs(units) if exact else _random_signs(units, flips, seed):
        extreme += (np.abs(signs @ differences) >= bound).sum(axis=0)
        total += len(signs)
    return extreme / total if exact else (extreme + 1.0) / (total + 1.0)


def smallest_p(units: int) -> float:
    """Return the smallest two-sided p that so many paired units can reach: 2 of 2^M patterns.

    Args:
        units: Those whose difference may be other than 0.
    """
    return min(1.0, 2.0 ** (1 - units))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted over their family by Holm's step-down procedure, in their order."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for step, place in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - step) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def _all_signs(units: int) -> Iterator[Floats]:
    patterns = np.arange(2**units)[:, None] >> np.arange(units) & 1
    yield np.asarray(1.0 - 2.0 * patterns, np.float64)


def _random_signs(units: int, flips: int, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    for size in draw_sizes(flips, units):
        yield np.asarray(1.0 - 2.0 * rng.integers(0, 2, (size, units)), np.float64)


def draw_sizes(total: int, width: int) -> Iterator[int]:
    """Cut a number of draws of `width` units each so that one part stays within memory."""
    step = max(1, _CELLS_AT_ONCE // max(1, width))
    for start in range(0, total, step):
        yield min(step, total - start)
