"""The building blocks of every section: headings, tables, lists of facts, numbers in words."""

from collections.abc import Iterable, Sequence

from wfa.report.markup import Child, Markup, join, tag
from wfa.report.scores import DASH


def section(key: str, title: str, *children: Child, level: int = 3) -> Markup:
    """Put a heading over some content.

    Args:
        key: The section's id, unique on the page.
        title: The heading.
        children: The content.
        level: 1-6, of the heading.
    """
    return tag("section", tag(f"h{level}", title), *children, id_=key)


def facts(pairs: Iterable[tuple[str, Child]]) -> Markup:
    """List names and values; pairs without a value are left out."""
    rows = [
        tag("div", tag("dt", name), tag("dd", value))
        for name, value in pairs
        if value is not None and value != DASH
    ]
    return tag("dl", *rows, class_="facts")


def table(
    header: Sequence[Child],
    rows: Sequence[Sequence[Child]],
    *,
    labels: int = 1,
    sort: bool = False,
    faint: Iterable[int] = (),
    groups: Sequence[tuple[str, int]] = (),
) -> Markup:
    """Build a table that scrolls sideways on a narrow screen.

    Args:
        header: One cell a column.
        rows: Cells of each row.
        labels: How many of the first columns hold names, on the left; numbers stand on the right.
        sort: Whether a click on a column's head sorts by it.
        faint: Rows that stand behind the others.
        groups: (name, columns) of a row above the header; an empty name for none.
    """
    behind = set(faint)
    over = [tag("th", name, colspan=span, class_="group") for name, span in groups]
    head = [
        tag("th", cell, scope="col", class_="name" if place < labels else None)
        for place, cell in enumerate(header)
    ]
    body = [
        tag("tr", *_cells(row, labels), class_="faint" if place in behind else None)
        for place, row in enumerate(rows)
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", *over) if over else None, tag("tr", *head)),
            tag("tbody", *body),
            class_="sort" if sort else None,
        ),
        class_="wide",
    )


def fold_away(title: str, *children: Child) -> Markup:
    """Hide details behind a line that opens on a click."""
    return tag("details", tag("summary", title), *children)


def note(*children: Child) -> Markup:
    """Add a short explanation."""
    return tag("p", *children, class_="note")


def code(text: str) -> Markup:
    """Show a command or an id."""
    return tag("code", text)


def duration(seconds: float | None) -> str:
    """Write seconds as people say them: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`."""
    if seconds is None:
        return DASH
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(number: float | None) -> str:
    """Write a whole number with thin groups of thousands: `12,345`."""
    return DASH if number is None else f"{number:,.0f}"


def share(fraction: float | None) -> str:
    """Write a fraction as a percentage with one decimal."""
    return DASH if fraction is None else f"{100 * fraction:.1f} %"


def sentence(*children: Child) -> Markup:
    """Add a paragraph."""
    return tag("p", join(children))


def _cells(row: Sequence[Child], labels: int) -> list[Markup]:
    return [
        tag("th", cell, scope="row") if place < labels else tag("td", cell)
        for place, cell in enumerate(row)
    ]
