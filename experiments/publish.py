"""Turn a finished comparison into an experiment: README, config, results; nothing is typed by hand.

python experiments/publish.py --workers 2 runs/ucm_frozen experiments/YYYY-MM_SUBJECT "QUESTION"
"""

import argparse
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from wfa.files import write_text
from wfa.options.recipes import recipe_names
from wfa.report.comparison_tables import sets_tables
from wfa.report.retrieval_tables import ORACLE
from wfa.retrieval.ties import WORST

SHOWN = (("strict", "single"), ("strict", "aggregated"), ("duplicate_aware", "single"))
"""The columns of mR: protocol, queries."""
_CHOSEN_BY = ("mR", "strict", "single")
_METRICS = ("R@1", "R@5", "R@10", "mR")
_OF_A_RUN = ("cost", "config_id", "commit", "dirty")
"""What is the same in all rows of a run."""
_RUN = ("data", "label", "seed")
"""What tells runs apart."""


def main() -> None:
    """Write README.md, config.yaml and results.jsonl of an experiment."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("comparison", type=Path, help="the folder that `wfa compare` wrote")
    parser.add_argument("experiment", type=Path, help="experiments/<yyyy-mm>_<question>")
    parser.add_argument("question", help="the title of the README")
    parser.add_argument("--answer", default="", help="what a person reads first; no figures in it")
    parser.add_argument(
        "--workers", type=int, required=True, help="compare.workers of it, which it does not keep"
    )
    asked = parser.parse_args()
    found = json.loads((asked.comparison / "comparison.json").read_text(encoding="utf-8"))
    asked.experiment.mkdir(parents=True, exist_ok=True)
    shutil.copy(asked.comparison / "comparison.yaml", asked.experiment / "config.yaml")
    lines = (asked.comparison / "results.jsonl").read_text(encoding="utf-8").splitlines()
    split = found["request"]["split"]
    kept = shortened(row for row in map(json.loads, lines) if _kept(row, split))
    text = "".join(json.dumps(row) + "\n" for row in kept)
    write_text(asked.experiment / "results.jsonl", text)
    shipped = found["name"] in recipe_names("compare")
    recipe = found["name"] if shipped else f"{asked.experiment.as_posix()}/{found['name']}.yaml"
    text = readme(asked.question, asked.answer, found, recipe, asked.workers)
    write_text(asked.experiment / "README.md", text)


def shortened(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Leave what is said of a whole run to the first of its rows."""
    said = set()
    for row in rows:
        run = tuple(row.get(key) for key in _RUN)
        first = run not in said
        said.add(run)
        yield {key: value for key, value in row.items() if first or key not in _OF_A_RUN}


def named(git: Mapping[str, Any]) -> str:
    """Name a commit, and say where it alone does not lead to the source that was run."""
    commit = str(git["commit"])
    asked = ["git", "merge-base", "--is-ancestor", commit, "HEAD"]
    known = not subprocess.run(asked, check=False, capture_output=True).returncode
    marks = {", with changes": git["dirty"], ", not in this history": not known}
    return commit[:10] + "".join(mark for mark, holds in marks.items() if holds)


def _kept(row: dict[str, Any], split: str) -> bool:
    """Keep the columns that are shown, mR under both rules of ties, and what chose checkpoints."""
    asked = (row["metric"], row["protocol"], row["queries"])
    if row.get("oracle"):
        return False  # the data's, not the run's
    worst = row.get("ties", WORST) == WORST
    if row["split"] != split:
        return worst and asked == _CHOSEN_BY
    shown = (row["protocol"], row["queries"]) in SHOWN and row["metric"] in _METRICS
    return shown and (worst or row["metric"] == "mR")


def readme(question: str, answer: str, found: dict[str, Any], recipe: str, workers: int) -> str:
    """Write the page: the question, the answers, a table a data set, how to repeat it."""
    several = len(found["sets"]) > 1
    parts = [f"# {question}", *([answer] if answer else [])]
    if several:
        parts += ["\n".join(f"- {one['data']}: {_first(one)}" for one in found["sets"])]
        parts += [each.to_markdown().strip() for each in sets_tables(found)]
    for one in found["sets"]:
        title = one["data"]
        if several:
            parts.append(f"## {title}")
        answers = [
            f"- **{guide['question']}** {guide['answer']}"
            for guide in one["guidelines"]
            if "duplicate" not in guide["question"]
        ]
        parts += [table(one), "\n".join(answers)]
    seeds = found["request"]["seeds"]
    budget = " ".join(f"{count} {kind}" for kind, count in found["request"]["budget"].items())
    parts.append(
        f"Percent on {found['request']['split']}, mean ± standard deviation over {len(seeds)} "
        f"seeds at a budget of {budget}; the checkpoint is chosen by validation mR. A difference "
        "counts as measurable when a paired randomisation test over images and a paired t-test "
        "over seeds both say so, Holm-corrected over all pairs "
        "([how](../../wfa/comparing/statistics.py)). Seconds are those of training in one of "
        f"{workers} worker processes on {found['machine']['cores']} cores of "
        f"{found['machine']['processor']}; commit {named(found['git'])}."
    )
    parts.append(
        f"```\nwfa compare compare={recipe} compare.workers={workers} out=runs/{found['name']}\n```"
    )
    return "\n\n".join(parts) + "\n"


def _first(one: dict[str, Any]) -> str:
    """Return the first answer of a data set: which technique is best for single captions."""
    return str(one["guidelines"][0]["answer"])


def table(one: dict[str, Any]) -> str:
    """Return a Markdown table of mR and cost, a row a technique, the best strict one first."""
    means = {
        (row["protocol"], row["queries"], row["label"]): row
        for row in one["scores"]
        if row["metric"] == "mR"
    }
    cost = {row["label"]: row for row in one["cost"]}
    labels = sorted(cost, key=lambda label: -means[(*SHOWN[0], label)]["mean"])
    lines = [
        "| technique | strict mR, single | strict mR, aggregated | duplicate-aware mR, single | "
        "texts encoded | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for label in labels:
        cells = [_percent(means[(*column, label)]) for column in SHOWN]
        costs = [f"{cost[label]['texts']:,.0f}", f"{cost[label]['train_seconds']:.1f}"]
        lines.append(f"| {label} | {' | '.join([*cells, *costs])} |")
    oracles = [f"{100 * means[(*column, labels[0])]['ceiling']:.1f}" for column in SHOWN]
    lines.append(f"| *{ORACLE}* | {' | '.join(oracles)} | | |")
    return "\n".join(lines)


def _percent(row: dict[str, Any]) -> str:
    spread = "" if row["sd"] is None else f" ± {100 * row['sd']:.1f}"
    return f"{100 * row['mean']:.1f}{spread}"


if __name__ == "__main__":
    main()
