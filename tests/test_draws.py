import numpy as np
import pytest

from wfa.draws import CAPTIONS, LAYOUT, Draws


def draws(index: int = 0, stream: int = LAYOUT) -> Draws:
    return Draws(0, "train", index, stream)


def test_numbers_come_from_the_raw_stream_of_pcg64() -> None:
    # zlib.crc32(b"train") written out: names must not depend on Python's salted hash.
    raw = np.random.PCG64(np.random.SeedSequence([0, 1550247075, 0, LAYOUT])).random_raw(3)
    ours = draws()
    assert [ours.below(1 << 32) for _ in range(3)] == [int(value) >> 32 for value in raw]


def test_below_and_between_reach_all_of_their_range() -> None:
    numbers = draws()
    assert {numbers.below(5) for _ in range(200)} == {0, 1, 2, 3, 4}
    assert {numbers.between(-1, 2) for _ in range(200)} == {-1, 0, 1, 2}


def test_chance_is_a_percentage() -> None:
    numbers = draws()
    assert not any(numbers.chance(0) for _ in range(50))
    assert all(numbers.chance(100) for _ in range(50))
    assert 150 < sum(numbers.chance(20) for _ in range(1000)) < 250


def test_images_and_streams_differ() -> None:
    first = draws().grain(100)
    assert (first == draws().grain(100)).all()
    assert (first != draws(index=1).grain(100)).any()
    assert (first != draws(stream=CAPTIONS).grain(100)).any()


def test_shuffled_keeps_the_items() -> None:
    items = list(range(20))
    mixed = draws().shuffled(items)
    assert sorted(mixed) == items == list(range(20))
    assert mixed != items


def test_grain_fills_the_shape_with_bytes() -> None:
    field = draws().grain(7, 11, 3)
    assert field.shape == (7, 11, 3)
    assert field.dtype == np.int32
    many = draws().grain(20_000)
    assert (many.min(), many.max()) == (-128, 127)
    assert abs(float(many.mean())) < 2


@pytest.mark.parametrize(("size", "cells"), [(32, 1), (64, 4), (65, 7), (120, 4)])
def test_swell_is_smooth_and_in_range(size: int, cells: int) -> None:
    field = draws().swell(size, cells)
    assert field.shape == (size, size)
    assert -128 <= field.min() < field.max() <= 127
    # Smoothstep rises at most 1.5 times as fast as a straight line between two lattice points.
    steepest = 1.5 * 255 * cells / size + 2
    assert np.abs(np.diff(field, axis=0)).max() <= steepest
    assert np.abs(np.diff(field, axis=1)).max() <= steepest
