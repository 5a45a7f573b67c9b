"""The words in which an audit says what to train with."""

from typing import Any

import pytest

from wfa.report.audit_advice import advice_lines


def advice(verdict: str, gain: float | None, error: float | None = 0.5) -> dict[str, Any]:
    return {
        "choice": "annealed uniqueness", "plain": "single", "protocol": "strict",
        "queries": "aggregated", "verdict": verdict, "gain": gain, "error": error, "why": "a",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([("level", -0.04), ("unknown", None)], "so train `single`: nothing measured"),
        ([("better", 1.0), ("better", 2.25)], "so train `annealed uniqueness`: +2.2 ± 0.5 points"),
        ([("unknown", None)], "so compare techniques on it"),
    ],
)
def test_the_last_line_says_what_to_use(rows: list[tuple[str, float | None]], last: str) -> None:
    said = advice_lines({"recommendation": [advice(*row) for row in rows]})
    assert said[-1].startswith(last)
    assert "-0.0" not in " ".join(said)
    assert any("dropout raised from 0 to 0.9" in line for line in said)


def test_a_missing_error_is_explained_and_an_old_audit_says_nothing() -> None:
    assert "one data set alone" in advice_lines({"recommendation": [advice("level", 1.0, None)]})[0]
    assert advice_lines({}) == []
