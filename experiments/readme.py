"""Put the figures of the experiments into the README and the site: nothing there is typed by hand.

python experiments/readme.py
"""

import json
from pathlib import Path

from wfa.files import write_text
from wfa.tasks.catalogue import GROUPS

HERE = Path(__file__).parent
PAGES = {
    HERE.parent / "README.md": ("printed", "recipes", "techniques"),
    HERE.parent / "docs" / "bigearthnet.md": ("tasks", "sensors"),
    HERE.parent / "docs" / "field.md": ("classes",),
    HERE.parent / "docs" / "speed.md": ("speed",),
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
)
WINS = HERE / "2026-11_which_technique_wins"
TASKS = HERE / "2026-11_what_can_one_run_answer"
RECIPES = HERE / "2026-11_what_do_the_recipes_reach"
CLASSES = HERE / "2026-11_what_does_a_run_know_of_classes"
SENSORS = HERE / "2026-11_what_does_each_sensor_bring"


def blocks() -> dict[str, str]:
    """Return the generated blocks by their names."""
    printed = (RECIPES / "printed.txt").read_text(encoding="utf-8")
    start = printed.index("scenes · test")
    table = "\n".join(line.rstrip() for line in printed[start:].splitlines())
    wins = (WINS / "README.md").read_text(encoding="utf-8").split("\n\n")[1]
    summary = (RECIPES / "README.md").read_text(encoding="utf-8").split("\n\n")[1]
    tasks = (TASKS / "README.md").read_text(encoding="utf-8").split("\n\n")[1].splitlines()
    sensors = (SENSORS / "README.md").read_text(encoding="utf-8").split("\n\n")[1:6]
    return {
        "printed": f"```\n{table.strip()}\n```",
        "recipes": summary,
        "techniques": wins,
        "tasks": "\n".join(tasks[: _HEAD + len(GROUPS)]),
        "sensors": "\n\n".join(sensors),
        "classes": (CLASSES / "README.md").read_text(encoding="utf-8").split("\n\n")[1],
        "speed": speed(),
    }


def speed() -> str:
    """Return the table of the benchmarks that have a goal: ours against a peer in one run."""
    lines = ["| what | ours | peer | times better | wanted |", "|---|---|---|---|---|"]
    for name in SPEED:
        path = HERE / "benchmarks" / f"{name}.json"
        for row in json.loads(path.read_text(encoding="utf-8")):
            if row["goal"] is not None:
                ours, peer = (f"{_short(row[side])} {row['unit']}" for side in ("ours", "peer"))
                numbers = f"{ours} | {peer} | {row['ratio']:.1f} | {row['goal']:.4g}"
                lines.append(f"| {name}: {row['case']} | {numbers} |")
    return "\n".join(lines)


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
