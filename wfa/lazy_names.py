"""Names of a package that are imported when they are first used (PEP 562)."""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, places: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package.

    Args:
        package: Its `__name__`.
        places: Name -> `module:attribute`, or a module alone.
    """

    def get(name: str) -> Any:
        if name not in places:
            from wfa.errors import nearest

            near = nearest(name, places)
            hint = f"; did you mean {near!r}?" if near else ""
            raise AttributeError(f"module {package!r} has no attribute {name!r}{hint}")
        module, _, attribute = places[name].partition(":")
        found = importlib.import_module(module)
        value = getattr(found, attribute) if attribute else found
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        public = getattr(sys.modules[package], "__all__", places)
        return sorted({*(name for name in vars(sys.modules[package]) if name[:2] == "__"), *public})

    return get, names
