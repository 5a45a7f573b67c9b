"""Every dependency that is declared is imported by the package, and the other way round."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_IMPORTED = {
    "tensorboard": "Lightning's TensorBoardLogger writes through it",
    "onnx": "torch's ONNX exporter writes with it",
    "onnxscript": "torch's ONNX exporter translates with it",
    "torchmetrics": "the metrics that validation updates batch by batch are to be built on it",
    "faiss-cpu": "the same module as faiss-gpu, on other machines",
    "mlflow-skinny": "Lightning's MLFlowLogger writes through it",
    "wandb": "Lightning's WandbLogger writes through it",
    "faiss-gpu": "the same module as faiss-cpu, on other machines",
}
"""Declared, and used without an import of that name -> why."""
FOR_USE = ("geo", "loggers", "lora", "offline", "onnx", "slurm", "transformers")
"""Extras that the package imports; the others are for those who work on it."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def blocks() -> dict[str, list[str]]:
    """Extra -> the names that it declares, in the file's order; "" for what is always installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = {"": project["dependencies"], **project["optional-dependencies"]}
    return {
        extra: [normal(re.match(r"[A-Za-z0-9_.-]+", line)[0]) for line in own]  # type: ignore[index]
        for extra, own in lines.items()
    }


def declared(*extras: str) -> set[str]:
    return {name for extra in ("", *extras) for name in blocks()[extra]}


def imported() -> dict[str, str]:
    """Top-level module from outside -> a file that imports it."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "wfa").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                if top != "wfa" and top not in sys.stdlib_module_names:
                    found.setdefault(top, path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("extra", blocks())
def test_each_is_declared_once_and_in_order(extra: str) -> None:
    names = blocks()[extra]
    assert names == sorted(set(names))


def test_what_is_imported_is_declared() -> None:
    known = declared(*FOR_USE)
    providers = packages_distributions()
    for module, path in imported().items():
        names = {normal(name) for name in providers.get(module, [module])}
        assert names & known, f"{path} imports {module}, which no dependency declares"


def test_what_is_declared_is_imported() -> None:
    providers = packages_distributions()
    used = {normal(name) for module in imported() for name in providers.get(module, [module])}
    missing = declared(*FOR_USE) - used - set(NOT_IMPORTED)
    assert not missing, f"declared and imported nowhere: {sorted(missing)}"
