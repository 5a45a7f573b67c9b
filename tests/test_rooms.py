"""The rooms import only rooms before them: walked with `ast`, so nothing has to be installed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOMS = (
    "errors", "lazy_names", "text_files", "json_files", "files", "provenance", "plugins", "options",
    "keyed_random", "draws", "progress", "pareto", "numbering", "tables", "captions",
    "aggregation", "data", "bigearthnet", "scenes", "encoders", "model", "losses", "retrieval",
    "metrics", "auditing", "testing", "runs", "training", "tasks", "search", "compare", "report",
    "face", "cli", "__main__",
)  # fmt: skip
PACKAGE = Path(__file__).parents[1] / "wfa"
FORBIDDEN = {
    "captions": {"torch", "lightning", "PIL", "pyarrow", "pathlib"},
    "aggregation": {"wfa.data", "lightning"},
    "encoders": {"wfa.aggregation"},
    "model": {"lightning", "pathlib"},
    "report": {"torch", "lightning"},
}
"""Room -> what it must know nothing of, beyond the rooms after it."""


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def loaded_by(path: Path) -> Iterator[str]:
    """What is imported when the file is, without what only type checkers read."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            yield from (alias.name for alias in node.names) if isinstance(node, ast.Import) else []


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "errors"


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_only_rooms_before_its_own(path: Path) -> None:
    room = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if room == "__init__":
        assert set(loaded_by(path)) == {"typing", "wfa.lazy_names"}
        return
    for module in imports_of(path):
        if module == "wfa" or module.startswith("wfa."):
            assert ROOMS.index(room_of(module)) <= ROOMS.index(room), f"{path} imports {module}"
        for forbidden in FORBIDDEN.get(room, ()):
            assert module != forbidden and not module.startswith(f"{forbidden}."), (
                f"{path} imports {module}"
            )


def test_no_circle_within_a_room() -> None:
    graph = {
        ".".join(("wfa", *path.relative_to(PACKAGE).with_suffix("").parts)): set(imports_of(path))
        for path in FILES
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"circle: {' -> '.join((*trail, module))}"
        if module in done:
            return
        for target in graph.get(module, ()):
            if target in graph:
                visit(target, (*trail, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def test_the_walk_sees_the_package() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert rooms <= {"__init__", *ROOMS}
    assert {"captions", "data", "cli"} <= rooms
