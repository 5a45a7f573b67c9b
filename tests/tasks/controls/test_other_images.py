from hypothesis import given
from hypothesis import strategies as st

from wfa.tasks.controls.other_images import blocks, other_images


@given(st.integers(2, 60), st.integers(0, 5))
def test_each_image_is_given_another_one_and_each_once(count: int, seed: int) -> None:
    found = other_images(count, seed).tolist()
    assert sorted(found) == list(range(count))
    assert all(other != own for own, other in enumerate(found))


@given(st.integers(2, 200), st.integers(2, 50))
def test_no_image_is_alone_in_its_block(count: int, most: int) -> None:
    found = blocks(count, most)
    assert [place for block in found for place in block.tolist()] == list(range(count))
    assert all(1 < len(block) <= most for block in found) or most < 4
