"""What a benchmark of search found: tables for the terminal, the values that its page takes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wfa.json_files import read_object
from wfa.pareto import pareto_front
from wfa.report.document import document
from wfa.report.inline_svg import COLOURS
from wfa.report.plots import Axis, Dot, Plot, Point, Series, line_plot, percent
from wfa.tables import DASH, Number, Table, count, decimal, share

Values = Mapping[str, Any]
"""What `benchmark.json` holds, or a point of it."""

_KEYS = ("source", "gallery", "points", "recommended", "forms", "held_out", "notes", "settings",
         "threads")  # fmt: skip
_RERANK = {"none": "", "fp16": " + fp16", "fp32": " + fp32"}
_DEVICE = {"cpu": "", "gpu": " on GPU"}
_SHORT = {"nprobe": "{} probes", "efSearch": "beam {}", "k_factor_rf": "x{}"}


def read_benchmark(path: Path) -> dict[str, Any]:
    """Read `benchmark.json`.

    Raises:
        RunError: It is damaged or holds something else.
    """
    return read_object(path, _KEYS, "run `wfa benchmark` again")


def render_benchmark(found: Values) -> str:
    """Return the page of a benchmark; the same benchmark gives the same text."""
    source = found["source"]
    title = f"{source.get('run', source.get('embeddings', 'embeddings'))} · search benchmark"
    asked = f"{source['data']} · {source['split']}" if "data" in source else "embeddings file"
    return document("benchmark", title, sub=asked, view=benchmark_view(found))


def benchmark_tables(found: Values) -> list[Table]:
    """Make the terminal's tables: the points on the front of recall and speed, and the forms."""
    place = found["recommended"]["place"]
    best = [p for n, p in enumerate(found["points"]) if p["best_speed"] or n == place]
    rows = tuple(
        (label_of(p), search_of(p), decimal(p["recall"], 3), share(p["task"].get("R@1")),
         count(p["qps"]["median"]), milliseconds(p["latency_ms"]["one_thread"]["p95"]),
         count(p["bytes"]))
        for p in sorted(best, key=lambda point: float(point["recall"]))
    )  # fmt: skip
    title = f"best of {len(found['points'])} points · {_gallery(found)}"
    header = ("index", "search", "recall", "R@1", "QPS", "p95 ms", "bytes")
    forms = [_forms_table(found, short=True)] if found["forms"] else []
    return [Table(header, rows, title, labels=2), *forms, *_reranking_tables(found)]


def point_records(found: Values) -> list[dict[str, Any]]:
    """Return every operating point as a record for CSV, unrounded."""
    return [
        {"index": label_of(p), "factory": p["factory"], "search": search_of(p),
         "recall": p["recall"], **p["task"], "qps": p["qps"]["median"],
         **{f"{name}_ms": value for name, value in p["latency_ms"]["one_thread"].items()},
         **{key: p[key] for key in ("bytes", "build_seconds", "load_ms")}}
        for p in found["points"]
    ]  # fmt: skip


def benchmark_view(found: Values) -> dict[str, Any]:
    """Gather everything that the page shows, for `benchmark_sections.html.j2`."""
    points, use = found["points"], found["recommended"]["place"]
    best = [p for n, p in enumerate(points) if p["best_speed"] or p["best_size"] or n == use]
    skipped = tuple((one["family"], one["where"], one["reason"]) for one in found["skipped"])
    return {
        "advice": found["recommended"], "advised": _advised(found), "notes": found["notes"],
        "facts": _facts(found), "plots": _plots(found), "groups": _groups(points),
        "best": _points_table(best), "all": _points_table(points),
        "bold": {(place, 0): "best" for place, p in enumerate(points)
                 if p["best_speed"] or p["best_size"]},
        "skipped": Table(("index", "where", "why"), skipped, labels=3),
        "forms": _forms_table(found) if found["forms"] else None,
        "forms_words": " ".join(forms_words(found)) if found["forms"] else "",
        "reranking": _reranking_tables(found),
    }  # fmt: skip


def recommended_words(found: Values) -> str:
    """Say which point to use and why, and how many threads measured it."""
    return f"{_advised(found)}: {found['recommended']['why']} ({_threads(found)})"


