import numpy as np
import pytest

from tests.data.tiny import TinyDataset
from wfa.retrieval.embeddings import Embeddings
from wfa.runs.class_results import class_results


class Classed(TinyDataset):
    """Images 0 and 1 are rivers, 2 a pond, 3 of no class that is known."""

    classes = ("pond", "river", "park")

    def labels(self, index: int) -> tuple[int, ...]:
        return ((1,), (1,), (0,), ())[index]


def test_classes_by_hand() -> None:
    unit = np.eye(4, dtype=np.float32)
    embeddings = Embeddings(
        images=unit,
        # River 0 finds itself, river 1 the pond; both ponds' captions find river 0 and the unknown.
        captions=unit[[0, 2, 0, 3, 3]],
        image_index=np.array([0, 1, 2, 2, 3]),
        caption_ids=np.arange(5),
        aggregated=unit,
        image_names=("a", "b", "c", "d"),
    )
    dataset = Classed([["v"], ["w"], ["x", "y"], ["z"]])
    found = class_results(dataset, embeddings)
    assert found is not None
    assert found["classes"] == ["pond", "river"]
    assert found["confusion"] == [[0, 1], [1, 1]]
    first = {row["class"]: row["value"] for row in found["rows"] if row["metric"] == "R@1"}
    assert first == {"pond": 0.0, "river": 0.5}
    # Wrong images tie at 0 with the own one: the worst rank is 4, so R@5 finds it.
    assert {row["value"] for row in found["rows"] if row["metric"] == "R@5"} == {1.0}
    assert [row["queries"] for row in found["rows"]] == [2, 2, 2, 2, 2, 2]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_the_order_of_rows_never_decides_what_is_taken(order: list[int]) -> None:
    known = [(0,), (1,), (2,), ()]
    # Pond and river look the same; the park looks like what has no class.
    features = np.eye(4, dtype=np.float32)[[0, 0, 1, 1]]

    class Shuffled(Classed):
        def labels(self, index: int) -> tuple[int, ...]:
            return known[order[index]]

    shuffled = features[order]
    embeddings = Embeddings(
        shuffled, shuffled, np.arange(4), np.arange(4), shuffled, tuple("abcd")
    )  # fmt: skip
    found = class_results(Shuffled([["v"], ["w"], ["x"], ["y"]]), embeddings, "expected")
    assert found is not None
    assert found["ties"] == "expected"
    assert found["confusion"] == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert {row["value"] for row in found["rows"] if row["metric"] == "R@1"} == {0.5}


@pytest.mark.parametrize("known", [TinyDataset([["a"], ["b"]])])
def test_nothing_is_said_where_no_class_is_known(known: TinyDataset) -> None:
    unit = np.eye(2, dtype=np.float32)
    embeddings = Embeddings(unit, unit, np.arange(2), np.arange(2), unit, ("a", "b"))
    assert class_results(known, embeddings) is None
