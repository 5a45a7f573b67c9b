"""Sections that show single images: what each caption weighs, which queries are found."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfa.errors import RunError
from wfa.report.compared.tables import Values, labels
from wfa.report.elements import note, section, table
from wfa.report.markup import Child, Markup, tag
from wfa.report.result import safe_thumbnail
from wfa.report.scores import DASH

_SOURCES: Mapping[str, str] = {
    "text": "from the text: unique captions weigh more",
    "learned": "learned attention",
    "features": "share of the feature's dimensions that the caption wins",
    "uniform": "all alike",
    "joined": "one joined text",
}
_KINDS: Mapping[str, str] = {
    "differ": "Where the techniques differ most",
    "worst": "Hardest for all",
    "best": "Easiest for all",
}


def weights(one: Values, key: str) -> Markup:
    """Show which caption of the example images got which weight under every technique."""
    every = {row["label"]: row["examples"] for row in one["examples"]}
    if not every:
        return Markup("")
    sources = [
        tag("li", tag("strong", label), f": {_SOURCES.get(found[0]['source'], DASH)}")
        for label, found in every.items()
        if found
    ]
    images = range(max(len(found) for found in every.values()))
    return section(
        f"{key}-weights", "What each caption weighs",
        note("Images of the split from the most redundant captions to the least, weights of the "
             "first seed's run as a query has them: without the image, without dropout. "
             "Uniqueness is 1 - BLEU against the image's other captions."),
        tag("ul", *sources, class_="sources"),
        *(_image([(label, found[place]) for label, found in every.items() if place < len(found)])
          for place in images),
    )  # fmt: skip


def queries(one: Values, key: str) -> Markup:
    """Show the queries that tell the techniques apart, and the worst and the best."""
    parts = []
    for kind, title in _KINDS.items():
        rows = [row for row in one["queries"] if row["kind"] == kind]
        if rows:
            parts += [tag("h4", title), _queries(rows, labels(one))]
    return section(
        f"{key}-queries", "Worst and best queries",
        note(f"Single captions, strict: rank of the caption's own image among {one['images']:,}, "
             "geometric mean over seeds. The best of each row is bold."),
        *parts,
    )  # fmt: skip


def _image(shown: Sequence[tuple[str, Mapping[str, Any]]]) -> Markup:
    columns = [(label, example) for label, example in shown if example["source"] != "joined"]
    texts = {text["text"]: text["uniqueness"] for _, one in columns for text in one["texts"]}
    rows: list[list[Child]] = [
        [f"{text}{_copies(columns[0][1], text)}", DASH if unique is None else f"{unique:.2f}",
         *(_weight(example, text) for _, example in columns)]
        for text, unique in texts.items()
    ]  # fmt: skip
    example = shown[0][1]
    return tag(
        "div",
        _picture(example["thumbnail"], example["image"]),
        table(["caption", "uniqueness", *(label for label, _ in columns)], rows),
        class_="weighed",
    )


def _weights(example: Mapping[str, Any], text: str) -> list[float]:
    """Return the weights of the copies of one caption."""
    return [float(one["weight"]) for one in example["texts"] if one["text"] == text]


def _copies(example: Mapping[str, Any], text: str) -> str:
    """Say how many copies a row stands for: they weigh what they weigh together."""
    count = len(_weights(example, text))
    return f" ({count} copies)" if count > 1 else ""


def _weight(example: Mapping[str, Any], text: str) -> Child:
    share = sum(_weights(example, text))
    width = f"width:{100 * min(1.0, max(0.0, share)):.1f}%"
    return tag("span", f"{100 * share:.0f} %", tag("i", style=width), class_="weight")


def _queries(rows: Sequence[Values], names: Sequence[str]) -> Markup:
    cells: list[list[Child]] = []
    for row in rows:
        best = min(row["ranks"].values())
        text = row.get("text", row["query"])
        picture = _picture(row["thumbnail"], row["image"]) if "thumbnail" in row else DASH
        cells.append([picture, tag("q", text), *(_rank(row["ranks"], n, best) for n in names)])
    return table(["image", "caption", *names], cells, labels=2)


def _rank(ranks: Mapping[str, float], label: str, best: float) -> Child:
    if label not in ranks:
        return DASH
    text = f"{ranks[label]:.1f}"
    return tag("strong", text) if ranks[label] == best else text


def _picture(thumbnail: Any, name: str) -> Markup:
    try:
        source = safe_thumbnail(thumbnail)
    except ValueError as error:
        raise RunError(f"{name} in comparison.json: {error}; run `wfa compare` again") from error
    return tag("img", src=source, alt=name, title=name, loading="lazy",
               class_="small")  # fmt: skip
