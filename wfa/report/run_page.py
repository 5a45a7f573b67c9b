"""What the page of a run shows, from its files to the values that the template takes."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wfa.report.benchmark_page import benchmark_view, read_benchmark
from wfa.report.by_class import class_scores, read_classified
from wfa.report.finished_run import RunResult
from wfa.report.retrieval_tables import ORACLE, chance, split_tables
from wfa.report.run_plots import run_plots, selected_point
from wfa.report.scores import MEAN_RECALL, Key, find
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.runs.query_gallery import BANDS
from wfa.tables import DASH, Table, count, decimal, duration, share

PLUGINS = ("data", "aggregation", "encoder", "loss", "model")
_METRICS = (*(f"R@{k}" for k in KS), "MedR", "mAP")
_DIRECTIONS = ((TEXT_TO_IMAGE, "text to image"), (IMAGE_TO_TEXT, "image to text"))
_COLUMNS: tuple[Key, ...] = (
    *((direction, metric) for direction, _ in _DIRECTIONS for metric in _METRICS), MEAN_RECALL,
)  # fmt: skip
GROUPS = (("", 2), *((name, len(_METRICS)) for _, name in _DIRECTIONS), ("both", 1))
"""What stands above the columns of a table of results."""
_TILES: tuple[tuple[Key, str], ...] = (
    *(((TEXT_TO_IMAGE, f"R@{k}"), f"text to image R@{k}") for k in KS),
    (MEAN_RECALL, "mR, both directions"),
)
_BANDS = ("Found at once", "Among the first ten", "Missed")
_PHASES = ("prepare", "fit", "evaluate")


def run_view(run: RunResult) -> dict[str, Any]:
    """Gather everything that the page of a run shows, for `run_sections.html.j2`."""
    header = ("protocol", "queries", *(metric for _, metric in _COLUMNS))
    further = [line for line in run.lines if line not in run.own_lines]
    tables, others = (
        [replace(table, header=header) for table in split_tables(some, _COLUMNS)]
        for some in (run.own_lines, further)
    )
    lost = run.history.not_finite("loss")
    benchmark = run.folder / "benchmark" / "benchmark.json"
    return {
        "name": run.name,
        "sub": " · ".join(run.choice(name) for name in ("data", "aggregation", "encoder", "loss")),
        "notes": run.look("data", "notes", default=[]),
        "headline": _headline(run),
        "tables": tables,
        "further": others,
        "groups": GROUPS,
        "classes": class_scores(run.classes) if run.classes else None,
        "classified": read_classified(run.folder, run.name),
        "selection": _selection(run),
        "lost": lost,
        "plots": run_plots(run),
        "benchmark": benchmark_view(read_benchmark(benchmark)) if benchmark.is_file() else None,
        "gallery": run.gallery if run.gallery and run.gallery["queries"] else None,
        "bands": _bands(run),
        **_settings(run),
        "phases": [(name, run.number("seconds", name)) for name in _PHASES],
        "cost": _cost(run),
        "tokens": run.number("throughput", "text_tokens_share") is not None,
        **_provenance(run),
    }


def _headline(run: RunResult) -> dict[str, Any] | None:
    """Say in a sentence and four numbers how well the run retrieves."""
    measured, best = find(run.own_lines), find(run.own_lines, oracle=True)
    if measured is None:
        return None
    images = run.number("data", "splits", run.split, "images")
    rate = measured.values.get((TEXT_TO_IMAGE, "R@5"))
    tiles = []
    for key, label in _TILES:
        if key in measured.values:
            value, top = measured.values[key], best.values.get(key) if best else None
            known = images and key[0] == TEXT_TO_IMAGE
            guessed = chance(int(key[1][2:]), images or 1) if known else None
            beside = [(ORACLE, top), ("chance", guessed)]
            tiles.append({
                "label": label, "value": f"{100 * value:.1f}", "width": _width(value),
                "top": None if top is None else _width(top),
                "beside": [f"{name} {share(held)}" for name, held in beside if held is not None],
            })  # fmt: skip
    summary = None if rate is None or images is None else {
        "rate": share(rate), "images": count(images), "data": run.data, "split": run.split,
        "chance": share(chance(5, images)),
    }  # fmt: skip
    return {"tiles": tiles, "summary": summary}


def _selection(run: RunResult) -> dict[str, Any] | None:
    point = selected_point(run)
    if point is None:
        return None
    metric, ran = str(run.look("selection", "metric", default="")), None
    ran = run.number("selection", "epochs_run")
    queries, images = run.look("selection", "queries"), run.number("selection", "images")
    asked = f" with {queries} queries" if queries else ""
    asked += f" on {images:,.0f} images" if images is not None else ""
    return {
        "epoch": f"{point[0]:.0f}", "of": "" if ran is None else f" of {ran:.0f}",
        "metric": metric + asked, "value": share(point[1]),
        "fair": metric.startswith("validation/"),
    }  # fmt: skip


def _bands(run: RunResult) -> list[dict[str, Any]]:
    """Sort the gallery's queries into three bands of rank, each with its share of all queries."""
    if run.gallery is None:
        return []
    ranks = run.ranks.get((run.gallery["split"], "strict", "single", TEXT_TO_IMAGE))
    bands = []
    for title, (low, high) in zip(_BANDS, BANDS, strict=True):
        queries = [query for query in run.gallery["queries"] if low <= query["rank"] <= high]
        inside = None if ranks is None else float(((ranks >= low) & (ranks <= high)).mean())
        if queries:
            part = "" if inside is None else f"{share(inside)} of all queries"
            bands.append({"title": title, "part": part, "queries": queries})
    return bands


