"""The audit of a data set as tables for the terminal and as one page with plots."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.table import Table

from wfa.files import write_text
from wfa.report.document import document
from wfa.report.elements import count, fold_away, note, section, share, table
from wfa.report.markup import Markup, tag
from wfa.report.plot import Axis, Point, Series, line_plot, percent
from wfa.report.scores import DASH
from wfa.report.tables import Grid, as_rich

Audit = Mapping[str, Any]
"""What `audit.json` holds."""

_SPLITS_A_TABLE = 4
_SHOWN_SAME = 10
_SHOWN_EQUAL = 4

_STRANGE: Mapping[str, str] = {
    "empty": "empty after folding",
    "long": "more than 1,000 words",
    "surrogates": "lone surrogates (wrongly decoded)",
    "images_of_one": "images with a single caption",
    "images_of_none": "images without any caption",
    "left_out": "left out: blank",
}

_MEASURES: tuple[tuple[str, Callable[[Audit], str]], ...] = (
    ("images", lambda x: count(x["distinctness"]["images"])),
    ("captions", lambda x: count(x["distinctness"]["captions"])),
    ("distinct strings / captions", lambda x: share(x["distinctness"]["distinct_share"])),
    ("distinct captions an image", lambda x: f"{x['distinctness']['mean_an_image']:.2f}"),
    ("effective captions an image (Vendi)", lambda x: f"{x['effective_mean']:.2f}"),
    ("mean uniqueness", lambda x: f"{x['uniqueness']['mean']:.3f}"),
    ("images with weights all 0: keep", lambda x: share(x["collapse"]["keep"])),
    ("images with weights all 0: merge", lambda x: share(x["collapse"]["merge"])),
    ("distinct-1 / distinct-4 in an image", lambda x: _pair(x["distinct_n"], "1", "4")),
    ("captions other images bear too", lambda x: share(x["shared"]["captions_share"])),
    ("false negatives a batch", lambda x: _false_negatives(x)),
    ("ceiling of strict T2I R@1", lambda x: share(x["ceilings"]["1"]["best"])),
    ("ceiling of strict T2I R@5", lambda x: share(x["ceilings"]["5"]["best"])),
    ("ceiling of strict T2I R@10", lambda x: share(x["ceilings"]["10"]["best"])),
    ("text tokens, trimmed / stock", lambda x: _tokens(x, "trimmed")),
    ("text tokens, packed / stock", lambda x: _tokens(x, "packed")),
    ("captions to look at", lambda x: count(_to_look_at(x))),
    ("images with a single caption", lambda x: count(x["strange"]["images_of_one"]["count"])),
)


def audit_tables(found: Audit) -> list[Table]:
    """Make the terminal's tables: the splits of each data set, what they share, same images."""
    return [as_rich(grid) for grid in audit_grids(found)]


def audit_grids(found: Audit) -> list[Grid]:
    """Put an audit into grids; those with nothing to show are left out."""
    grids = []
    for data, group in groupby(found["splits"], lambda part: _data_title(found, part)):
        parts = list(group)
        for start in range(0, len(parts), _SPLITS_A_TABLE):
            grids.append(_splits_grid(data, parts[start : start + _SPLITS_A_TABLE]))
    every = (*grids, _shared_grid(found), _same_grid(found))
    return [grid for grid in every if grid.rows]


def write_audit_page(found: Audit, path: Path) -> Path:
    """Write the page of an audit: one HTML file that opens offline.

    Args:
        found: What `audit.json` holds.
        path: The file.

    Returns:
        `path`.

    Raises:
        UserError: The file cannot be written.
    """
    write_text(path, render_audit(found))
    return path


def render_audit(found: Audit) -> str:
    """Return the page of an audit; the same audit gives the same text."""
    title = f"{found['data']} · redundancy audit"
    against = found["against"]
    sub = f"against {against}" if against else "before anything is trained"
    tables = [_html(grid) for grid in audit_grids(found)]
    return document(
        title,
        tag("header", tag("h1", title), tag("p", sub, class_="sub"), class_="top"),
        section("audit-figures", "Figures", *tables, _notes(found)),
        section("audit-plots", "Plots", tag("div", *_plots(found["splits"]), class_="plots")),
        section("audit-shared", "Captions that most images share", *map(_shared, found["splits"])),
        section("audit-strange", "To look at", *_strange(found)),
    )


