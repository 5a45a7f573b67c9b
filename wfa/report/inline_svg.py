"""A matplotlib figure as SVG inside a page: colours of the page's style, its font, no addresses."""

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import ContextDecorator
from dataclasses import dataclass
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib import style
from matplotlib.figure import Figure

COLOURS = 8
_NAMES = ("soft", "rule", "card", "ink", *(f"s{number}" for number in range(COLOURS)))
SOFT, RULE, CARD, INK, *SERIES = (f"#0000{number:02x}" for number in range(1, len(_NAMES) + 1))
"""Stand-ins that matplotlib draws with; the page's style sheet says what they look like."""
_VARIABLES = {f"#0000{number:02x}": f"var(--{name})" for number, name in enumerate(_NAMES, 1)}
_KEPT = frozenset({"d", "x", "y", "transform", "viewBox", "style"})
_LONG = re.compile(r"(\.\d)\d+")


@dataclass(frozen=True)
class Dots:
    """The points of one line that a mouse can read.

    Attributes:
        texts: What a mouse over each point says.
        kind: Class of the group: `seen`, or `hidden` until the mouse is there.
        series: The colour's number.
        radius: In pixels.
    """

    texts: Sequence[str]
    kind: str
    series: int
    radius: float


def plain_style() -> ContextDecorator:
    """Draw with matplotlib's own style, whatever the program that asks for a page has set."""
    return style.context("default")


def inline_svg(figure: Figure, title: str, read: Mapping[str, Dots | str]) -> Markup:
    """Return a figure as one `svg` element that looks right in light and in dark.

    Args:
        figure: Drawn in the colours of this file.
        title: What screen readers read out.
        read: Group id of a line's markers -> its points, in order; or of a shape -> what a mouse
            over it says.
    """
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "wfa"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(file.getvalue())
    box = root.attrib["viewBox"]
    svg = ElementTree.Element("svg", viewBox=box, width=box.split()[2], role="img")
    ElementTree.SubElement(svg, "title").text = title
    for child in root:
        _copy(child, svg, read)
    return Markup(ElementTree.tostring(svg, encoding="unicode", method="html"))


def _copy(
    source: ElementTree.Element, into: ElementTree.Element, read: Mapping[str, Dots | str]
) -> None:
    """Copy what is to be seen, without ids, addresses and fonts."""
    tag = source.tag.rpartition("}")[2]
    if tag in ("metadata", "defs"):
        return
    words = read.get(source.attrib.get("id", ""))
    if isinstance(words, Dots):
        _copy_dots(source, into, words)
        return
    if words is not None:
        made = ElementTree.SubElement(into, "g")
        ElementTree.SubElement(made, "title").text = words
    elif tag == "g" and not source.attrib.get("transform") and not source.attrib.get("style"):
        made = into  # a group that only bears an id
    else:
        kept = {key: _short(value) for key, value in source.attrib.items() if key in _KEPT}
        made = ElementTree.SubElement(into, tag, kept)
        made.text = source.text if tag == "text" else None
        if kept.get("transform", "").startswith("rotate(-0 "):
            del made.attrib["transform"]
        if "style" in kept:
            made.set("style", _style(source.attrib["style"]))
    for child in source:
        _copy(child, made, read)


def _copy_dots(source: ElementTree.Element, into: ElementTree.Element, dots: Dots) -> None:
    group = ElementTree.SubElement(into, "g", {"class": f"{dots.kind} s{dots.series}"})
    places = [each for each in source.iter() if each.tag.endswith("}use")]
    for place, text in zip(places, dots.texts, strict=True):
        circle = ElementTree.SubElement(group, "circle", {
            "cx": _short(place.attrib["x"]), "cy": _short(place.attrib["y"]),
            "r": f"{dots.radius:g}",
        })  # fmt: skip
        ElementTree.SubElement(circle, "title").text = text


def _style(text: str) -> str:
    parts = [part.strip() for part in text.split(";")]
    kept = [part for part in parts if part and not part.startswith(("font", "clip"))]
    return re.sub(r"#0000\w\w", lambda found: _VARIABLES[found[0]], "; ".join(kept))


def _short(number: str) -> str:
    return _LONG.sub(r"\1", number)
