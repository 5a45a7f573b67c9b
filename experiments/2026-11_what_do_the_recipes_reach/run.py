"""Train the shipped recipes as a person would, and write down what they print.

    WFA_DATA_DIR=DIR python experiments/2026-11_what_do_the_recipes_reach/run.py

writes results.jsonl, README.md and printed.txt (what `wfa train` shows) beside this file, and
report.html of the first, from which queries.png was taken. The caches start empty, so the first
run of each kind pays for decoding and encoding.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from wfa.files import write_text
from wfa.options.recipes import read_yaml

HERE = Path(__file__).parent
WANTED = (
    ("strict", "text_to_image", "R@5"),
    ("strict", "text_to_image", "R@10"),
    ("duplicate_aware", "text_to_image", "R@1"),
    ("strict", "both", "mR"),
)


def train(words: list[str], out: Path, cache: Path) -> float:
    """Run `wfa train`; return its seconds as a whole process."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "wfa", "train", *words, f"out={out}"],
        env={**os.environ, "WFA_CACHE_DIR": str(cache)},
        check=True,
        capture_output=True,
        text=True,
    )
    write_text(out / "printed.txt", done.stdout)
    return time.perf_counter() - started


def result(label: str, out: Path, seconds: float) -> dict[str, Any]:
    """Gather one run's row: test metrics of single queries, cost and provenance."""
    rows = json.loads((out / "metrics.json").read_text())
    facts = json.loads((out / "run.json").read_text())
    return {
        "run": label,
        "process_seconds": round(seconds, 1),
        "metrics": [row for row in rows if row["split"] == "test"],
        **{key: facts[key] for key in (
            "config_id", "git", "versions", "machine", "seed", "data", "seconds", "selection",
            "throughput",
        )},
    }  # fmt: skip


def value(row: dict[str, Any], protocol: str, direction: str, metric: str) -> float:
    """Return one measured number of a row's single-caption queries."""
    found: float = next(
        entry["value"]
        for entry in row["metrics"]
        if (entry["protocol"], entry["queries"], entry["direction"], entry["metric"])
        == (protocol, "single", direction, metric)
        and not entry.get("oracle")
        and entry["ties"] == "worst"
    )
    return found


def summary(rows: list[dict[str, Any]]) -> str:
    """Return the experiment's table: percent on test, one seed each."""
    lines = [
        "| run | strict T2I R@5 | strict T2I R@10 | duplicate-aware T2I R@1 | mR | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = " | ".join(f"{100 * value(row, *key):.1f}" for key in WANTED)
        lines.append(f"| {row['run']} | {cells} | {row['process_seconds']:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Run everything; nothing is written before all runs are done."""
    runs: dict[str, list[str]] = read_yaml(HERE / "config.yaml")["runs"]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for label, words in runs.items():
            out = Path(scratch) / label.replace(" ", "_")
            rows.append(result(label, out, train(words, out, Path(scratch) / "cache")))
        printed = (Path(scratch) / "scenes" / "printed.txt").read_text(encoding="utf-8")
        write_text(HERE / "printed.txt", printed.partition("\nrun ")[0] + "\n")
        shutil.copy(Path(scratch) / "scenes" / "report.html", HERE / "report.html")
    write_text(HERE / "results.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    machine = rows[0]["machine"]
    write_text(
        HERE / "README.md",
        "# What do the shipped recipes reach, and in what time?\n\n"
        f"{summary(rows)}\n\n"
        "Percent on the test split, queries are single captions, one seed each; seconds are whole "
        "processes from an empty cache (the second and third UCM run find the features of the "
        f"first), on {machine['cores']} cores of {machine['processor']}. The checkpoint is chosen "
        "by validation mR; ties take the worst rank. One seed proves no difference between "
        "techniques. `scenes` is synthetic.\n\n"
        "```\nWFA_DATA_DIR=DIR python experiments/2026-11_what_do_the_recipes_reach/run.py\n```\n",
    )


if __name__ == "__main__":
    main()
