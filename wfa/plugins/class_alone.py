"""Make one class of a module without running the rest of it.

The options of a plug-in stand beside its class, and that class needs torch. To look at the options
alone, only the statements are run that they are made of: the class, and what it names of its
module, and so on. A mistake in a setting is then told before the second that torch takes to load.
"""

import ast
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

PACKAGE = __name__.partition(".")[0]


def class_alone(module: str, name: str, file: Path | None = None) -> Any:
    """Return what `name` is in a module, running only the statements that it is made of.

    What is returned is not the object that an import of the module gives, unless it is imported
    already: it is to be looked at, and its instances are to be thrown away.

    Args:
        module: The module's full name.
        name: A class, or anything else that a statement at the top of the module binds.
        file: The module's source; found by its name where it is None.

    Raises:
        ImportError: The module has no source, or binds no such name.
    """
    loaded = sys.modules.get(module)
    if loaded is not None and hasattr(loaded, name):
        return getattr(loaded, name)
    return _Module(module, file or _source(module)).value(name)


def _source(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ImportError(f"{module} has no source")
    return Path(spec.origin)


class _Module:
    """The names of a module, each made when it is first needed."""

    def __init__(self, name: str, file: Path) -> None:
        self._file = str(file)
        self._made: dict[str, Any] = {"__name__": name, "__file__": self._file}
        self._bound: dict[str, ast.stmt] = {}
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            self._bound |= dict.fromkeys(_binds(statement), statement)

    def value(self, name: str) -> Any:
        """Make a name and what it is made of."""
        if name not in self._bound:
            raise ImportError(f"{self._file} binds no {name}")
        self._make(name)
        return self._made[name]

    def _make(self, name: str) -> None:
        if name in self._made or name not in self._bound:
            return
        statement = self._bound.pop(name)
        if isinstance(statement, ast.ImportFrom):
            alias = next(one for one in statement.names if (one.asname or one.name) == name)
            self._made[name] = _imported(statement.module or "", alias.name)
            return
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._make(node.id)
        exec(compile(ast.Module([statement], []), self._file, "exec"), self._made)


def _binds(statement: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module binds."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [one.asname or one.name.partition(".")[0] for one in statement.names]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return [node.id for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]  # fmt: skip
    return []


def _imported(module: str, name: str) -> Any:
    """Return a name of another module, of one of ours without running all of it."""
    if module.partition(".")[0] == PACKAGE:
        try:
            return class_alone(module, name)
        except ImportError:
            return _Package(f"{module}.{name}")
    return getattr(importlib.import_module(module), name)


class _Package:
    """Stands in for a module that is named as a whole."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return class_alone(self._module, name)
