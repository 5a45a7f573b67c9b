"""CORINE Land Cover codes of level 3, and the class of the 19 that each belongs to."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.bands import PATCH_SIZE
from wfa.bigearthnet.class_names import CLASSES
from wfa.errors import DataError

CODES: tuple[tuple[int, ...], ...] = (
    (111, 112),
    (121,),
    (211, 212, 213),
    (221, 222, 223, 241),
    (231,),
    (242,),
    (243,),
    (244,),
    (311,),
    (312,),
    (313,),
    (321, 333),
    (322, 323),
    (324,),
    (331,),
    (411, 412),
    (421, 422),
    (511, 512),
    (521, 522, 523),
)
"""The codes of each class, in the order of `CLASSES` (Sumbul et al. 2021, BigEarthNet-MM)."""

WITHOUT_CLASS = (
    0, 122, 123, 124, 131, 132, 133, 141, 142, 332, 334, 335, 423, 990, 995, 999,
)  # fmt: skip
"""Codes of land that no class takes, of land left unclassified, and of no data."""

NO_CLASS = -1
_UNKNOWN = -2

ClassMap = NDArray[np.int8]
"""(H, W): the place of each pixel's class in `CLASSES`, or `NO_CLASS`."""


def _lookup() -> NDArray[np.int8]:
    table = np.full(1 << 16, _UNKNOWN, np.int8)
    table[list(WITHOUT_CLASS)] = NO_CLASS
    for place, codes in enumerate(CODES):
        table[list(codes)] = place
    return table


_CLASS_OF_CODE = _lookup()
assert len(CODES) == len(CLASSES)


def classes_of(reference: NDArray[Any], patch: str) -> ClassMap:
    """Return the classes of a reference map.

    Args:
        reference: (120, 120) uint16, CORINE codes of level 3.
        patch: The patch's name, for messages.

    Raises:
        DataError: The map has another size or type, or holds codes that CORINE does not have.
    """
    if reference.shape != (PATCH_SIZE, PATCH_SIZE) or reference.dtype != np.uint16:
        raise DataError(
            f"the reference map of patch {patch} is {' x '.join(map(str, reference.shape))} "
            f"{reference.dtype}: wanted are {PATCH_SIZE} x {PATCH_SIZE} uint16"
        )
    found: ClassMap = _CLASS_OF_CODE[reference]
    if found.min() == _UNKNOWN:
        codes = np.unique(reference[found == _UNKNOWN]).tolist()
        raise DataError(
            f"the reference map of patch {patch} has the codes {', '.join(map(str, codes))}, which "
            "are none of CORINE Land Cover's level 3"
        )
    return found
