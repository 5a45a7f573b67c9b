"""Put the figures of the experiments into the README and the site: nothing there is typed by hand.

python -m experiments.readme
"""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from experiments.guidelines.fit import scores
from wfa.auditing.guidance import Evidence, Rule, foreseen, shipped
from wfa.files import write_text
from wfa.tasks.catalogue import GROUPS

HERE = Path(__file__).parent
PAGES = {
    HERE.parent / "README.md": ("printed", "classes", "techniques", "use"),
    HERE.parent / "docs" / "bigearthnet.md": ("tasks", "guessed", "sensors"),
    HERE.parent / "docs" / "field.md": ("classes",),
    HERE.parent / "docs" / "speed.md": ("speed", "to_validation_mr"),
}
"""Page -> its blocks."""
_HEAD = 2
"""Lines of a Markdown table above its rows."""
SPEED = (
    "bleu",
    "text_step",
    "train_step",
    "caption_pipeline",
    "search",
    "retrieval_metrics",
    "retrieval_metrics_large",
    "ben_reader",
    "shards",
    "decoding",
    "busy_machine",
)
WINS = {
    "RSICD": HERE / "2026-11_which_technique_wins_on_rsicd",
    "UCM": HERE / "2026-11_which_technique_wins",
}
"""Data set -> the comparison of all techniques on it."""
MANY = 8
"""Distinct captions an image from which a data set's rows stand by themselves in the table."""
BLIND = {("binary", "accuracy"): 52.6, ("mcq", "accuracy"): 29.3, ("captioning", "BLEU-4"): 31.9}
"""Task and metric -> what is published of a language model without the image on the real bench
split, in percent; its captions are scored by SacreBLEU."""
TASKS = HERE / "2026-11_what_can_one_run_answer"
RECIPES = HERE / "2026-11_what_do_the_recipes_reach"
CLASSES = HERE / "2026-11_what_does_a_run_know_of_classes"
SENSORS = HERE / "2026-11_what_does_each_sensor_bring"


def blocks() -> dict[str, str]:
    """Return the generated blocks by their names."""
    printed = (RECIPES / "printed.txt").read_text(encoding="utf-8")
    start = printed.index("scenes · test")
    table = "\n".join(line.rstrip() for line in printed[start:].splitlines())
    tasks = (TASKS / "README.md").read_text(encoding="utf-8").split("\n\n")[1].splitlines()
    sensors = (SENSORS / "README.md").read_text(encoding="utf-8").split("\n\n")[1:7]
    return {
        "printed": f"```\n{table.strip()}\n```",
        "techniques": techniques(),
        "use": use(),
        "tasks": "\n".join(tasks[: _HEAD + len(GROUPS)]),
        "guessed": guessed(),
        "sensors": "\n\n".join(sensors),
        "classes": (CLASSES / "README.md").read_text(encoding="utf-8").split("\n\n")[1],
        "speed": speed(),
        "to_validation_mr": benchmark("to_validation_mr"),
    }


def techniques() -> str:
    """Return strict mR on test of every technique of both comparisons, over seeds."""
    found = {
        (name, queries): scores(folder, "strict", queries).popitem()[1]
        for name, folder in WINS.items()
        for queries in ("single", "aggregated")
    }
    first, *others = found.values()
    labels = [label for label in first if all(label in other for other in others)]
    labels.sort(key=lambda label: -mean(first[label].values()))
    lines = [
        f"| technique | {' | '.join(f'{name}, {queries}' for name, queries in found)} |",
        "|---|" + "---:|" * len(found),
    ]
    for label in labels:
        cells = [100 * np.array(list(of[label].values())) for of in found.values()]
        shown = " | ".join(f"{each.mean():.1f} ± {each.std(ddof=1):.1f}" for each in cells)
        lines.append(f"| {label} | {shown} |")
    return "\n".join(lines)


