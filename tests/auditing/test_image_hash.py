from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.data.tiny import TinyDataset
from wfa.auditing.image_hash import difference_hash, hash_images, same_images
from wfa.errors import DataError


class Pictures(TinyDataset):
    """Pictures in memory; None stands for one that cannot be read."""

    def __init__(self, pictures: Sequence[NDArray[np.uint8] | None], split: str) -> None:
        super().__init__([["a lake"]] * len(pictures), split)
        self.pictures = pictures

    def read_image(self, index: int) -> NDArray[np.uint8]:
        picture = self.pictures[index]
        if picture is None:
            raise DataError(f"image {index} is missing")
        return picture


def grey(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(values[:, :, None], 3, axis=2)


def smooth(seed: int, size: int = 96) -> NDArray[np.uint8]:
    small = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC))


def bits(image: NDArray[np.uint8]) -> int:
    found = difference_hash(image)
    assert found is not None
    return found


def test_hash_by_hand() -> None:
    values = np.zeros((8, 9), np.uint8)
    values[0] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    values[7] = [9, 9, 9, 9, 9, 9, 9, 9, 10]
    assert difference_hash(grey(values)) == (0xFF << 56) | 1


def test_hash_equals_a_loop_over_the_thumbnail() -> None:
    image = smooth(3)
    small = Image.fromarray(image).convert("L").resize((9, 8), Image.Resampling.LANCZOS)
    written = "".join(
        "1" if small.getpixel((x + 1, y)) > small.getpixel((x, y)) else "0"  # type: ignore[operator]
        for y in range(8)
        for x in range(8)
    )
    assert f"{difference_hash(image):064b}" == written


@pytest.mark.parametrize("seed", range(5))
def test_hash_of_a_scaled_picture_is_near_and_of_another_is_far(seed: int) -> None:
    image = smooth(seed)
    scaled = np.asarray(Image.fromarray(image).resize((64, 64), Image.Resampling.LANCZOS))
    assert (bits(image) ^ bits(scaled)).bit_count() <= 3
    assert (bits(image) ^ bits(smooth(seed + 100))).bit_count() > 10


def test_flat_images_and_sensors_with_nan() -> None:
    assert difference_hash(np.full((6, 8, 3), 7, np.uint8)) is None
    assert difference_hash(np.full((4, 4, 2), np.nan, np.float32)) is None
    sensor = np.random.default_rng(0).normal(-12, 5, (120, 120, 4)).astype(np.float32)
    assert difference_hash(sensor) == difference_hash(sensor * 2)


def test_same_images_are_grouped_and_bad_ones_listed() -> None:
    one, other = smooth(1), smooth(2)
    flat = np.zeros((9, 9, 3), np.uint8)
    splits = {
        "train": hash_images(Pictures([one, other, None, flat], "train")),
        "test": hash_images(Pictures([other, flat], "test")),
    }
    assert splits["train"].flat == [3]
    assert splits["train"].unreadable == {2: "image 2 is missing"}
    (group,) = same_images(splits)
    assert group.images == (("train", 1), ("test", 0))
    assert group.identical
    assert group.hash == f"{bits(other):016x}"


def test_images_of_one_hash_and_other_pixels_are_not_identical() -> None:
    ramp = grey(np.tile(np.arange(9, dtype=np.uint8), (8, 1)))
    split = hash_images(Pictures([ramp, ramp + np.uint8(9)], "train"))
    (group,) = same_images({"train": split})
    assert group.hash == "f" * 16
    assert not group.identical
