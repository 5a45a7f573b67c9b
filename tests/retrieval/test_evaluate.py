"""Every row of `metrics.json` against a naive double loop that follows the definitions."""

import statistics
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.errors import ConfigError
from wfa.retrieval.embeddings import Embeddings, Floats
from wfa.retrieval.evaluate import evaluate_retrieval, mean_recall

# Unit vectors whose inner products are exact in float32: many ties, and equal features.
_UNIT = np.array(
    [[a, b, c, d] for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (-0.5, 0.5) for d in (0.5,)]
    + np.eye(4).tolist(),
    np.float32,
)

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Query:
    """What a naive loop finds for one query."""

    rank: int
    precision: float
    relevant: int


@st.composite
def cases(draw: st.DrawFn) -> Embeddings:
    """Few features, few captions, equal captions within and across images, in any order."""
    images = draw(st.integers(1, 6))
    vectors = st.integers(0, len(_UNIT) - 1)
    of_image = draw(
        st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), min_size=images,
                 max_size=images)
    )  # fmt: skip
    captions = draw(st.permutations([(i, c) for i, ids in enumerate(of_image) for c in ids]))
    feature = draw(st.lists(vectors, min_size=5, max_size=5))
    ids = np.array([c for _, c in captions], np.int64)
    return Embeddings(
        images=_UNIT[draw(st.lists(vectors, min_size=images, max_size=images))],
        captions=_UNIT[np.array(feature)[ids]],
        image_index=np.array([i for i, _ in captions], np.int64),
        caption_ids=ids * 7 - 3,
        aggregated=_UNIT[draw(st.lists(vectors, min_size=images, max_size=images))],
        image_names=tuple(f"{i}.jpg" for i in range(images)),
    )


def naive_query(scores: list[float], right: list[bool]) -> Query:
    """Sort the gallery, right answers behind wrong ones of the same score, and look."""
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], right[j]))
    places = [place for place, j in enumerate(order, 1) if right[j]]
    precisions = [n / place for n, place in enumerate(places, 1)]
    return Query(places[0], sum(precisions) / len(places), len(places))


def naive(e: Embeddings, protocol: str, queries: str, direction: str) -> list[Query]:
    """Follow the table of `wfa.retrieval.protocols`, one query after the other."""
    images = range(len(e.images))
    borne = [set(e.caption_ids[e.image_index == i].tolist()) for i in images]
    said: list[Any]
    if queries == "aggregated":
        features, owner, said = e.aggregated, list(images), [frozenset(ids) for ids in borne]
        speaks = [{frozenset(ids)} for ids in borne]
    else:
        features, owner, said = e.captions, e.image_index.tolist(), e.caption_ids.tolist()
        speaks = [set(ids) for ids in borne]
    if protocol == "unique_query":
        kept = [said.index(text) for text in sorted(set(said))]
        features, owner, said = features[kept], [owner[k] for k in kept], [said[k] for k in kept]
    texts = range(len(said))
    score = features.astype(float) @ e.images.astype(float).T

    def right(text: int, image: int) -> bool:
        if protocol == "strict":
            return bool(owner[text] == image)
        return said[text] in speaks[image]

    if direction == "text_to_image":
        return [
            naive_query([score[t, i] for i in images], [right(t, i) for i in images]) for t in texts
        ]
    return [naive_query([score[t, i] for t in texts], [right(t, i) for t in texts]) for i in images]


DEFINED = [
    (protocol, queries, direction)
    for protocol, queries in (
        ("strict", "single"),
        ("strict", "aggregated"),
        ("duplicate_aware", "single"),
        ("duplicate_aware", "aggregated"),
        ("unique_query", "single"),
    )
    for direction in ("text_to_image", "image_to_text")
]


def measured(
    e: Embeddings, *, oracle: bool = False, ties: str = "worst", **options: Any
) -> dict[tuple[str, ...], float]:
    rows = evaluate_retrieval(e, "made", "test", **options).rows
    return {
        (r.protocol, r.queries, r.direction, r.metric): r.value
        for r in rows
        if r.oracle == oracle and r.ties == ties
    }


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 7))
def test_every_row_equals_a_naive_double_loop(e: Embeddings, chunk: int) -> None:
    result = evaluate_retrieval(e, "made", "test", ks=(1, 2, 3), chunk=chunk)
    found = {
        (r.protocol, r.queries, r.direction, r.metric): r.value
        for r in result.rows
        if not r.oracle and r.ties == "worst"
    }
    rates: dict[tuple[str, str], list[float]] = {}
    expected: dict[tuple[str, ...], float] = {}
    for key in DEFINED:
        looked = naive(e, *key)
        for k in (1, 2, 3):
            expected[*key, f"R@{k}"] = statistics.mean(q.rank <= k for q in looked)
            rates.setdefault(key[:2], []).append(expected[*key, f"R@{k}"])
        expected[*key, "MedR"] = statistics.median(q.rank for q in looked)
        expected[*key, "mAP"] = statistics.mean(q.precision for q in looked)
    expected |= {(*key, "both", "mR"): statistics.mean(values) for key, values in rates.items()}
    assert found == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_ranks_are_those_of_the_naive_loop_query_by_query(e: Embeddings) -> None:
    table = evaluate_retrieval(e, "made", "test").ranks.to_pydict()
    columns = ("protocol", "queries", "direction")
    found: dict[Key, list[tuple[int, int]]] = {}
    for row in zip(*(table[c] for c in (*columns, "rank", "relevant")), strict=True):
        found.setdefault(row[:3], []).append(row[3:])
    for key in DEFINED:
        looked = [(q.rank, q.relevant) for q in naive(e, *key)]
        assert found.pop(key) == looked
    assert not found
    assert set(table["split"]) == {"test"}