def use() -> str:
    """Return what `uniqueness` gains over `single` on each data set, and what to use there."""
    rules = {
        rule.evidence[0].queries: rule
        for rule in shipped()
        if rule.evidence[0].choice == "uniqueness"
    }
    lines = [
        "| data set | distinct captions an image | single-caption queries | aggregated queries | "
        "use |",
        "|---|---:|---:|---:|---|",
    ]
    for data, low, high in sorted(_kinds(rules["single"]), key=lambda kind: kind[1]):
        rows = {
            queries: [row for row in _rows(rule, data) if low <= row.distinct <= high]
            for queries, rule in rules.items()
        }
        gains = [f"{foreseen(rows[queries]):+.1f}" for queries in ("single", "aggregated")]
        middle = mean(row.distinct for row in rows["single"])
        verdicts = {rule.advice(middle)["verdict"] for rule in rules.values()}
        best = "`uniqueness`" if "better" in verdicts else "either"
        span = f"{low:.1f}" if high - low < 0.1 else f"{low:.1f} to {high:.1f}"
        lines.append(f"| {data} | {span} | {gains[0]} | {gains[1]} | {best} |")
    return "\n".join(lines)


def guessed() -> str:
    """Return what is answered on the stand-in without the image, beside what is published."""
    rows = map(json.loads, (TASKS / "results.jsonl").read_text(encoding="utf-8").splitlines())
    row = next(row for row in rows if "controls" in row)
    found = {
        (own["control"], own["task"], own["metric"]): 100 * own["value"]
        for own in row["controls"]["figures"]
        if own["of"] in ("", "figures")
    }
    lines = ["| task | metric | prior | blind heads | published |", "|---|---|---:|---:|---:|"]
    for (task, metric), published in BLIND.items():
        own = [f"{found[control, task, metric]:.1f}" for control in ("prior", "blind")]
        lines.append(f"| {task} | {metric} | {own[0]} | {own[1]} | {published} |")
    return "\n".join(lines)


def _kinds(rule: Rule) -> Iterator[tuple[str, float, float]]:
    """Yield each data set with the least and most distinct captions of its rows, few and many."""
    for data in {row.group for row in rule.evidence}:
        counts = [row.distinct for row in _rows(rule, data)]
        for own in ([x for x in counts if x < MANY], [x for x in counts if x >= MANY]):
            if own:
                yield data, min(own), max(own)


def _rows(rule: Rule, data: str) -> list[Evidence]:
    return [row for row in rule.evidence if row.group == data]


def speed() -> str:
    """Return the table of the benchmarks that have a goal: ours against a peer in one run."""
    lines = ["| what | ours | peer | times better | wanted |", "|---|---|---|---|---|"]
    for name in SPEED:
        lines += [
            f"| {name}: {_figures(row)} | {row['goal']:.4g} |"
            for row in _benchmark(name)
            if row["goal"] is not None
        ]
    return "\n".join(lines)


def benchmark(name: str) -> str:
    """Return the table of one benchmark, whatever its goals."""
    lines = ["| what | ours | peer | times better |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {_figures(row)} |" for row in _benchmark(name))])


def _benchmark(name: str) -> list[dict[str, Any]]:
    path = HERE / "benchmarks" / f"{name}.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def _figures(row: dict[str, Any]) -> str:
    ours, peer = (
        "not with every seed" if row[side] is None else f"{_short(row[side])} {row['unit']}"
        for side in ("ours", "peer")
    )
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.1f}"
    return f"{row['case']} | {ours} | {peer} | {ratio}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main() -> None:
    """Replace what stands between `<!-- NAME -->` and `<!-- /NAME -->`."""
    found = blocks()
    for path, names in PAGES.items():
        text = path.read_text(encoding="utf-8")
        for name in names:
            before, opening, rest = text.partition(f"<!-- {name} -->\n")
            _, closing, after = rest.partition(f"<!-- /{name} -->")
            if not closing:
                raise SystemExit(f"{path.name} must have a block {name}")
            text = f"{before}{opening}{found[name]}\n{closing}{after}"
        write_text(path, text)


if __name__ == "__main__":
    main()
