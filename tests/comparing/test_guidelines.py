"""What the sentences say, case by case."""

import pytest

from wfa.comparing.guidelines import (
    Ranked,
    best_for,
    best_per_byte,
    best_per_second,
    quickest_to_target,
    sampling_is_enough,
)
from wfa.comparing.technique_pairs import Pair


def pair(one: str, other: str, measurable: bool) -> Pair:
    return Pair(one, other, 0.1, 0.0, 0.2, 0.01, 0.01, 0.01, measurable)


def ranked(*measurable: tuple[str, str]) -> Ranked:
    means = {"single": 0.5, "mean": 0.6, "attention": 0.7}
    names = [("attention", "mean"), ("attention", "single"), ("mean", "single")]
    return Ranked(
        means, dict.fromkeys(means, 0.01), [pair(*two, two in measurable) for two in names]
    )


def test_best_level_and_worse() -> None:
    alone = best_for("single", "strict", ranked(("attention", "mean"), ("attention", "single")))
    assert alone["answer"] == (
        "`attention` (70.0 ± 1.0): measurably better in mR than every other technique."
    )
    some = best_for("single", "strict", ranked(("attention", "single")))
    assert "measurably better than `single`; to `mean` there is no measurable" in some["answer"]
    none = best_for("aggregated", "duplicate_aware", ranked())
    assert none["question"] == "Best for aggregated queries (duplicate-aware)?"
    assert none["answer"].startswith("There is no measurable difference between the 3 techniques")
    assert len(none["rows"]) == 2  # the best against each other


def test_sampling() -> None:
    better = ("attention", "single")
    said = sampling_is_enough("single", {"single": ranked(), "aggregated": ranked(better)})
    assert said["answer"] == (
        "For single-caption queries it is: no technique is measurably better than `single` "
        "(50.0 ± 1.0); for aggregated queries it is not: `attention` is measurably better."
    )
    assert len(said["rows"]) == 4


@pytest.mark.parametrize(
    ("aggregated", "measurable", "words"),
    [
        (0.45, False, "there is no measurable difference"),
        (0.45, True, "and is measurably better"),
        (0.25, True, "only where the bytes matter more"),
    ],
)
def test_bytes(aggregated: float, measurable: bool, words: str) -> None:
    found = best_per_byte(
        "mean", 0.4, aggregated, {"single": 500.0, "aggregated": 100.0},
        pair("aggregated", "single", measurable),
    )  # fmt: skip
    assert words in found["answer"]
    assert "(5.0 times as much)" in found["answer"]


def test_seconds() -> None:
    quick = {"attention": 9.0, "mean": 4.0}
    sure = best_per_second(ranked(), quick, {"attention": 0.01}, "single", 0.05)
    assert "`mean` trains fastest, 4.0 s a run, and measurably so." in sure["answer"]
    unsure = best_per_second(ranked(), quick, {"attention": 0.5}, "single", 0.05)
    assert "to `attention` there is no measurable difference in time" in unsure["answer"]
    alone = best_per_second(ranked(), {"attention": 9.0}, {}, "single", 0.05)
    assert alone["answer"].startswith("`attention`, which nothing else matches")


def test_target() -> None:
    speeds = {
        name: {"epochs": epochs, "seconds": 1.0, "reached": 2, "runs": 2}
        for name, epochs in (("mean", 2.0), ("single", 6.0), ("attention", 2.5), ("pairs", None))
    }
    p_values = {"single": 0.01, "attention": 0.6}
    found = quickest_to_target(0.4, speeds, p_values, "mean", 0.05)
    assert found["answer"] == (
        "`mean`, after 2.0 epochs and 1.0 s on average; to `attention` there is no measurable "
        "difference in epochs; `single` needs measurably more epochs; `pairs` did not reach it "
        "with every seed."
    )
    none = quickest_to_target(0.4, speeds, {}, None, 0.05)
    assert none["answer"] == "No technique reached it with every seed."
