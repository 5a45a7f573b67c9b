"""Train on the synthetic Sentinel pairs and let one run answer all 15 tasks of the benchmark.

    python experiments/2026-11_what_can_one_run_answer/answer_all.py [LABEL ...]

runs what config.yaml names, or these alone, and writes results.jsonl and README.md beside this
file; rows of other runs stay as they are.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from wfa.files import write_text
from wfa.options.recipes import read_yaml
from wfa.scenes.official_files import FORMAT_VERSION
from wfa.tasks.catalogue import GROUPS, TASKS
from wfa.tasks.scores_file import FILE

HERE = Path(__file__).parent
WAYS = {"figures": "heads", "ranked": "statements ranked", "generated": "decoded"}
"""Key of scores.json -> how the answers were made."""
# Set before what can be met blind was known: words of the training split alone reach a BLEU-4 of
# 0.23 for captions, so that goal says nothing of seeing; the controls do.
GOALS = {"binary": 0.75, "mcq": 0.5, "referring": 0.35, "captioning": 0.2}
CONTROLS = {
    "majority": "majority", "prior": "prior", "blind": "blind heads",
    "shuffled": "heads, another image",
}  # fmt: skip
"""Control -> its column."""
METRICS = {"binary": "accuracy", "mcq": "accuracy", "referring": "mIoU", "captioning": "BLEU-4"}


def wfa(*words: str) -> float:
    """Run a command; return its seconds as a whole process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "wfa", *words], check=True, capture_output=True)
    return time.perf_counter() - started


def measured(words: list[str], out: Path) -> dict[str, float]:
    """Train and answer; return the seconds of both."""
    seconds = {"train": wfa("train", *words, f"out={out}")}
    return {**seconds, "answer": wfa("evaluate", str(out), "task=bigearthnet_txt")}


def result(label: str, out: Path, seconds: dict[str, float]) -> dict[str, Any]:
    """Gather one run's row."""
    facts = json.loads((out / "run.json").read_text(encoding="utf-8"))
    (scores,) = (out / "tasks").glob(f"*/{FILE}")
    return {
        "run": label,
        "stand_in": FORMAT_VERSION,
        "process_seconds": {key: round(value, 1) for key, value in seconds.items()},
        **json.loads(scores.read_text(encoding="utf-8")),
        **{key: facts[key] for key in ("config_id", "machine", "seed", "selection")},
        "train_data": facts["data"]["splits"]["train"],
    }


def shown(row: dict[str, Any]) -> str:
    """Return a run's name, with the version of the stand-in where it is not today's."""
    version = row.get("stand_in", 1)
    return row["run"] if version == FORMAT_VERSION else f"{row['run']} on version {version}"


def columns(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return each column of the table: title -> task or group -> its figure."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        controls = row.get("controls", {}).get("figures", ())
        of = {way: row.get(key) for key, way in WAYS.items()}
        of |= {
            title: [own for own in controls
                    if own["control"] == name and own["of"] in ("", "figures")]
            for name, title in CONTROLS.items()
        }  # fmt: skip
        found |= {
            f"{shown(row)}, {title}": {
                figure["task"]: figure["value"]
                for figure in figures
                if figure["metric"] == METRICS[figure["task"].partition("/")[0]]
            }
            for title, figures in of.items()
            if figures
        }
    return found


def seen(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return the columns and tasks whose answers are better than every control."""
    return {
        (f"{shown(row)}, {WAYS[own['answers']]}", own["task"])
        for row in rows
        for own in row.get("controls", {}).get("seen", ())
        if own["seen"]
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures in percent: the groups with their goals first, then the single tasks."""
    found, bold = columns(rows), seen(rows)
    names = [*GROUPS.values(), *(task.name for task in TASKS if task.name not in METRICS)]
    lines = [
        f"| task | metric | {' | '.join(found)} | goal |",
        "|---|---|" + "---|" * (len(found) + 1),
    ]
    for name in names:
        cells = [
            f"{'**' * ((title, name) in bold)}{100 * one[name]:.1f}{'**' * ((title, name) in bold)}"
            if name in one
            else ""
            for title, one in found.items()
        ]
        goal = f"{100 * GOALS[name]:.0f}" if name in GOALS else ""
        metric = METRICS[name.partition("/")[0]]
        lines.append(f"| {name} | {metric} | {' | '.join(cells)} | {goal} |")
    return "\n".join(lines)


def write(rows: list[dict[str, Any]]) -> None:
    """Write results.jsonl and README.md."""
    write_text(HERE / "results.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    runs = "; ".join(
        f"{row['run']}: {row['process_seconds']['train']:.0f} s to train and "
        f"{row['process_seconds']['answer']:.0f} s to learn heads and answer, on "
        f"{row['machine']['cores']} cores of {row['machine']['processor']}, commit "
        f"{row['git']['commit'][:10]}{', with changes' if row['git']['dirty'] else ''}, on version "
        f"{row.get('stand_in', 1)} of the stand-in"
        for row in rows
    )
    write_text(
        HERE / "README.md",
        "# How many of the 15 tasks of BigEarthNet.txt can one contrastive run answer?\n\n"
        f"{table(rows)}\n\n"
        "Percent on the bench split of `scenes_s1s2`, which is synthetic: maps drawn from a seed "
        "with Sentinel-1 and Sentinel-2 bands, in the official formats. They say nothing about "
        "real scenes, and cannot stand beside published ones. The goal of captioning can be met "
        "blind; what is seen is said by the controls. In version 1 of the stand-in a good part of "
        f"the answers could be guessed; today it is version {FORMAT_VERSION}. Bold, where there "
        "are controls: measurably better than every one of them; of captions their concept F1 is "
        "compared, and decoded answers also with the decoder's at another image. One seed each; "
        f"whole processes, with other work beside them: {runs}.\n\n"
        "```\npython experiments/2026-11_what_can_one_run_answer/answer_all.py\n```\n",
    )


def main() -> None:
    """Run what is asked for; nothing is written before all of it is done."""
    runs: dict[str, list[str]] = read_yaml(HERE / "config.yaml")["runs"]
    unknown = set(sys.argv[1:]) - runs.keys()
    if unknown:
        sys.exit(f"no such run: {', '.join(sorted(unknown))}; config.yaml has: {', '.join(runs)}")
    path = HERE / "results.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = {row["run"]: row for row in map(json.loads, lines)}
    with tempfile.TemporaryDirectory() as scratch:
        for label in sys.argv[1:] or runs:
            out = Path(scratch) / label
            rows[label] = result(label, out, measured(runs[label], out))
    write([rows[label] for label in runs if label in rows])


if __name__ == "__main__":
    main()
