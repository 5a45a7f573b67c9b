"""Fit what `wfa audit` recommends: how much a choice gains, from how redundant the captions are.

    WFA_DATA_DIR=DIR python -m experiments.guidelines.fit

reads the results of the comparisons named in sources.yaml, measures the redundancy of their
training splits, and writes wfa/auditing/guidance.json, README.md and gain.svg beside this file.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from wfa.auditing import guidance
from wfa.auditing.guidance import Evidence, Rule
from wfa.auditing.redundancy import distinctness
from wfa.auditing.shared_captions import shared_captions
from wfa.files import write_text
from wfa.options.recipes import read_yaml
from wfa.options.run_config import resolve

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "wfa" / "auditing" / "guidance.json"
POINTS = 100.0
LEVEL = 0.975

Scores = dict[str, dict[int, float]]
"""Label -> seed -> mR."""


@cache
def redundancy(words: tuple[str, ...]) -> tuple[str, float, float]:
    """Measure the training split that the words of a run name.

    Returns:
        Its name, the distinct captions an image, and the share that other images bear too.
    """
    choice = resolve(words).data
    captions = list(map(list, choice.plugin()(choice.options, "train").captions))
    shared = shared_captions(captions).captions_share
    return choice.name, distinctness(captions).mean_an_image, shared


def scores(folder: Path, protocol: str, queries: str, ties: str = "worst") -> dict[str, Scores]:
    """Read the mR of a comparison: data label -> label -> seed -> value on its split."""
    found: dict[str, Scores] = defaultdict(lambda: defaultdict(dict))
    config = read_yaml(folder / "config.yaml")
    for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        asked = (row["split"], row["protocol"], row["queries"], row["direction"], row["metric"])
        counted = row.get("ties", "worst") == ties
        if counted and asked == (config.get("split", "test"), protocol, queries, "both", "mR"):
            found[row.get("data") or ""][row["label"]][row["seed"]] = row["value"]
    return found


def gained(one: Mapping[int, float], plain: Mapping[int, float]) -> tuple[float, float, float, int]:
    """Return the mean paired gain in points, its 95 % t-interval, and the number of seeds."""
    gains = POINTS * np.array([one[seed] - plain[seed] for seed in plain if seed in one])
    mean = float(gains.mean())
    half = float(stats.t.ppf(LEVEL, len(gains) - 1) * stats.sem(gains))
    return mean, mean - half, mean + half, len(gains)


def evidence(source: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[Evidence]:
    """Yield what one comparison says of one choice."""
    folder = HERE.parent / source["experiment"]
    config = read_yaml(folder / "config.yaml")
    for data, labels in scores(folder, asked["protocol"], asked["queries"]).items():
        plain = source.get("plain", {}).get(asked["plain"], asked["plain"])
        choice = source.get("choice", {}).get(asked["choice"], asked["choice"])
        if plain not in labels or choice not in labels:
            continue
        words = (f"run={config['run']}", *config["settings"], *config["data"].get(data, []))
        group, distinct, shared = redundancy(words)
        gain, low, high, seeds = gained(labels[choice], labels[plain])
        yield Evidence(
            choice=asked["choice"], plain=asked["plain"], protocol=asked["protocol"],
            queries=asked["queries"], group=group,
            data=group if data in ("", group) else f"{group} {data}",
            experiment=source["experiment"], distinct=distinct, shared=shared,
            gain=gain, low=low, high=high, seeds=seeds,
        )  # fmt: skip


def table(rules: Sequence[Rule]) -> str:
    """Write every row of evidence, and what each rule misses of data sets left out."""
    parts = []
    for rule in rules:
        first = rule.evidence[0]
        lines = [
            f"## `{first.choice}` against `{first.plain}`, {first.protocol.replace('_', '-')} mR, "
            f"{first.queries} queries",
            "",
            "| data | distinct an image | shared | gain | 95 % | seeds | left out, error |",
            "|---|---:|---:|---:|---|---:|---:|",
        ]
        for row in sorted(rule.evidence, key=lambda row: row.distinct):
            error = rule.errors.get(row.group)
            lines.append(
                f"| [{row.data}](../{row.experiment}) | {row.distinct:.2f} | {row.shared:.2f} | "
                f"{row.gain:+.1f} | {row.low:+.1f} to {row.high:+.1f} | {row.seeds} | "
                f"{'-' if error is None else f'{error:.1f}'} |"
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def picture(rules: Sequence[Rule], path: Path) -> None:
    """Draw gain against distinct captions an image, with intervals."""
    plt.rcParams["svg.hashsalt"] = "wfa"
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    shown = [rule for rule in rules if rule.evidence[0].choice == "uniqueness"]
    for rule, mark, aside in zip(shown, "os", (0.98, 1.02), strict=True):
        rows = rule.evidence
        distinct, gain = [aside * row.distinct for row in rows], [row.gain for row in rows]
        reach = [[row.gain - row.low for row in rows], [row.high - row.gain for row in rows]]
        axes.errorbar(distinct, gain, reach, fmt=mark, label=f"{rows[0].queries} queries")
    axes.set_ylim(top=1.15 * axes.get_ylim()[1])
    for place, group in enumerate(sorted({row.group for row in shown[0].evidence})):
        places = [row.distinct for row in shown[0].evidence if row.group == group]
        middle, top = float(np.exp(np.mean(np.log(places)))), axes.get_ylim()[1]
        height = (0.97 - 0.07 * (place % 2)) * top  # neighbours do not run into each other
        axes.annotate(group, (middle, height), ha="center", va="top", fontsize=8)
    axes.axhline(0.0, color="grey", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.1)
    axes.set_xlabel("distinct captions an image")
    axes.set_ylabel("gain over single, points of mR")
    axes.legend(loc="center left")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Fit and write."""
    asked = read_yaml(HERE / "sources.yaml")
    rules = []
    for choice in asked["choices"]:
        rows = [row for source in asked["sources"] for row in evidence(source, choice)]
        if rows:
            rules.append(guidance.fit(rows))
    write_text(TARGET, json.dumps([guidance.as_plain(rule) for rule in rules], indent=1) + "\n")
    picture(rules, HERE / "gain.svg")
    write_text(
        HERE / "README.md",
        "# When does aggregation gain, and how sure is that?\n\n"
        "Little with a handful of distinct captions an image, much with twenty, and most of it for "
        "aggregated queries.\n\n"
        "![gain against distinct captions](gain.svg)\n\n"
        f"{table(rules)}\n\n"
        "Points of mR on test, mean over seeds and 95 % t-interval over seeds; redundancy is that "
        "of the training split: distinct captions an image, and the share that other images bear "
        "too. `left out` is the mean absolute error of what the other data sets within an octave "
        "of distinct captions foresee; - where there are none. `scenes` and `scenes_s1s2` are "
        "synthetic.\n\n"
        "```\nWFA_DATA_DIR=DIR python -m experiments.guidelines.fit\n```\n",
    )


if __name__ == "__main__":
    main()