@settings(max_examples=60, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_decides(e: Embeddings, random: Any) -> None:
    captions = list(range(len(e.captions)))
    images = list(range(len(e.images)))
    random.shuffle(captions)
    random.shuffle(images)
    place = np.argsort(images)
    shuffled = Embeddings(
        images=e.images[images],
        captions=e.captions[captions],
        image_index=place[e.image_index[captions]],
        caption_ids=e.caption_ids[captions],
        aggregated=e.aggregated[images],
        image_names=tuple(e.image_names[i] for i in images),
    )
    for ties in ("worst", "expected"):
        again = measured(shuffled, ties=ties)
        assert again == pytest.approx(measured(e, ties=ties), abs=1e-12)


def real_numbers(seed: int, images: int, width: int, spread: float = 1.0) -> Embeddings:
    """Draw features as a model gives them, near their images; some captions stand twice.

    A small `spread` puts very many scores within rounding of each other.
    """
    rng = np.random.default_rng(seed)
    centre = rng.standard_normal(width)

    def unit(x: npt.NDArray[np.float64]) -> Floats:
        x = centre + spread * x
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)

    noise = rng.standard_normal((images, width))
    index = np.repeat(np.arange(images), 5)
    texts = noise[index] + rng.standard_normal((5 * images, width))
    ids = np.where(rng.random(5 * images) < 0.2, rng.integers(0, 20, 5 * images), 0)
    ids = np.where(ids > 0, ids, 100 + np.arange(5 * images))
    first, number = np.unique(ids, return_index=True, return_inverse=True)[1:]
    return Embeddings(
        images=unit(noise),
        captions=unit(texts)[first][number],
        image_index=index,
        caption_ids=ids,
        aggregated=unit(texts.reshape(images, 5, width).mean(1)),
        image_names=tuple(map(str, range(images))),
    )


@pytest.mark.parametrize("spread", [1.0, 1e-4, 1e-7])
def test_neither_block_size_nor_order_changes_a_rank(spread: float) -> None:
    e = real_numbers(0, images=120, width=64, spread=spread)
    whole = evaluate_retrieval(e, "made", "test", chunk=1000).ranks
    for chunk in (1, 7, 64):
        assert evaluate_retrieval(e, "made", "test", chunk=chunk).ranks.equals(whole)
    order = np.random.default_rng(1).permutation(120)
    turned = replace(
        e,
        images=e.images[order],
        aggregated=e.aggregated[order],
        image_index=np.argsort(order)[e.image_index],
        image_names=tuple(e.image_names[i] for i in order),
    )
    keys = [("protocol", "ascending"), ("queries", "ascending"), ("direction", "ascending"),
            ("query_id", "ascending")]  # fmt: skip
    again = evaluate_retrieval(turned, "made", "test").ranks
    assert again.sort_by(keys).equals(whole.sort_by(keys))


