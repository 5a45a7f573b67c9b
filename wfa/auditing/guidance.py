"""What to train with: foreseen from measured redundancy, by what experiments found.

`experiments/guidelines/fit.py` makes `guidance.json` beside this file out of the results of the
comparisons; nothing in it is typed by hand. A rule foresees how many points of mR a choice gains
over the plain one: the mean over the data sets that were measured within one octave of distinct
captions an image. It says nothing beyond them. How far it can be trusted is what it misses of a
data set that is left out.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import numpy as np

OCTAVE = 1.0
"""Doublings of the number of distinct captions within which evidence counts."""


@dataclass(frozen=True)
class Evidence:
    """What one choice gained over the plain one on one data set, in points of mR.

    Attributes:
        choice: What was chosen, such as `uniqueness`.
        plain: What it is held against, such as `single`.
        protocol: strict | duplicate_aware.
        queries: single | aggregated.
        data: The data set, with its variant.
        group: The data set; variants of one are left out together.
        experiment: The folder in `experiments/`.
        distinct: Mean number of distinct captions an image, training split.
        shared: Share of captions that other images bear too, in [0, 1], training split.
        gain: Mean over seeds.
        low: Lower end of the 95 % t-interval over seeds.
        high: Upper end.
        seeds: How many.
    """

    choice: str
    plain: str
    protocol: str
    queries: str
    data: str
    group: str
    experiment: str
    distinct: float
    shared: float
    gain: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True)
class Rule:
    """What was found of one choice, protocol and kind of query.

    Attributes:
        evidence: At least one row.
        errors: Data set -> absolute error, in points, of what the others foresee of it; only those
            that have others near.
    """

    evidence: Sequence[Evidence]
    errors: Mapping[str, float]

    def near(self, distinct: float) -> list[Evidence]:
        """Return the rows within an octave of so many distinct captions an image."""
        return [row for row in self.evidence if abs(math.log2(row.distinct / distinct)) <= OCTAVE]

    def advice(self, distinct: float) -> dict[str, Any]:
        """Say what is foreseen for a data set, and how sure that is.

        Args:
            distinct: Mean number of distinct captions an image, above 0.

        Returns:
            `choice`, `plain`, `protocol`, `queries`; `gain` and `error` in points of mR, None
            where they are not known; `verdict` (better, worse, level or unknown); `why`.
        """
        first, near = self.evidence[0], self.near(distinct)
        found = {"choice": first.choice, "plain": first.plain, "protocol": first.protocol,
                 "queries": first.queries}  # fmt: skip
        if not near:
            low, high = (f(row.distinct for row in self.evidence) for f in (min, max))
            why = f"no evidence near: data sets with {low:.1f} to {high:.1f} an image were measured"
            return {**found, "verdict": "unknown", "gain": None, "error": None, "why": why}
        gain, groups = foreseen(near), sorted({row.group for row in near})
        missed = [self.errors[group] for group in groups if group in self.errors]
        error = max(missed) if missed else None
        if error is None:
            sure = all(row.low > 0 for row in near) or all(row.high < 0 for row in near)
            level, why = not sure, f"{groups[0]} alone"
        else:
            level, why = abs(gain) <= error, ", ".join(groups)
        verdict = "level" if level else ("better" if gain > 0 else "worse")
        why += f", {sum(row.seeds for row in near)} pairs of runs"
        return {**found, "verdict": verdict, "gain": gain, "error": error, "why": why}


def foreseen(near: Sequence[Evidence]) -> float:
    """Return the mean gain over data sets; of each, over its rows."""
    groups = {row.group for row in near}
    of = [np.mean([row.gain for row in near if row.group == group]) for group in sorted(groups)]
    return float(np.mean(of))


def fit(evidence: Sequence[Evidence]) -> Rule:
    """Make the rule, and hold what it foresees of each data set without it against what was found.

    Args:
        evidence: Rows of one choice, protocol and kind of query; at least one.
    """
    errors = {}
    for group in sorted({row.group for row in evidence}):
        own = [row for row in evidence if row.group == group]
        rest = Rule([row for row in evidence if row.group != group], {})
        missed = [
            abs(row.gain - foreseen(near)) for row in own if (near := rest.near(row.distinct))
        ]
        if missed:
            errors[group] = float(np.mean(missed))
    return Rule(tuple(evidence), errors)


def recommend(distinct: float) -> list[dict[str, Any]]:
    """Return what each shipped rule foresees; see `Rule.advice`.

    Args:
        distinct: Mean number of distinct captions an image of the training split; 0 recommends
            nothing.
    """
    return [rule.advice(distinct) for rule in shipped()] if distinct > 0 else []


def shipped() -> list[Rule]:
    """Read the rules that the experiments fitted."""
    text = resources.files("wfa.auditing").joinpath("guidance.json").read_text(encoding="utf-8")
    return [
        Rule([Evidence(**row) for row in rule["evidence"]], rule["errors"])
        for rule in json.loads(text)
    ]


def as_plain(rule: Rule) -> dict[str, Any]:
    """Return what `guidance.json` holds of a rule."""
    return {"evidence": [asdict(row) for row in rule.evidence], "errors": dict(rule.errors)}
