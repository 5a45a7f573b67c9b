"""The rules of the house, walked with `ast`, so that nothing has to be installed.

A room imports only rooms before it and nothing private of another; files, rooms and chains of
imports stay short; no data set is asked what kind it is.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOMS = (
    "errors", "lazy_names", "text_files", "json_files", "files", "fetched_bytes", "provenance",
    "plugins", "options", "keyed_random", "draws", "progress", "pareto", "paired_tests",
    "numbering", "picture_files", "tables", "captions", "aggregation", "data", "bigearthnet",
    "scenes", "encoders",
    "model", "losses", "retrieval", "metrics", "auditing", "mixtures", "testing", "runs",
    "training", "tasks", "search", "comparing", "report", "exports", "face", "cli", "__main__",
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
LONGEST_FILE = 300
"""Lines."""
LONGEST_CHAIN = 12
"""Modules that import each other when they are loaded. May only fall; the aim is 12."""
BIGGEST_ROOM = 0.15
"""Share of the lines of the package."""
DATA_SETS = {"dataset", "data", "part", "split"}
"""What a data set, or one split of it, is called where it is used."""
DATA_ROOMS = {"data", "bigearthnet", "scenes"}
"""Where `options` are those of a data set."""


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def loaded_by(path: Path) -> Iterator[str]:
    """What is imported when the file is, without what only type checkers read."""
    yield from (module for module, _ in imports_among(tree_of(path).body))


def imports_among(body: Sequence[ast.stmt]) -> Iterator[tuple[str, Sequence[str]]]:
    """Each module that statements import when they run, with the names taken from it."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", [alias.name for alias in node.names]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from imports_among([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handled = [line for handler in node.handlers for line in handler.body]
            yield from imports_among([*node.body, *handled, *node.orelse, *node.finalbody])


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_of(path: Path) -> str:
    return ".".join(("wfa", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


def private(tree: ast.AST, room: str) -> Iterator[str]:
    """Private names that are imported from anywhere, and private files of other rooms."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found = [f"{module}.{alias.name}" for alias in node.names if hidden(alias.name)]
            modules = [module, *found]
        elif isinstance(node, ast.Import):
            found, modules = [], [alias.name for alias in node.names]
        else:
            continue
        for module in modules:
            ours = module.startswith("wfa.") and room_of(module) != room
            if ours and any(map(hidden, module.split("."))):
                found.append(module)
        yield from (name for name in found if name.startswith("wfa."))


def hidden(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def asks_for_kind(tree: ast.AST, room: str) -> Iterator[str]:
    """Calls that find out of a data set, or of its options, what it has."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id not in ("getattr", "hasattr") or not node.args:
            continue
        asked = node.args[0]
        name = asked.attr if isinstance(asked, ast.Attribute) else getattr(asked, "id", "")
        # getattr(options, key) of a key that is there asks nothing; a default does.
        doubts = node.func.id == "hasattr" or len(node.args) > 2
        if name in DATA_SETS or (name == "options" and room in DATA_ROOMS and doubts):
            yield ast.unparse(node)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "errors"


FILES = sorted(PACKAGE.rglob("*.py"))
each_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix()
)


@each_file
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
    graph = {module_of(path): set(imports_of(path)) for path in FILES}
    del graph["wfa"]  # the face names every room, for type checkers alone
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


@each_file
def test_a_file_keeps_the_rules_of_the_house(path: Path) -> None:
    room = path.relative_to(PACKAGE).with_suffix("").parts[0]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    assert list(private(tree_of(path), room)) == []
    assert list(asks_for_kind(tree_of(path), room)) == []


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("from wfa.data.batch import _rows", True),
        ("from wfa.model.clip import _scale", True),
        ("from wfa.model._clip import scale", True),
        ("from wfa.model import _clip", True),
        ("import wfa.model._clip", True),
        ("from wfa.data._rows import rows", False),
        ("import wfa.data._rows", False),
        ("from wfa import __version__", False),
        ("from numpy import _globals", False),
    ],
)
def test_what_is_private_is_seen(line: str, refused: bool) -> None:
    assert bool(list(private(ast.parse(line), "data"))) == refused


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("hasattr(dataset, 'rows')", True),
        ("getattr(part.dataset, 'rows')", True),
        ("getattr(self.data, 'rows', None)", True),
        ("getattr(options, 'on_bad_row', 'error')", True),
        ("getattr(options, f'{name}_images')", False),
        ("getattr(tower, 'width', None)", False),
        ("dataset.has_rows()", False),
    ],
)
def test_asking_for_the_kind_is_seen(line: str, refused: bool) -> None:
    assert bool(list(asks_for_kind(ast.parse(line), "data"))) == refused


def test_the_longest_chain_of_imports() -> None:
    files = {module_of(path): path for path in FILES}

    @cache
    def chain(module: str) -> tuple[str, ...]:
        named = {
            name
            for origin, names in imports_among(tree_of(files[module]).body)
            for name in (origin, *(f"{origin}.{one}" for one in names))
        }
        return (module, *max(map(chain, (named & files.keys()) - {module}), key=len, default=()))

    longest = max(map(chain, sorted(files)), key=len)
    assert len(longest) <= LONGEST_CHAIN, " -> ".join(longest)


def test_no_room_outgrows_the_house() -> None:
    lines: Counter[str] = Counter()
    for path in FILES:
        lines[path.relative_to(PACKAGE).parts[0]] += len(path.read_text("utf-8").splitlines())
    room, most = lines.most_common(1)[0]
    assert most <= BIGGEST_ROOM * lines.total(), room


def test_the_walk_sees_the_package() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert rooms <= {"__init__", *ROOMS}
    assert {"captions", "data", "cli"} <= rooms
