"""HTML from functions: every plain string is escaped, only `Markup` passes as it is."""

from collections.abc import Iterable
from html import escape

VOID = frozenset({"br", "hr", "img", "meta", "link", "col", "input"})
"""HTML elements that have no content and no closing tag."""


class Markup(str):
    """Text that is HTML already. Only `raw`, `tag` and `join` make it."""

    __slots__ = ()


Child = Markup | str | int | None
Attribute = str | int | float | bool | None


def raw(text: str) -> Markup:
    """Declare text of our own (a style sheet, a script) to be HTML; never call it on data."""
    return Markup(text)


def join(children: Iterable[Child]) -> Markup:
    """Put pieces after one another: `Markup` as it is, None left out, anything else escaped."""
    return Markup("".join(_piece(child) for child in children))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Build one element.

    Args:
        name: The element's name, of HTML or SVG.
        children: Its content; plain strings are escaped.
        attributes: Its attributes. A trailing underscore is dropped (`class_`), the others become
            hyphens (`data_sort`). None and False leave the attribute out, True gives it no value.
    """
    opening = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{join(children)}</{name}>")


def _piece(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else escape(str(child))


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    label = key.rstrip("_").replace("_", "-")
    return f" {label}" if value is True else f' {label}="{escape(str(value), quote=True)}"'
