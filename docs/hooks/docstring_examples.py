"""Lets `>>>` examples that stand in a docstring without a heading be shown as code."""

from typing import Any

import griffe


class DocstringExamples(griffe.Extension):
    """Puts each run of examples below the heading that Google style has for it."""

    def on_object(self, *, obj: griffe.Object, **rest: Any) -> None:
        """Rewrite the docstring of a function, class, attribute or module."""
        if obj.docstring and "\n>>> " in f"\n{obj.docstring.value}":
            obj.docstring.value = with_headings(obj.docstring.value)


def with_headings(text: str) -> str:
    """Indent lines from `>>>` to the next blank one below `Examples:`."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith(">>> ") and not inside:
            lines.append("Examples:")
            inside = True
        inside = inside and bool(line.strip())
        lines.append(f"    {line}" if inside else line)
    return "\n".join(lines)
