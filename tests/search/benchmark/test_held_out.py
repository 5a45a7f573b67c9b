import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.search.benchmark.made import embeddings, unit
from wfa.retrieval.embeddings import Embeddings
from wfa.search.benchmark.held_out import distinct_of_each_image, hold_out


def of_ids(bags: list[list[int]], names: list[str] | None = None) -> Embeddings:
    """Make images that bear captions of these ids, equal ids with equal features."""
    ids = np.array([number for bag in bags for number in bag])
    owners = np.repeat(np.arange(len(bags)), list(map(len, bags)))
    labels = names or [f"{place}.png" for place in range(len(bags))]
    return Embeddings(
        unit(len(bags)), unit(10, seed=1)[ids], owners, ids, unit(len(bags), seed=2), tuple(labels)
    )


Bags = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=8)


@given(Bags, st.integers(0, 5))
def test_one_distinct_caption_of_each_image_goes_with_all_its_copies(
    bags: list[list[int]], seed: int
) -> None:
    made = of_ids(bags)
    held = hold_out(made, seed)
    several = [place for place, bag in enumerate(bags) if len(set(bag)) > 1]
    assert held.images.tolist() == several
    assert made.image_index[held.rows].tolist() == several
    assert held.single == len(bags) - len(several)
    out = dict(zip(several, made.caption_ids[held.rows].tolist(), strict=True))
    kept = [
        row for row, (owner, number) in enumerate(
            zip(made.image_index.tolist(), made.caption_ids.tolist(), strict=True)
        )
        if out.get(owner) != number
    ]  # fmt: skip
    assert held.kept.tolist() == kept
    assert set(made.image_index[held.kept].tolist()) == set(range(len(bags)))


def test_the_name_and_the_seed_alone_decide() -> None:
    bags = [[place % 5, 5 + place % 3, 8, 9] for place in range(40)]
    names = [f"n{place}" for place in range(40)]

    def out(order: list[int], seed: int) -> dict[str, int]:
        made = of_ids([bags[place] for place in order], [names[place] for place in order])
        held = hold_out(made, seed)
        ids = made.caption_ids[held.rows].tolist()
        return {made.image_names[i]: k for i, k in zip(held.images.tolist(), ids, strict=True)}

    whole = out(list(range(40)), 0)
    some = out([30, 3, 17], 0)
    assert some == {name: whole[name] for name in some}
    assert out(list(range(40)), 1) != whole
    places = [bags[place].index(whole[f"n{place}"]) for place in range(40)]
    assert set(places) == {0, 1, 2, 3}


def test_a_caption_that_an_image_bears_twice_is_kept_once() -> None:
    made = embeddings(4, each=3)
    doubled = type(made)(
        made.images,
        made.captions[[0, 0, 1, 3, 4, 6, 9, 9]],
        np.array([0, 0, 0, 1, 1, 2, 3, 3]),
        made.caption_ids[[0, 0, 1, 3, 4, 6, 9, 9]],
        made.aggregated,
        made.image_names,
    )
    owners, rows = distinct_of_each_image(doubled)
    assert owners.tolist() == [0, 0, 1, 1, 2, 3]
    assert rows.tolist() == [0, 2, 3, 4, 5, 6]
