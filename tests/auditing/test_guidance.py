import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.auditing.guidance import Evidence, Rule, fit, foreseen, recommend, shipped


def row(group: str, distinct: float, gain: float, half: float = 1.0) -> Evidence:
    return Evidence(
        choice="uniqueness", plain="single", protocol="strict", queries="single", data=group,
        group=group, experiment="e", distinct=distinct, shared=0.0, gain=gain,
        low=gain - half, high=gain + half, seeds=3,
    )  # fmt: skip


def test_a_data_set_counts_once_however_often_it_was_measured() -> None:
    assert foreseen([row("a", 2, 1.0), row("a", 2, 3.0), row("b", 2, 8.0)]) == 5.0


def test_only_what_lies_within_an_octave_counts() -> None:
    rule = Rule([row("a", 2, 1.0), row("b", 4, 3.0), row("c", 17, 20.0)], {})
    assert [near.group for near in rule.near(2.0)] == ["a", "b"]
    assert [near.group for near in rule.near(8.1)] == []
    assert rule.advice(8.1)["verdict"] == "unknown"
    assert rule.advice(8.1)["gain"] is None
    assert "2.0 to 17.0" in rule.advice(8.1)["why"]


def test_the_error_is_what_the_others_miss() -> None:
    rule = fit([row("a", 2, 1.0), row("b", 4, 3.0), row("b", 4, 5.0), row("c", 17, 20.0)])
    # Of a: b says 4. Of b: a says 1, and misses 2 and 4. Nothing is near c.
    assert rule.errors == {"a": 3.0, "b": 3.0}


@pytest.mark.parametrize(
    ("gains", "verdict"), [((5.0, 6.0), "better"), ((-5.0, -6.0), "worse"), ((0.5, -0.6), "level")]
)
def test_a_gain_must_exceed_the_error(gains: tuple[float, float], verdict: str) -> None:
    rule = fit([row("a", 3, gains[0]), row("b", 3, gains[1])])
    assert rule.advice(3.0)["verdict"] == verdict


@pytest.mark.parametrize(("half", "verdict"), [(1.0, "better"), (6.0, "level")])
def test_one_data_set_alone_must_be_sure_itself(half: float, verdict: str) -> None:
    found = fit([row("a", 18, 5.0, half)]).advice(20.0)
    assert (found["verdict"], found["error"]) == (verdict, None)
    assert "a alone" in found["why"]


def test_rows_of_one_data_set_that_contradict_each_other_are_not_sure() -> None:
    assert fit([row("a", 18, 5.0), row("a", 18, -3.0)]).advice(18.0)["verdict"] == "level"


@given(st.floats(1.0, 64.0))
def test_what_is_shipped_answers_every_data_set(distinct: float) -> None:
    for advice in recommend(distinct):
        assert advice["verdict"] in {"better", "worse", "level", "unknown"}
        assert (advice["gain"] is None) == (advice["verdict"] == "unknown")


def test_nothing_is_recommended_without_captions() -> None:
    assert recommend(0.0) == []


def test_shipped_rules_are_those_that_their_evidence_gives() -> None:
    for rule in shipped():
        assert fit(rule.evidence).errors == pytest.approx(dict(rule.errors))
