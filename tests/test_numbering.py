from hypothesis import given
from hypothesis import strategies as st

from wfa.numbering import distinct


@given(st.lists(st.text(max_size=2) | st.tuples(st.integers(0, 2))))
def test_every_thing_is_found_again_in_order_of_first_sight(things: list[object]) -> None:
    kept, index = distinct(things)
    assert [kept[place] for place in index.tolist()] == things
    assert kept == list(dict.fromkeys(things))
    assert index.dtype == "int64"


def test_nothing() -> None:
    nothing: list[str] = []
    kept, index = distinct(nothing)
    assert (kept, index.shape) == ([], (0,))
