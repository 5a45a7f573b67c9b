import json
from collections.abc import Callable, Sequence
from itertools import chain, permutations, product
from pathlib import Path
from statistics import mean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.captions.folding import caption_ids
from wfa.retrieval.embeddings import Embeddings, Floats
from wfa.retrieval.evaluate import evaluate_retrieval
from wfa.retrieval.metrics import summarise
from wfa.retrieval.oracle import best_average_precision, oracle_rankings
from wfa.retrieval.relevance import Texts
from wfa.retrieval.ties import TIES


def texts_of(bags: Sequence[Sequence[int]]) -> Texts:
    """Make the text side of images that bear these captions; features do not matter here."""
    image = np.array([i for i, bag in enumerate(bags) for _ in bag])
    row = np.array([text for bag in bags for text in bag])
    names = tuple(map(str, range(len(row))))
    return Texts(np.ones((9, 1), np.float32), row, image, row, row, names)


def worst_places(order: Sequence[int], gallery: Sequence[int], right: Sequence[bool]) -> list[int]:
    """Give the ranks of the right items when the texts stand in this order, equal ones tied."""
    key = sorted(range(len(gallery)), key=lambda j: (order.index(gallery[j]), right[j]))
    return [place for place, j in enumerate(key, 1) if right[j]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=4))
def test_no_order_of_scores_is_better(bags: list[list[int]]) -> None:
    to_image, to_text = (summarise(r, (1, 2, 3)) for r in oracle_rankings("strict", texts_of(bags)))
    distinct = sorted({text for bag in bags for text in bag})
    items = [(text, i) for i, bag in enumerate(bags) for text in bag]

    best: dict[str, float] = {}
    for name, value in _measures():
        # Each text orders the images, each image the texts: a model may choose every order freely.
        best[name] = sum(
            max(
                sum(value([order.index(i) + 1]) for text, i in items if text == asked)
                for order in permutations(range(len(bags)))
            )
            for asked in distinct
        ) / len(items)
    assert {name: to_image[name] for name in best} == pytest.approx(best)

    gallery = [text for text, _ in items]
    for name, value in _measures():
        best[name] = sum(
            max(
                value(worst_places(order, gallery, [i == image for _, i in items]))
                for order in permutations(distinct)
            )
            for image in range(len(bags))
        ) / len(bags)
    assert {name: to_text[name] for name in best} == pytest.approx(best)


def _measures() -> list[tuple[str, Callable[[list[int]], float]]]:
    def hit(k: int) -> Callable[[list[int]], float]:
        return lambda places: float(places[0] <= k)

    def precision(places: list[int]) -> float:
        return sum(n / place for n, place in enumerate(places, 1)) / len(places)

    return [("R@1", hit(1)), ("R@2", hit(2)), ("R@3", hit(3)), ("mAP", precision)]


def expected_places(
    order: Sequence[int], gallery: Sequence[int], right: Sequence[bool]
) -> list[list[int]]:
    """Give the ranks of the right items for every order of the texts that are equal."""
    ties = [[right[j] for j in range(len(gallery)) if gallery[j] == text] for text in order]
    return [
        [place for place, is_right in enumerate(chain(*chosen), 1) if is_right]
        for chosen in product(*(sorted(set(permutations(tied))) for tied in ties))
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=3), min_size=1, max_size=3))
def test_no_order_of_scores_is_better_where_ties_are_expected(bags: list[list[int]]) -> None:
    _, ranking = oracle_rankings("strict", texts_of(bags))
    to_text = summarise(ranking, (1, 2, 3), "expected")
    distinct = sorted({text for bag in bags for text in bag})
    items = [(text, i) for i, bag in enumerate(bags) for text in bag]
    gallery = [text for text, _ in items]
    for name, value in _measures():
        best = sum(
            max(
                # Distinct arrangements of a tie are equally likely.
                mean(value(places) for places in expected_places(
                    order, gallery, [i == image for _, i in items]
                ))
                for order in permutations(distinct)
            )
            for image in range(len(bags))
        ) / len(bags)  # fmt: skip
        assert to_text[name] == pytest.approx(best)


def test_many_own_texts_may_come_before_few_elsewhere() -> None:
    # One text with one equal elsewhere, or four equal ones with two elsewhere: the four go first.
    four_first = (1 / 3 + 2 / 4 + 3 / 5 + 4 / 6 + 5 / 8) / 5
    assert best_average_precision(((1, 1), (4, 2))) == pytest.approx(four_first)


def test_other_protocols_can_be_won_completely() -> None:
    for protocol in ("duplicate_aware", "unique_query"):
        for ranking in oracle_rankings(protocol, texts_of([[0, 1], [0, 0], [0]])):
            for ties in TIES:
                assert set(summarise(ranking, ties=ties).values()) == {1.0}


# Train is padded by repetition: an image that bears a caption three times is worth three queries,
# so it goes first. With each bearing image counted once, whatever its copies, R@1/5/10 are only
# 68.3/85.5/90.8 there, which a model that knows the copies beats.
@pytest.mark.parametrize(
    ("split", "ceilings"), [("test", (93.1, 99.2, 99.8)), ("train", (69.4, 86.4, 91.7))]
)
def test_ceilings_of_rsicd(
    data_dir: Callable[[str], Path], split: str, ceilings: tuple[float, ...]
) -> None:
    stored = json.loads((data_dir("rsicd") / "captions.json").read_text(encoding="utf-8"))
    bags = [
        [sentence["raw"] for sentence in image["sentences"]]
        for image in stored["images"]
        if image["split"] == split
    ]
    ids = iter(caption_ids([text for bag in bags for text in bag]).tolist())
    to_image, _ = oracle_rankings("strict", texts_of([[next(ids) for _ in bag] for bag in bags]))
    values = summarise(to_image)
    found = [100 * values[f"R@{k}"] for k in (1, 5, 10)]
    assert found == pytest.approx(ceilings, abs=0.051)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), min_size=1, max_size=7),
    st.integers(0, 1000),
)
def test_no_embedding_beats_the_oracle(bags: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)

    def unit(rows: int) -> Floats:
        x = rng.standard_normal((rows, 3))
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)

    ids = np.array([text for bag in bags for text in bag])
    of_bag = {tuple(sorted(bag)): unit(1)[0] for bag in bags}
    rows = evaluate_retrieval(
        Embeddings(
            images=unit(len(bags)),
            captions=unit(5)[ids],
            image_index=np.repeat(np.arange(len(bags)), [len(bag) for bag in bags]),
            caption_ids=ids,
            aggregated=np.stack([of_bag[tuple(sorted(bag))] for bag in bags]),
            image_names=tuple(map(str, range(len(bags)))),
        ),
        "made",
        "test",
    ).rows
    ceiling = {
        (r.protocol, r.queries, r.direction, r.metric, r.ties): r.value for r in rows if r.oracle
    }
    for row in rows:
        best = ceiling[row.protocol, row.queries, row.direction, row.metric, row.ties]
        if row.metric == "MedR":
            assert row.value >= best
        else:
            assert row.value <= best + 1e-12