def _splits_grid(title: str, parts: Sequence[Audit]) -> Grid:
    return Grid(
        title=title,
        header=("", *(part["split"] for part in parts)),
        rows=tuple((name, *(write(part) for part in parts)) for name, write in _MEASURES),
    )


def _shared_grid(found: Audit) -> Grid:
    pairs = found["shared_captions"]
    rows = [
        (pair["one"], pair["other"], count(pair["captions"]), share(pair["captions_share"]),
         count(pair["images_two"]), _same_in(found["images"], pair["one"], pair["other"]))
        for pair in pairs
    ]  # fmt: skip
    if found["against"]:  # many pairs, most of which share nothing
        rows = [row for row in rows if row[2] != "0" or row[5] not in ("0", DASH)]
    return Grid(
        title="what of one split stands in another too",
        header=(
            "of", "also in", "captions", "share", "images with 2 such captions",
            "images with equal hash",
        ),
        rows=tuple(rows),
        labels=2,
    )  # fmt: skip


def _same_in(images: Audit | None, one: str, other: str) -> str:
    """Count the images of one split that stand in another by hash, where both could be read."""
    read = {split["label"] for split in images["splits"] if split["read"]} if images else set()
    if images is None or not read.issuperset((one, other)):
        return DASH
    pairs = {(pair["one"], pair["other"]): pair["images"] for pair in images["shared"]}
    return count(pairs.get((one, other), 0))


def _same_grid(found: Audit) -> Grid:
    same = found["images"]["same"] if found["images"] else []
    rows = tuple(
        ("identical" if group["identical"] else "look alike", _equal(group["images"]))
        for group in same[:_SHOWN_SAME]
    )
    title = f"images with one perceptual hash: {count(len(same))} groups"
    return Grid(title, ("", "candidates"), rows, labels=2)


def _html(grid: Grid) -> Markup:
    return tag("div", tag("h4", grid.title), table(grid.header, grid.rows, labels=grid.labels))


def _notes(found: Audit) -> Markup:
    settings = found["settings"]
    batch = found["splits"][0]["text_tokens"]
    sizes = ", ".join(str(each["batch_size"]) for each in batch)
    return note(
        "Captions are equal when they are after case, white space and final punctuation are "
        f"folded. Uniqueness is 1 - BLEU against an image's other captions. Text tokens: "
        f"{settings['tokenizer']}, {settings['context_length']} a caption the stock way; figures "
        f"are of the smallest batch, audit.json has those of {sizes} images. False negatives: "
        "expected (text, image) pairs of a batch that count as negative though the image bears "
        "the text. Images with one hash are candidates: look before you leave one out."
    )


def _plots(parts: Sequence[Audit]) -> list[Markup]:
    shares, sizes = Axis(zero=True, write=percent), Axis("images a batch", log=True)
    numbers = Axis("captions", whole=True)
    return [
        line_plot("Uniqueness: share of the captions", _series(parts, _histogram),
                  Axis("uniqueness (20 bins)"), shares),
        line_plot("Captions an image: share of the images", _series(parts, _captions), numbers,
                  shares),
        line_plot("Distinct captions an image: share of the images", _series(parts, _distinct),
                  numbers, shares),
        line_plot("Texts of a batch with a false negative", _series(parts, _affected), sizes,
                  shares),
        line_plot("Text tokens computed / stock: trimmed, and packed (dashed)",
                  [*_series(parts, lambda x: _saved(x, "trimmed")),
                   *_series(parts, lambda x: _saved(x, "packed"), "dashed")], sizes, shares),
    ]  # fmt: skip


