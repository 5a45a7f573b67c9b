import numpy as np
import pytest

from wfa.bigearthnet.annotate.corine import CODES, WITHOUT_CLASS, classes_of
from wfa.bigearthnet.class_names import CLASSES
from wfa.errors import DataError

# CORINE Land Cover's legend, level 3.
LEVEL_3 = {
    111, 112, 121, 122, 123, 124, 131, 132, 133, 141, 142, 211, 212, 213, 221, 222, 223, 231, 241,
    242, 243, 244, 311, 312, 313, 321, 322, 323, 324, 331, 332, 333, 334, 335, 411, 412, 421, 422,
    423, 511, 512, 521, 522, 523,
}  # fmt: skip


def test_every_code_has_one_class_or_none() -> None:
    codes = [code for own in CODES for code in own]
    assert len(codes) == len(set(codes))
    assert set(codes) | set(WITHOUT_CLASS) == LEVEL_3 | {0, 990, 995, 999}
    assert not set(codes) & set(WITHOUT_CLASS)
    assert len(CODES) == len(CLASSES) == 19


def test_codes_become_classes() -> None:
    codes = np.full((120, 120), 211, np.uint16)
    codes[0, :4] = 333, 241, 142, 523
    found = classes_of(codes, "x")
    names = [CLASSES[place].name if place >= 0 else None for place in found[0, :5].tolist()]
    assert names == [
        "Natural grassland and sparsely vegetated areas", "Permanent crops", None, "Marine waters",
        "Arable land",
    ]  # fmt: skip
    assert found.dtype == np.int8


@pytest.mark.parametrize("shape", [(60, 60), (120, 121), (120, 120, 1)])
def test_another_size_names_the_patch(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"of patch p1 is .* uint16: wanted are 120 x 120 uint16"):
        classes_of(np.full(shape, 211, np.uint16), "p1")


def test_another_type_names_the_patch() -> None:
    with pytest.raises(DataError, match="of patch p1 is 120 x 120 uint8"):
        classes_of(np.full((120, 120), 211, np.uint8), "p1")


def test_unknown_codes_name_the_patch() -> None:
    codes = np.full((120, 120), 211, np.uint16)
    codes[3, 4], codes[5, 6] = 7, 600
    with pytest.raises(DataError, match="of patch p1 has the codes 7, 600, which are none"):
        classes_of(codes, "p1")