def test_images_of_equal_features_tie_exactly() -> None:
    e = real_numbers(2, images=80, width=48)
    alike = replace(e, images=e.images[np.arange(80) // 4 * 4])
    ranks = evaluate_retrieval(alike, "made", "test", protocols=["strict"]).ranks.to_pydict()
    to_image = [r for r, d in zip(ranks["rank"], ranks["direction"], strict=True)
                if d == "text_to_image"]  # fmt: skip
    assert min(to_image) == 4


def test_worked_by_hand() -> None:
    # Two images share the caption "a" (id 0); the second has it twice.
    plane, field = np.eye(2, dtype=np.float32)
    e = Embeddings(
        images=np.stack([plane, field]),
        captions=np.stack([plane, field, plane, plane]),
        image_index=np.array([0, 0, 1, 1]),
        caption_ids=np.array([0, 1, 0, 0]),
        aggregated=np.stack([plane, plane]),
        image_names=("plane.jpg", "field.jpg"),
    )
    found = measured(e, ks=(1, 2))
    # Queries: "a" of image 0 hits, "b" of image 0 goes to image 1, "a" twice of image 1 misses.
    assert found["strict", "single", "text_to_image", "R@1"] == 0.25
    assert found["strict", "single", "text_to_image", "MedR"] == 2
    assert found["duplicate_aware", "single", "text_to_image", "R@1"] == 0.75
    # "a": images 0 and 1 right (1/1, 2/2); "b": image 0 right at rank 2.
    assert found["duplicate_aware", "single", "text_to_image", "mAP"] == pytest.approx(
        (3 * 1 + 0.5) / 4
    )
    assert found["unique_query", "single", "text_to_image", "R@1"] == 0.5
    # Image 0: three captions "a" tie on top, two of them image 1's. Image 1: its two are last,
    # behind "b" and behind the equal one of image 0.
    assert found["strict", "single", "image_to_text", "MedR"] == 3
    assert found["strict", "single", "image_to_text", "mAP"] == pytest.approx(
        ((1 / 3 + 2 / 4) / 2 + (1 / 3 + 2 / 4) / 2) / 2
    )
    assert found["duplicate_aware", "single", "image_to_text", "MedR"] == 1.5
    assert found["unique_query", "single", "image_to_text", "R@1"] == 0.5


def test_rows_carry_exactly_the_keys_of_the_file() -> None:
    e = real_numbers(3, images=4, width=8)
    rows = [row.as_dict() for row in evaluate_retrieval(e, "made", "test").rows]
    keys = {"data", "split", "protocol", "queries", "direction", "metric", "value", "ties"}
    assert {frozenset(row) for row in rows} == {frozenset(keys), frozenset({*keys, "oracle"})}
    assert all(row.get("oracle", True) is True for row in rows)
    assert all(type(row["value"]) is float for row in rows)
    assert {row["metric"] for row in rows} == {"R@1", "R@5", "R@10", "mR", "MedR", "mAP"}
    assert {row["metric"] for row in rows if row["direction"] == "both"} == {"mR"}
    assert len({(*tuple(row.values())[:6], row["ties"], row.get("oracle")) for row in rows}) == len(
        rows
    )


def test_mean_recall_is_the_strict_part() -> None:
    e = real_numbers(4, images=30, width=16)
    rows = measured(e)
    for queries in ("single", "aggregated"):
        short = mean_recall(e, queries)
        assert short.pop("mR") == rows["strict", queries, "both", "mR"]
        for name, value in short.items():
            assert value == rows["strict", queries, *name.split("/")]


def test_expected_is_the_mean_of_what_public_code_prints_over_shuffles() -> None:
    """`torch.topk` and `argsort` break ties by the order of rows, which is shuffled here."""
    e = real_numbers(7, images=40, width=4)
    rng = np.random.default_rng(0)
    coarse = replace(
        e,
        images=_UNIT[rng.integers(0, len(_UNIT), 40)],
        captions=_UNIT[rng.integers(0, len(_UNIT), e.caption_ids.max() + 1)[e.caption_ids]],
    )
    scores = torch.from_numpy(coarse.captions.astype(float) @ coarse.images.T.astype(float))
    right = torch.from_numpy(e.image_index[:, None] == np.arange(40))
    found: dict[str, list[float]] = {"topk": [], "argsort": []}
    for _ in range(400):
        order = torch.from_numpy(rng.permutation(40))
        first = {
            "topk": scores[:, order].topk(5).indices,
            "argsort": scores[:, order].argsort(descending=True)[:, :5],
        }
        for name, places in first.items():
            hits = right[:, order].gather(1, places).any(1)
            found[name].append(float(hits.double().mean()))
    expected = measured(coarse, ties="expected")["strict", "single", "text_to_image", "R@5"]
    worst = measured(coarse)["strict", "single", "text_to_image", "R@5"]
    assert worst < expected - 0.05
    for rates in found.values():
        assert statistics.mean(rates) == pytest.approx(expected, abs=0.004)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"protocols": ["strct"]}, "strict, duplicate_aware, unique_query"),
        ({"queries": ["mean"]}, "single, aggregated"),
        ({"ks": (0, 1)}, r"\(0, 1\)"),
        ({"chunk": 0}, "retrieval.chunk is 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        evaluate_retrieval(real_numbers(5, images=3, width=8), "made", "test", **options)


def test_unique_query_has_no_aggregated_rows() -> None:
    e = real_numbers(6, images=3, width=8)
    result = evaluate_retrieval(e, "m", "test", protocols=["unique_query"], queries=["aggregated"])
    assert result.rows == [] and result.ranks.num_rows == 0
