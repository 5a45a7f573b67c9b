"""The operating points of a benchmark: their names, their curves, their table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wfa.report.elements import count, share, table
from wfa.report.markup import Child, Markup, tag
from wfa.report.plot import COLOURS, Axis, Dot, Point, Series, line_plot, percent
from wfa.report.scores import DASH

Values = Mapping[str, Any]
"""What `benchmark.json` holds, or a point of it."""
_RERANK = {"none": "", "fp16": " + fp16", "fp32": " + fp32"}
_DEVICE = {"cpu": "", "disk": " on disk", "gpu": " on GPU"}
_SHORT = {"nprobe": "{} probes", "efSearch": "beam {}", "k_factor_rf": "x{}"}


def family_of(point: Values) -> str:
    """Name the family and where it lies."""
    return f"{point['family']}{_DEVICE[point['device']]}"


def label_of(point: Values) -> str:
    """Name the index: family, place and re-ranking."""
    return f"{family_of(point)}{_RERANK[point['rerank']]}"


def search_of(point: Values) -> str:
    """Write search parameters in short; `x4` re-ranks four times as many as are asked for."""
    return " ".join(
        _SHORT[key].format(value) for key, value in point["parameters"].items() if key in _SHORT
    )


def recipe_of(point: Values) -> str:
    """Say what builds and searches the index: factory string and search parameters."""
    words = search_of(point)
    return f"{point['factory']}, {words}" if words else str(point["factory"])


def _told(point: Values) -> str:
    return (
        f"{label_of(point)}, {search_of(point) or 'no setting'}: recall {point['recall']:.3f}, "
        f"{count(point['qps']['median'])} queries/s, {count(point['bytes'])} bytes"
    )


def ms(value: float) -> str:
    """Write milliseconds."""
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def point_plots(found: Values, made: str) -> list[Markup]:
    """Plot recall against speed and against size, a line a family.

    Args:
        found: The benchmark.
        made: What the gallery is made of; every figure says it.
    """
    recall = f"ANN recall@{found['settings']['k']}"
    return [
        line_plot(
            f"{recall} against queries a second · {made}",
            _curves(found["points"], "best_speed", _speed, -1),
            Axis("queries a second in batches, all threads", log=True),
            Axis(write=percent),
        ),
        line_plot(
            f"{recall} against bytes a vector · {made}",
            _curves(found["points"], "best_size", _size, 1),
            Axis("bytes a vector", log=True),
            Axis(write=percent),
        ),
    ]


def _curves(
    points: Sequence[Values], mark: str, place: Callable[[Values], Point], sign: int
) -> list[Series]:
    series = []
    for number, family in enumerate(dict.fromkeys(map(family_of, points))):
        own = [point for point in points if family_of(point) == family]
        dots = [Dot(place(point), _told(point), point[mark]) for point in own]
        style = "solid" if number < COLOURS else "dashed"
        series.append(Series(family, _front([d.point for d in dots], sign), style, dots=dots))
    return series


def _front(points: Sequence[Point], sign: int) -> list[Point]:
    """Keep the points that no other beats, by rising x; a small `sign` * x is good."""
    kept: list[Point] = []
    for point in sorted(set(points), key=lambda p: (sign * p[0], -p[1])):
        if not kept or point[1] > kept[-1][1]:
            kept.append(point)
    return sorted(kept)


def _speed(point: Values) -> Point:
    return (point["qps"]["median"], point["recall"])


def _size(point: Values) -> Point:
    return (point["bytes"], point["recall"])


def points_table(points: Sequence[Values]) -> Markup:
    """Show everything that was measured at some points."""
    ks = list(points[0]["task"]) if points else []
    groups = [("", 2), ("quality", 1 + len(ks)), ("batches, all threads", 2),
              ("one query, one thread (ms)", 3), ("all threads (ms)", 3),
              ("bytes a vector", 2), ("seconds", 2)]  # fmt: skip
    header = ["index", "search", "ANN recall", *ks, "QPS", "slowest to fastest",
              "p50", "p95", "p99", "p50", "p95", "p99", "memory", "disk",
              "build", "load"]  # fmt: skip
    rows = [_row(point, ks) for point in points]
    return table(header, rows, labels=2, sort=True, groups=groups)


def _row(point: Values, ks: Sequence[str]) -> list[Child]:
    one, every = point["latency_ms"]["one_thread"], point["latency_ms"]["all_threads"]
    rate = point["qps"]
    best = point["best_speed"] or point["best_size"]
    return [
        tag("b" if best else "span", label_of(point), title=point["factory"]),
        search_of(point) or DASH,
        _sorted(point["recall"], f"{point['recall']:.3f}"),
        *(_sorted(point["task"][k], share(point["task"][k])) for k in ks),
        _sorted(rate["median"], count(rate["median"])),
        _sorted(rate["high"], f"{count(rate['low'])} to {count(rate['high'])}"),
        *(_sorted(times[name], ms(times[name]))
          for times in (one, every) for name in ("p50", "p95", "p99")),
        *(_sorted(point[key] or 0, count(point[key]))
          for key in ("bytes_in_memory", "bytes_on_disk")),
        _sorted(point["build_seconds"], f"{point['build_seconds']:.1f}"),
        _sorted(point["load_ms"], f"{point['load_ms'] / 1000:.3f}"),
    ]  # fmt: skip


def _sorted(value: float, text: str) -> Markup:
    return tag("span", text, data_sort=value)
