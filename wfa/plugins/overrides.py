"""What a plug-in's class makes of the methods of its base: none is missing, none misspelt."""

from difflib import get_close_matches
from typing import Any

_ALIKE = 0.94
"""Likeness of names from which on one is taken for a slip of the other, `prior_weight` say; a
shorter name with an `s` more or less, such as `caption` beside `captions`, stays below."""


def broken_overrides(cls: Any, base: type[Any]) -> str:
    """Say why something is no whole class of its kind; empty where it is.

    A method whose name is nearly that of one of the base is refused, because the base would go on
    doing what it does by default.

    Args:
        cls: The class.
        base: What those of its kind extend.
    """
    if not isinstance(cls, type):
        return f"{cls!r} is no class: give the class, not an object of it"
    if not issubclass(cls, base):
        return f"{cls.__name__} must extend {base.__module__}.{base.__qualname__}"
    if lacks := vars(cls).get("__abstractmethods__"):  # which every class of an ABC has
        return f"{cls.__name__} lacks {', '.join(sorted(lacks))}"
    known = [name for name in vars(base) if not name.startswith("_")]
    for name in vars(cls).keys() - set(dir(base)):
        near = get_close_matches(name, known, n=1, cutoff=_ALIKE)
        if near and not name.startswith("_"):
            return (
                f"{cls.__name__}.{name} overrides nothing: did you mean {near[0]!r}? If not, begin "
                "its name with _"
            )
    return ""
