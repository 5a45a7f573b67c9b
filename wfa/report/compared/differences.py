"""The section of measured differences: a matrix of all pairs, and every pair with its tests."""

from wfa.report.compared.tables import Values, kinds, labels, pairs_grid
from wfa.report.elements import fold_away, note, section, table
from wfa.report.markup import Child, Markup, tag
from wfa.report.scores import PROTOCOL_LABELS


def differences(one: Values, key: str) -> Markup:
    """Show for every pair of techniques whether they differ measurably."""
    if not one["pairs"]:
        return Markup("")
    parts: list[Child] = []
    for place, (protocol, queries) in enumerate(kinds(one)):
        title = f"{PROTOCOL_LABELS[protocol]}, {queries} queries"
        block = [_matrix(one, protocol, queries), _pairs(one, protocol, queries)]
        if place < 2:
            parts += [tag("h4", title), *block]
        else:
            parts.append(fold_away(title, *block))
    return section(
        f"{key}-differences", "Differences",
        note("mR of the row's technique less that of the column's, in points. Coloured and bold: "
             "measurable. Grey: inside the noise, no measurable difference."),
        *parts, _against(one),
    )  # fmt: skip


def _matrix(one: Values, protocol: str, queries: str) -> Markup:
    found = {
        names: (sign * pair["difference"], pair["measurable"])
        for pair in one["pairs"]
        if (pair["protocol"], pair["queries"]) == (protocol, queries)
        for names, sign in (
            ((pair["one"], pair["other"]), 1),
            ((pair["other"], pair["one"]), -1),
        )
    }
    names = labels(one)
    rows = [(row, *(_cell(found.get((row, column))) for column in names)) for row in names]
    return table(["", *names], rows)


def _cell(found: tuple[float, bool] | None) -> Child:
    if found is None:
        return ""
    difference, measurable = found
    text = f"{100 * difference:+.1f}"
    if not measurable:
        return tag("span", text, class_="noise")
    return tag("b", text, class_="ok" if difference > 0 else "no")


def _pairs(one: Values, protocol: str, queries: str) -> Markup:
    grid = pairs_grid(one, protocol, queries)
    sure = sum(row[-1] == "yes" for row in grid.rows)
    title = f"All pairs with their tests: {sure} of {len(grid.rows)} measurable"
    return fold_away(title, table(grid.header, grid.rows, labels=grid.labels, sort=True))


def _against(one: Values) -> Markup:
    """Show the family of the technique that the request singles out."""
    if not one["against"]:
        return Markup("")
    parts = []
    for protocol, queries in kinds(one):
        grid = pairs_grid(one, protocol, queries, "against")
        title = f"{PROTOCOL_LABELS[protocol]}, {queries} queries"
        parts += [tag("h4", title), table(grid.header, grid.rows, labels=grid.labels)]
    return fold_away("One technique against each other, as a family of its own", *parts)
