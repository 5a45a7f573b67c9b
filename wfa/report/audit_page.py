"""What an audit found: tables, what to look at, and one page with plots."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from wfa.errors import some_of
from wfa.json_files import read_object
from wfa.report.audit_advice import advice_table
from wfa.report.document import document
from wfa.report.plots import Axis, Plot, Point, Series, line_plot, percent
from wfa.report.retrieval_tables import ORACLE
from wfa.tables import DASH, Cell, Number, Table, count, decimal, share

Audit = Mapping[str, Any]
"""What `audit.json` holds."""

_KEYS = ("data", "against", "settings", "splits", "shared_captions", "images", "leaks")
_SPLITS_A_TABLE = 4
_SHOWN_SAME = 10
_SHOWN_EQUAL = 4
_MOST_REPEATED = 0.05
_MOST_FALSE_NEGATIVES = 0.1
_LEAST_ORACLE = 0.95

_STRANGE: Mapping[str, str] = {
    "empty": "empty after folding",
    "long": "more than 1,000 words",
    "surrogates": "lone surrogates (wrongly decoded)",
    "unlike": "half the words in no other image's captions (another language?)",
    "images_of_one": "images with a single caption",
    "images_of_none": "images without any caption",
    "left_out": "left out: blank",
}

_BAD = ("empty", "long", "surrogates", "unlike")
"""Captions to look at, of what is strange."""

_MEASURES: tuple[tuple[str, Callable[[Audit], Cell]], ...] = (
    ("images", lambda x: count(x["distinctness"]["images"])),
    ("captions", lambda x: count(x["distinctness"]["captions"])),
    ("distinct strings / captions", lambda x: share(x["distinctness"]["distinct_share"])),
    ("distinct captions an image", lambda x: decimal(x["distinctness"]["mean_an_image"], 2)),
    ("effective captions an image (Vendi)", lambda x: decimal(x["effective_mean"], 2)),
    ("mean uniqueness: copies merged", lambda x: _mean(x, "merge")),
    ("mean uniqueness: copies kept", lambda x: _mean(x, "keep")),
    ("images with weights all 0: keep", lambda x: share(x["collapse"]["keep"])),
    ("images with weights all 0: merge", lambda x: share(x["collapse"]["merge"])),
    ("distinct-1 / distinct-4 in an image",
     lambda x: f"{x['distinct_n']['1']:.2f} / {x['distinct_n']['4']:.2f}"),
    ("captions other images bear too", lambda x: share(x["shared"]["captions_share"])),
    ("false negatives a batch", lambda x: _false_negatives(x)),
    *((f"{ORACLE} of strict T2I R@{k}", lambda x, k=k: share(x["ceilings"][k]["best"]))
      for k in ("1", "5", "10")),
    ("text tokens, trimmed / stock", lambda x: _tokens(x, "trimmed")),
    ("text tokens, packed / stock", lambda x: _tokens(x, "packed")),
    ("captions to look at",
     lambda x: count(sum(x["strange"][key]["count"] for key in _BAD if key in x["strange"]))),
    ("images with a single caption", lambda x: count(x["strange"]["images_of_one"]["count"])),
)  # fmt: skip


def read_audit(path: Path) -> dict[str, Any]:
    """Read `audit.json`.

    Raises:
        RunError: It is damaged or holds something else.
    """
    return read_object(path, _KEYS, "run `wfa audit` again")


def audit_tables(found: Audit) -> list[Table]:
    """Make a table of the splits of each data set, what they share, and same images.

    Those with nothing to show are left out.
    """
    tables = []
    for data, group in groupby(found["splits"], lambda part: _data_title(part)):
        parts = list(group)
        for start in range(0, len(parts), _SPLITS_A_TABLE):
            tables.append(_splits_table(data, parts[start : start + _SPLITS_A_TABLE]))
    every = (*tables, _shared_table(found), _same_table(found))
    return [table for table in every if table.rows]


def audit_records(found: Audit) -> list[dict[str, Any]]:
    """Return every figure of every split as a record for CSV, unrounded."""
    return [
        {"data": part["data"], "split": part["split"], "measure": name, "value": write(part)}
        for part in found["splits"]
        for name, write in _MEASURES
    ]


def render_audit(found: Audit) -> str:
    """Return the page of an audit; the same audit gives the same text."""
    against, settings, parts = found["against"], found["settings"], found["splits"]
    notices = [*found.get("notes", ()), *leak_notices(found), *figure_notices(found)]
    named = [(title, names) for title, names in _to_name(found) if names["count"]]
    advice = advice_table(found)
    return document(
        "audit", f"{found['data']} · redundancy audit",
        sub=f"against {against}" if against else "before anything is trained",
        notices=notices, named=named, compared=bool(found["images"]),
        tables=[*audit_tables(found), *([advice] if advice.rows else [])],
        plots=_plots(parts), tokenizer=settings["tokenizer"], context=settings["context_length"],
        sizes=", ".join(str(each["batch_size"]) for each in parts[0]["text_tokens"]),
        shared=[(part["label"], _most_shared(part)) for part in parts],
    )  # fmt: skip


def audit_notices(found: Audit) -> list[str]:
    """Say what a person should look at, a line each; leaks are told apart."""
    named = [
        f"{title} ({count(names['count'])}): {', '.join(names['first'][:_SHOWN_EQUAL])}"
        for title, names in _to_name(found)
        if names["count"]
    ]
    return [*figure_notices(found), *named]


def leak_notices(found: Audit) -> list[str]:
    """Say how much of each held-out split stands in a training split, the largest share first."""
    return [
        f"Leak: {share(leak['share'])} of the {leak['kind']} of {leak['one']} "
        f"({count(leak['count'])}) stand in {leak['other']} too"
        for leak in sorted(found["leaks"], key=lambda leak: -float(leak["share"]))
    ]


def figure_notices(found: Audit) -> list[str]:
    """Say what the figures of each split warn of."""
    notices = []
    for part in found["splits"]:
        label, worst = part["label"], part["false_negatives"][-1:]
        copies, best = part["collapse"]["keep"], part["ceilings"]["1"]["best"]
        if copies > _MOST_REPEATED:
            notices.append(
                f"{label}: on {share(copies)} of the images every caption is repeated; mean "
                f"uniqueness is {_mean(part, 'merge')} with copies merged, {_mean(part, 'keep')} "
                "with copies kept"
            )
        notices += [
            f"{label}: {share(each['texts_share'])} of the texts of a batch of "
            f"{count(each['batch_size'])} have a false negative"
            for each in worst
            if each["texts_share"] > _MOST_FALSE_NEGATIVES
        ]
        if best < _LEAST_ORACLE and part["distinctness"]["captions"]:
            notices.append(
                f"{label}: images share captions, so no model can exceed a strict text-to-image "
                f"R@1 of {share(best)}"
            )
    return notices


def _mean(part: Audit, duplicates: str) -> Number:
    """Write mean uniqueness; audits made before it was told apart have none."""
    return decimal(part.get("uniqueness_means", {}).get(duplicates), 3)


def _splits_table(title: str, parts: Sequence[Audit]) -> Table:
    rows = tuple((name, *(write(part) for part in parts)) for name, write in _MEASURES)
    return Table(("", *(part["split"] for part in parts)), rows, title)


def _shared_table(found: Audit) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (pair["one"], pair["other"], count(pair["captions"]), share(pair["captions_share"]),
         count(pair["images_two"]), _same_in(found["images"], pair["one"], pair["other"]))
        for pair in found["shared_captions"]
    ]  # fmt: skip
    if found["against"]:  # many pairs, most of which share nothing
        rows = [row for row in rows if row[2] != "0" or row[5] not in ("0", DASH)]
    header = ("of", "also in", "captions", "share", "images sharing 2 with one",
              "images alike")  # fmt: skip
    return Table(header, tuple(rows), "what of one split stands in another too", labels=2)


def _same_in(images: Audit | None, one: str, other: str) -> Number:
    """Count the images of one split that stand in another by hash, where both could be read."""
    read = {split["label"] for split in images["splits"] if split["read"]} if images else set()
    if images is None or not read.issuperset((one, other)):
        return count(None)
    pairs = {(pair["one"], pair["other"]): pair["images"] for pair in images["shared"]}
    return count(pairs.get((one, other), 0))


def _same_table(found: Audit) -> Table:
    same = found["images"]["same"] if found["images"] else []
    rows = tuple(
        (
            "identical" if group["identical"] else "look alike",
            some_of(group["images"], _SHOWN_EQUAL, " = "),
        )
        for group in same[:_SHOWN_SAME]
    )
    title = f"images with one perceptual hash: {count(len(same))} groups"
    return Table(("", "candidates"), rows, title, labels=2)


def _plots(parts: Sequence[Audit]) -> list[Plot | None]:
    def series(points: Callable[[Audit], list[Point]], style: str = "solid") -> list[Series]:
        return [Series(part["label"], points(part), style) for part in parts]

    shares, sizes = Axis(zero=True, write=percent), Axis("images a batch", log=True)
    numbers = Axis("captions", whole=True)
    return [
        line_plot("Uniqueness: share of the captions", series(_histogram),
                  Axis("uniqueness (20 bins)"), shares),
        line_plot("Captions an image: share of the images",
                  series(lambda x: _shares(x["images_by_captions"])), numbers, shares),
        line_plot("Distinct captions an image: share of the images",
                  series(lambda x: _shares(x["distinctness"]["images_by_distinct"])), numbers,
                  shares),
        line_plot("Texts of a batch with a false negative", series(_affected), sizes, shares),
        line_plot("Text tokens computed / stock: trimmed, and packed (dashed)",
                  [*series(lambda x: _saved(x, "trimmed")),
                   *series(lambda x: _saved(x, "packed"), "dashed")], sizes, shares),
    ]  # fmt: skip


def _histogram(part: Audit) -> list[Point]:
    bins = part["uniqueness"]["histogram"]
    total = max(sum(bins), 1)
    return [((place + 0.5) / len(bins), size / total) for place, size in enumerate(bins)]


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


def _most_shared(part: Audit) -> Table:
    rows = tuple((text, count(images)) for text, images in part["shared"]["most_shared"])
    return Table(("caption", "images"), rows)


def _to_name(found: Audit) -> Iterable[tuple[str, Audit]]:
    for part in found["splits"]:
        named = part["strange"] | {"left_out": part["left_out"]}
        for key, words in _STRANGE.items():
            if key in named:  # an earlier version's audit may lack one
                yield f"{part['label']}: {words}", named[key]
    for split in (found["images"] or {"splits": []})["splits"]:
        yield f"{split['label']}: images that cannot be read", split["unreadable"]
        yield f"{split['label']}: images without any difference, no hash", split["flat"]


def _data_title(part: Audit) -> str:
    own = part["label"] == part["split"]
    return str(part["data"]) if own else f"{part['data']} (against)"


def _false_negatives(part: Audit) -> Cell:
    found = part["false_negatives"]
    if not found:
        return DASH
    return Number(f"{found[0]['expected']:,.1f} (B {found[0]['batch_size']})", found[0]["expected"])


def _tokens(part: Audit, how: str) -> Number:
    points = _saved(part, how)
    return share(points[0][1] if points else None)