def _series(
    parts: Iterable[Audit], points: Callable[[Audit], list[Point]], style: str = "solid"
) -> list[Series]:
    return [Series(part["label"], points(part), style) for part in parts]


def _histogram(part: Audit) -> list[Point]:
    bins = part["uniqueness"]["histogram"]
    total = max(sum(bins), 1)
    return [((place + 0.5) / len(bins), size / total) for place, size in enumerate(bins)]


def _captions(part: Audit) -> list[Point]:
    return _shares(part["images_by_captions"])


def _distinct(part: Audit) -> list[Point]:
    return _shares(part["distinctness"]["images_by_distinct"])


def _shares(images: Mapping[str, int]) -> list[Point]:
    """Give the share of the images at each number, also where there are none in between."""
    by_number = {int(number): size for number, size in images.items()}
    total = max(sum(by_number.values()), 1)
    numbers = range(min(by_number, default=0), max(by_number, default=-1) + 1)
    return [(float(number), by_number.get(number, 0) / total) for number in numbers]


def _affected(part: Audit) -> list[Point]:
    found = part["false_negatives"]
    return [(x["batch_size"], x["texts_share"]) for x in found if x["batch_size"] > 0]


def _saved(part: Audit, how: str) -> list[Point]:
    found = [x for x in part["text_tokens"] if x["stock"] > 0]
    return [(x["batch_size"], x[how] / x["stock"]) for x in found]


def _shared(part: Audit) -> Markup:
    rows = [(text, count(images)) for text, images in part["shared"]["most_shared"]]
    if not rows:
        return note(f"{part['label']}: no two images share a caption.")
    return fold_away(part["label"], table(("caption", "images"), rows))


def audit_notices(found: Audit) -> list[str]:
    """Name what a person should look at, a line each: how many, and the first of them."""
    return [
        f"{title} ({count(names['count'])}): {', '.join(names['first'][:_SHOWN_EQUAL])}"
        for title, names in _to_name(found)
        if names["count"]
    ]


def _to_name(found: Audit) -> list[tuple[str, Audit]]:
    lists = [
        (f"{part['label']}: {words}", (part["strange"] | {"left_out": part["left_out"]})[key])
        for part in found["splits"]
        for key, words in _STRANGE.items()
    ]
    for split in (found["images"] or {"splits": []})["splits"]:
        lists.append((f"{split['label']}: images that cannot be read", split["unreadable"]))
        lists.append((f"{split['label']}: images without any difference, no hash", split["flat"]))
    return lists


def _strange(found: Audit) -> list[Markup]:
    shown = [_names(title, names) for title, names in _to_name(found) if names["count"]]
    if not found["images"]:
        shown.append(note("Images were not compared: they are not there, or were not to be."))
    return shown or [note("Nothing.")]


def _names(title: str, names: Audit) -> Markup:
    rest = names["count"] - len(names["first"])
    items = [tag("li", name) for name in names["first"]]
    more = [tag("li", f"and {count(rest)} more")] if rest > 0 else []
    return fold_away(f"{title} ({count(names['count'])})", tag("ul", *items, *more))


def _data_title(found: Audit, part: Audit) -> str:
    own = part["label"] == part["split"]
    return str(part["data"]) if own else f"{part['data']} (against)"


def _equal(images: Sequence[str]) -> str:
    rest = len(images) - _SHOWN_EQUAL
    return " = ".join(images[:_SHOWN_EQUAL]) + (f" and {rest} more" if rest > 0 else "")


def _pair(values: Mapping[str, float], one: str, other: str) -> str:
    return f"{values[one]:.2f} / {values[other]:.2f}"


def _false_negatives(part: Audit) -> str:
    found = part["false_negatives"]
    return f"{found[0]['expected']:,.1f} (B {found[0]['batch_size']})" if found else DASH


def _tokens(part: Audit, how: str) -> str:
    points = _saved(part, how)
    return share(points[0][1]) if points else DASH


def _to_look_at(part: Audit) -> int:
    return sum(part["strange"][key]["count"] for key in ("empty", "long", "surrogates"))
