"""Train on RSICD and let the run name the classes of UCM and EuroSAT, which it has never seen.

    python experiments/2026-11_what_does_a_run_know_of_classes/classify_all.py [RUN]

trains, or takes a finished run of the same config, and writes results.jsonl and README.md.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from wfa.files import write_text
from wfa.options.recipes import read_yaml
from wfa.retrieval.published import published_classification
from wfa.tasks.classification.templates import TEMPLATES

HERE = Path(__file__).parent
COLUMNS = {
    "ucm": "UCM, 21 classes, zero-shot",
    "eurosat": "EuroSAT, 10 classes, zero-shot",
    "eurosat_probe": "EuroSAT, linear probe",
}
PUBLISHED = {
    "ucm": ("ucm_captions", "classification"),
    "eurosat": ("eurosat", "classification"),
    "eurosat_probe": ("eurosat", "linear_probe"),
}
"""Figure -> data set and task of the published ones."""


def wfa(*words: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "wfa", *words], check=True)


def measured(run: Path, name: str, words: list[str]) -> dict[str, Any]:
    """Measure a figure; return its row."""
    wfa("evaluate", str(run), *map(os.path.expandvars, words))
    newest = max(run.glob("tasks/*/scores.json"), key=lambda path: path.stat().st_mtime)
    return result(run, name, newest)


def result(run: Path, name: str, path: Path) -> dict[str, Any]:
    """Gather a figure's row from its scores.json."""
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    scores = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: facts[key] for key in ("config_id", "seed", "machine")}
    shown = ("data", "metrics", "options", "classes", "chosen_on_validation", "git")
    return {"figure": name, **kept, **{key: scores.get(key) for key in shown}}


def table(rows: list[dict[str, Any]]) -> str:
    """Return top-1 in percent: ours, chance, and published ones with the same template."""
    columns = {row["figure"]: COLUMNS[row["figure"]] for row in rows}
    ours = {row["figure"]: row["metrics"]["top-1"] for row in rows}
    chance = {row["figure"]: 1 / len(row["classes"]) for row in rows}
    lines = [f"| model | {' | '.join(columns.values())} |", "|---|" + "---|" * len(columns)]
    beside: dict[str, dict[str, float]] = {
        "trained on RSICD's captions, locked EfficientNet-Lite0 and MiniLM": ours,
        "*chance*": chance,
    }
    for name in columns:
        data, kind = PUBLISHED[name]
        for one in published_classification(data, kind, "test", TEMPLATES["remote_sensing"]):
            beside.setdefault(f"{one.model} ({one.source})", {})[name] = one.value
    for model, values in beside.items():
        cells = [f"{100 * values[key]:.1f}" if key in values else "" for key in columns]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(rows: list[dict[str, Any]]) -> None:
    """Write results.jsonl and README.md."""
    write_text(HERE / "results.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    images = ", ".join(f"{row['data']['images']} for {COLUMNS[row['figure']]}" for row in rows)
    git, machine = rows[0]["git"], rows[0]["machine"]
    write_text(
        HERE / "README.md",
        "# What does a run know of the classes of data that it has never seen?\n\n"
        f"{table(rows)}\n\n"
        f"Top-1 in percent on test; images: {images}. Published figures are of the authors' own "
        "splits. All with the template `a remote sensing "
        "image of a {}`; the published models have seen 400 million pairs or far more remote-"
        "sensing pairs, this run 8,734 images. RSICD and UCM share "
        "names of classes, and some pictures may be of the same places: `wfa evaluate RUN "
        "data=[rsicd,ucm_captions]` says what they share. One seed; on "
        f"{machine['cores']} cores of {machine['processor']}, commit {git['commit'][:10]}"
        f"{', with changes' if git['dirty'] else ''}.\n\n"
        f"```\npython experiments/{HERE.name}/classify_all.py\n```\n",
    )


def main() -> None:
    """Train where no run is given, measure, write."""
    asked = read_yaml(HERE / "config.yaml")
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "run"
        if len(sys.argv) == 1:
            wfa("train", *asked["train"], f"out={run}")
        write([measured(run, name, words) for name, words in asked["figures"].items()])


if __name__ == "__main__":
    main()