def forms_words(found: Values) -> list[str]:
    """Say what the gallery forms were asked with, and what was held out of them."""
    held = found["held_out"]
    words = [
        "The split alone, searched exactly; vectors and bytes an image.",
        f"Captions ask that no gallery holds: of each image one distinct caption stays out of the "
        f"text forms, drawn by the image's name, {count(held['held_out'])} in all; "
        f"{count(held['asked'])} of them are asked.",
    ]
    if held["single"]:
        words.append(
            f"{count(held['single'])} images have a single distinct caption: it stays in, and "
            "they are not asked for."
        )
    if held["verbatim"]:
        words.append(
            f"{count(held['verbatim'])} asked captions stand word for word among another image's: "
            "strict R@K counts that image as wrong, duplicate-aware R@K (dup.) as right."
        )
    words.append(
        "aggregated is one vector an image made by "
        f"{held['aggregated_by']} of the captions that are left; max_similarity keeps all of "
        "them, and an image scores with its best one."
    )
    return words


def label_of(point: Values) -> str:
    """Name the index: family, place and re-ranking."""
    return f"{_family(point)}{_RERANK[point['rerank']]}"


def search_of(point: Values) -> str:
    """Write search parameters in short; `x4` re-ranks four times as many as are asked for."""
    return " ".join(
        _SHORT[key].format(value) for key, value in point["parameters"].items() if key in _SHORT
    )


def milliseconds(value: float) -> Number:
    """Write milliseconds."""
    return Number(f"{value:.2f}" if value >= 0.1 else f"{value:.2g}", value)


def _family(point: Values) -> str:
    where = point["device"]
    return str(point["family"]) + _DEVICE.get(where, f" on {where}")


def _advised(found: Values) -> str:
    advice = found["recommended"]
    point = found["points"][advice["place"]]
    words = search_of(point)
    recipe = f"{point['factory']}, {words}" if words else point["factory"]
    verb = "use" if advice["fits"] else "nothing fits; nearest is"
    return f"{verb} {label_of(point)} ({recipe})"


def _threads(found: Values) -> str:
    return f"threads: {found['threads']['all']} for batches, 1 where it says so"


def _facts(found: Values) -> list[tuple[str, str]]:
    """List what was measured on what."""
    gallery, encoding = found["gallery"], found["source"].get("encoding")
    makeup = ", ".join(f"{count(part['vectors'])} {part['what']}" for part in gallery["makeup"])
    pairs = [
        ("gallery", f"{count(gallery['vectors'])} x {gallery['width']}: {makeup}"),
        ("queries", f"{count(found['queries']['distinct'])} distinct captions"),
        ("threads", f"{found['threads']['all']} (all), 1 (one)"),
        ("machine", f"{found['machine']['processor']}, {found['machine']['cores']} cores"),
        ("GPUs", str(found["gpus"] or DASH)),
    ]
    if encoding:
        pairs.append((
            "encoding the query, apart",
            f"{encoding['one_text_ms']['p50']:.1f} ms one text, "
            f"{count(encoding['texts_per_second'])} texts/s in batches",
        ))  # fmt: skip
    return pairs


def _gallery(found: Values) -> str:
    gallery = found["gallery"]
    drawn = sum(part["vectors"] for part in gallery["makeup"] if "synthetic" in part["what"])
    words = f"gallery of {count(gallery['vectors'])}"
    return f"{words}, {count(drawn)} synthetic" if drawn else words


def _plots(found: Values) -> list[Plot | None]:
    """Plot recall against speed and against size, a line a family through its own best points."""
    recall, made = f"ANN recall@{found['settings']['k']}", _gallery(found)
    points = found["points"]
    return [
        line_plot(
            f"{recall} against queries a second · {made}",
            _curves(points, "best_speed", lambda p: (p["qps"]["median"], p["recall"]), 1),
            Axis("queries a second in batches, all threads", log=True),
            Axis(write=percent),
        ),
        line_plot(
            f"{recall} against bytes a vector · {made}",
            _curves(points, "best_size", lambda p: (p["bytes"], p["recall"]), -1),
            Axis("bytes a vector", log=True),
            Axis(write=percent),
        ),
    ]


