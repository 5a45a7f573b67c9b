"""What a benchmark of search found: tables for the terminal, curves and tables for the page."""

import json
from pathlib import Path

from rich.table import Table

from wfa.errors import RunError
from wfa.files import write_text
from wfa.report.document import document
from wfa.report.elements import count, facts, fold_away, note, section, share, table
from wfa.report.markup import Child, Markup, join, tag
from wfa.report.operating_points import (
    Values,
    label_of,
    ms,
    point_plots,
    points_table,
    recipe_of,
    search_of,
)
from wfa.report.result import RunResult
from wfa.report.tables import Grid, as_rich

BENCHMARK_FILE = "benchmark.json"
_WORDS = (
    "ANN recall counts an answer that exact search could have given as well: ties are compared by "
    "score. R@K is the task's: strict text-to-image hit rate of real captions in this gallery. "
    "Queries a second are those of batches on all threads, the median of the repeats with the "
    "slowest and fastest; p50, p95 and p99 are milliseconds of one query alone, without encoding "
    "it; x4 re-ranks four times as many as are asked for. Bytes are those that the index keeps "
    "allocated, and its file's, which count together for an index on disk. Load is the time from a "
    "memory-mapped file, warm in the system's cache, to the first answer."
)


def efficiency(run: RunResult, prefix: str) -> Markup:
    """Show a run's benchmark, where `wfa benchmark` has made one."""
    path = run.folder / "benchmark" / BENCHMARK_FILE
    if not path.is_file():
        return Markup("")
    found = read_benchmark(path)
    return section(f"{prefix}-efficiency", "Search", *_content(found, 4))


def write_benchmark_page(path: Path) -> Path:
    """Write `benchmark.html` beside `benchmark.json`.

    Raises:
        RunError: The file is no benchmark.
        UserError: The page cannot be written.
    """
    found = read_benchmark(path)
    page = path.with_suffix(".html")
    write_text(page, render_benchmark(found))
    return page


def render_benchmark(found: Values) -> str:
    """Return the page of a benchmark; the same benchmark gives the same text."""
    source = found["source"]
    title = f"{source.get('run', source.get('embeddings', 'embeddings'))} · search benchmark"
    asked = f"{source['data']} · {source['split']}" if "data" in source else "embeddings file"
    head = tag("header", tag("h1", title), tag("p", asked, class_="sub"), class_="top")
    return document(title, head, *_content(found, 3))


def benchmark_tables(found: Values) -> list[Table]:
    """Make the terminal's tables: the points on the front of recall and speed, and the forms."""
    place = found["recommended"]["place"]
    best = [p for n, p in enumerate(found["points"]) if p["best_speed"] or n == place]
    best.sort(key=lambda point: point["recall"])
    rows = [
        (label_of(p), search_of(p), f"{p['recall']:.3f}", share(p["task"].get("R@1")),
         count(p["qps"]["median"]), ms(p["latency_ms"]["one_thread"]["p95"]), count(p["bytes"]))
        for p in best
    ]  # fmt: skip
    title = f"best of {len(found['points'])} points · {_gallery(found)}"
    header = ("index", "search", "recall", "R@1", "QPS", "p95 ms", "bytes")
    grids = [Grid(title, header, tuple(rows), labels=2)]
    if found["forms"]:
        grids.append(_forms_grid(found, short=True))
    return [as_rich(grid) for grid in grids]