def _settings(run: RunResult) -> dict[str, Any]:
    cards = [
        (name, [(key, plain(value)) for key, value in values.items() if key != "name"])
        for name, values in run.config.items()
        if isinstance(values, Mapping) and set(values) - {"name"}
    ]
    return {"choices": [(name, run.choice(name)) for name in PLUGINS], "cards": cards}


def _cost(run: RunResult) -> list[tuple[str, str]]:
    def rate(key: str) -> str:
        value = run.number("throughput", key)
        return DASH if value is None else f"{value:,.0f} /s"

    every, trained = run.number("parameters", "total"), run.number("parameters", "trainable")
    parameters = DASH if None in (every, trained) else f"{count(trained)} of {count(every)}"
    return [
        ("total", duration(run.number("seconds", "total"))),
        ("images", rate("images_per_second")),
        ("captions", rate("captions_per_second")),
        ("texts encoded a caption", decimal(run.number("throughput", "texts_per_caption"), 2)),
        ("text tokens computed", share(run.number("throughput", "text_tokens_share"))),
        ("waiting for data", share(run.number("throughput", "data_wait_share"))),
        ("parameters trained", parameters),
    ]


def _provenance(run: RunResult) -> dict[str, Any]:
    """Say what the result rests on."""
    cores = run.number("machine", "cores")
    machine = [plain(run.look("machine", key)) for key in ("processor", "system")]
    machine.append(DASH if cores is None else f"{cores:.0f} cores")
    rows = tuple(
        (name, *(count(run.number("data", "splits", name, key))
                 for key in ("images", "captions", "skipped")),
         str(run.look("data", "splits", name, "checksum", default=DASH))[:16])
        for name in run.look("data", "splits", default={})
    )  # fmt: skip
    return {
        "config_id": run.look("config_id"), "folder": run.folder.name,
        "commit": str(run.look("git", "commit") or "")[:12], "dirty": run.look("git", "dirty"),
        "origin": [("seed", plain(run.look("seed"))), ("device", plain(run.look("device"))),
                   ("machine", ", ".join(part for part in machine if part != DASH))],
        "splits": Table(("split", "images", "captions", "skipped", "checksum"), rows),
        "versions": ", ".join(f"{k} {v}" for k, v in run.info["versions"].items()),
    }  # fmt: skip


def plain(value: Any) -> str:
    """Write a value of a config or of run.json as people read it."""
    if value is None or value in ("", []):
        return DASH
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _width(fraction: float) -> str:
    return f"{100 * min(1.0, max(0.0, fraction)):.2f}%" if math.isfinite(fraction) else "0%"