def _curves(
    points: Sequence[Values], mark: str, place: Callable[[Values], Point], sign: int
) -> list[Series]:
    """Make a line a family; a large `sign` * x is good."""
    series = []
    for number, family in enumerate(dict.fromkeys(map(_family, points))):
        own = [point for point in points if _family(point) == family]
        places = sorted({place(point) for point in own})
        kept = pareto_front([(sign * x, y) for x, y in places])
        front = [point for point, best in zip(places, kept, strict=True) if best]
        dots = [Dot(place(point), _told(point), point[mark]) for point in own]
        style = "solid" if number < COLOURS else "dashed"
        series.append(Series(family, front, style, dots=dots))
    return series


def _told(point: Values) -> str:
    return (
        f"{label_of(point)} ({point['factory']}), {search_of(point) or 'no setting'}: "
        f"recall {point['recall']:.3f}, {count(point['qps']['median'])} queries/s, "
        f"{count(point['bytes'])} bytes"
    )


def _groups(points: Sequence[Values]) -> list[tuple[str, int]]:
    tasks = len(points[0]["task"]) if points else 0
    return [("", 2), ("quality", 1 + tasks), ("batches, all threads", 2),
            ("one query, one thread (ms)", 3), ("all threads (ms)", 3),
            ("", 1), ("seconds", 2)]  # fmt: skip


def _points_table(points: Sequence[Values]) -> Table:
    """Put everything that was measured at some points into a table."""
    ks = list(points[0]["task"]) if points else []
    header = ("index", "search", "ANN recall", *ks, "QPS", "slowest to fastest",
              "p50", "p95", "p99", "p50", "p95", "p99", "bytes a vector",
              "build", "load")  # fmt: skip
    rows = tuple(
        (label_of(p), search_of(p) or DASH, decimal(p["recall"], 3),
         *(share(p["task"][k]) for k in ks), count(p["qps"]["median"]),
         Number(f"{count(p['qps']['low'])} to {count(p['qps']['high'])}", p["qps"]["high"]),
         *(milliseconds(p["latency_ms"][threads][name])
           for threads in ("one_thread", "all_threads") for name in ("p50", "p95", "p99")),
         count(p["bytes"]), decimal(p["build_seconds"]),
         decimal(p["load_ms"] / 1000, 3))
        for p in points
    )  # fmt: skip
    return Table(header, rows, f"all {len(points)} points", labels=2)


def _forms_table(found: Values, short: bool = False) -> Table:
    """List the forms; the short table fits a terminal of 80 columns."""
    rows = []
    shown = ("R@1", "R@10") if short else ("R@1", "R@5", "R@10")
    for form in found["forms"]:
        also = form.get("duplicate_aware", {})
        times = () if short else (milliseconds(form["latency_ms"]["p50"]),)
        rows.append((
            form["form"], form["asked_with"], decimal(form["vectors_an_image"], 2),
            count(form["bytes_an_image"]), *(share(form["task"].get(k)) for k in shown),
            share(also.get("R@1")), count(form["qps"]["median"]), *times,
        ))  # fmt: skip
    header = ("form", "asked by", "vectors", "bytes", *shown, "dup. R@1", "QPS",
              *(() if short else ("p50 ms",)))  # fmt: skip
    title = "gallery forms, the split alone, vectors and bytes an image"
    return Table(header, tuple(rows), title, labels=2)


def _reranking_tables(found: Values) -> list[Table]:
    """Say what ranking again by all captions brings; none in files made before it was measured."""
    ways = found.get("reranking")
    if not ways:
        return []
    rows = tuple(
        (way["way"], *(share(way["task"][k]) for k in ("R@1", "R@5", "R@10")),
         milliseconds(way["latency_ms"]["p50"]), milliseconds(way["latency_ms"]["p95"]))
        for way in ways
    )  # fmt: skip
    first = ways[0]
    title = (
        f"an image found by its {first['captions']:.1f} captions, the split alone, the best "
        f"{first['candidates']} ranked again"
    )
    return [Table(("ranked by", "R@1", "R@5", "R@10", "p50 ms", "p95 ms"), rows, title)]