def read_benchmark(path: Path) -> Values:
    """Read `benchmark.json`.

    Raises:
        RunError: It is not JSON or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        wanted = ("source", "gallery", "points", "recommended", "forms", "held_out", "notes",
                  "settings", "threads")  # fmt: skip
        missing = [key for key in wanted if key not in found]
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}): run `wfa benchmark` again") from error
    if missing:
        raise RunError(f"{path} has no {missing[0]}: run `wfa benchmark` again")
    return dict(found)


def _content(found: Values, level: int) -> list[Markup]:
    use = found["recommended"]["place"]
    best = [p for n, p in enumerate(found["points"])
            if p["best_speed"] or p["best_size"] or n == use]  # fmt: skip
    return [
        _recommended(found),
        *(note(f"Note: {words}.") for words in found["notes"]),
        _setting(found),
        tag("div", *point_plots(found, _gallery(found)), class_="plots"),
        note("A line joins a family's own best points; a large dot is a point that no other index "
             "beats in both measures. Hold the mouse over a dot for its settings."),
        points_table(best),
        fold_away(f"All {len(found['points'])} points", points_table(found["points"])),
        _skipped(found),
        _forms(found, level),
        note(_WORDS),
    ]  # fmt: skip


def recommended_words(found: Values) -> str:
    """Say which point to use and why, and how many threads measured it."""
    return f"{_head(found)}: {found['recommended']['why']} ({_threads(found)})"


def _recommended(found: Values) -> Markup:
    advice = found["recommended"]
    words = join([tag("strong", _head(found)), ": ", advice["why"], "."])
    return tag("p", words, class_=None if advice["fits"] else "warning")


def _head(found: Values) -> str:
    advice = found["recommended"]
    point = found["points"][advice["place"]]
    label = "use" if advice["fits"] else "nothing fits; nearest is"
    return f"{label} {label_of(point)} ({recipe_of(point)})"


def _threads(found: Values) -> str:
    return f"threads: {found['threads']['all']} for batches, 1 where it says so"


def _setting(found: Values) -> Markup:
    gallery, encoding = found["gallery"], found["source"].get("encoding")
    makeup = ", ".join(f"{count(part['vectors'])} {part['what']}" for part in gallery["makeup"])
    pairs: list[tuple[str, Child]] = [
        ("gallery", f"{count(gallery['vectors'])} x {gallery['width']}: {makeup}"),
        ("queries", f"{count(found['queries']['distinct'])} distinct captions"),
        ("threads", f"{found['threads']['all']} (all), 1 (one)"),
        ("machine", f"{found['machine']['processor']}, {found['machine']['cores']} cores"),
        ("GPUs", count(found["gpus"]) if found["gpus"] else None),
    ]
    if encoding:
        pairs.append((
            "encoding the query, apart",
            f"{encoding['one_text_ms']['p50']:.1f} ms one text, "
            f"{count(encoding['texts_per_second'])} texts/s in batches",
        ))  # fmt: skip
    return facts(pairs)


def _skipped(found: Values) -> Markup:
    rows = [(one["family"], one["where"], one["reason"]) for one in found["skipped"]]
    if not rows:
        return Markup("")
    return fold_away(f"Not measured ({len(rows)})", table(("index", "where", "why"), rows,
                                                          labels=3))  # fmt: skip


def _forms(found: Values, level: int) -> Markup:
    if not found["forms"]:
        return Markup("")
    grid = _forms_grid(found)
    return join([
        tag(f"h{level}", "Gallery forms"),
        table(grid.header, grid.rows, labels=grid.labels),
        note(" ".join(forms_words(found))),
    ])  # fmt: skip


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


def _forms_grid(found: Values, short: bool = False) -> Grid:
    """List the forms; the short grid fits a terminal of 80 columns."""
    rows = []
    shown = ("R@1", "R@10") if short else ("R@1", "R@5", "R@10")
    for form in found["forms"]:
        speed = [count(form["qps"]["median"])] + ([] if short else [ms(form["latency_ms"]["p50"])])
        also = form.get("duplicate_aware", {})
        rows.append((
            form["form"], form["asked_with"], f"{form['vectors_an_image']:.2f}",
            count(form["bytes_an_image"]), *(share(form["task"].get(k)) for k in shown),
            *(share(also.get(k)) for k in shown[:1]), *speed,
        ))  # fmt: skip
    times = () if short else ("p50 ms",)
    header = ("form", "asked by", "vectors", "bytes", *shown, "dup. R@1", "QPS", *times)
    title = "gallery forms, the split alone, vectors and bytes an image"
    return Grid(title, header, tuple(rows), labels=2)


def _gallery(found: Values) -> str:
    gallery = found["gallery"]
    drawn = sum(part["vectors"] for part in gallery["makeup"] if "synthetic" in part["what"])
    words = f"gallery of {count(gallery['vectors'])}"
    return f"{words}, {count(drawn)} synthetic" if drawn else words
