"""Find a plug-in by its name: one file in a folder, imported only when it is asked for.

A file without a leading underscore in a plug-in folder is a choice. It holds a frozen dataclass
`Config` and one public class; the file's name is what a config says.
"""

import ast
import importlib
import importlib.util
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from wfa.errors import ConfigError, unknown

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "data": ("wfa.data.sets", "wfa.bigearthnet.sets", "wfa.scenes.sets"),
    "aggregation": ("wfa.aggregation.techniques",),
    "encoder": ("wfa.encoders.models",),
    "image_tower": ("wfa.encoders.image_towers",),
    "text_tower": ("wfa.encoders.text_towers",),
    "loss": ("wfa.model.losses",),
    "model": ("wfa.model.kinds",),
}
"""Config section -> the packages whose files are its choices."""


@dataclass(frozen=True)
class Choice:
    """A plug-in and its options, as a config section names them.

    Attributes:
        kind: The section, a key of `PACKAGES`.
        name: The plug-in's file name without `.py`.
        options: An instance of the plug-in's `Config`.
    """

    kind: str
    name: str
    options: Any

    def plugin(self) -> type[Any]:
        """Return the plug-in's class; its constructor takes `options` first."""
        return plugin_class(self.kind, self.name)


def names(kind: str) -> list[str]:
    """Return the choices of a section, sorted, from its folder and without importing any."""
    return sorted(_modules(kind))


def summary(kind: str, name: str) -> str:
    """Return the first line of a plug-in's docstring, read without importing it."""
    tree = ast.parse(source_file(kind, name).read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def source_file(kind: str, name: str) -> Path:
    """Return the file of a plug-in, without importing it.

    Raises:
        ConfigError: There is no such plug-in.
    """
    spec = importlib.util.find_spec(plugin_module(kind, name))
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    return Path(spec.origin)


def plugin_module(kind: str, name: str) -> str:
    """Return the full name of a plug-in's module.

    Raises:
        ConfigError: There is no such plug-in.
    """
    modules = _modules(kind)
    if name not in modules:
        raise unknown(kind, name, sorted(modules))
    return modules[name]


def config_class(kind: str, name: str) -> type[Any]:
    """Return the `Config` dataclass of a plug-in.

    Raises:
        ConfigError: There is no such plug-in, or a package that it needs is not installed.
    """
    config: type[Any] = _module(kind, name).Config
    return config


def plugin_class(kind: str, name: str) -> type[Any]:
    """Return the one public class, besides `Config`, that a plug-in's file defines.

    Raises:
        ConfigError: There is no such plug-in, or a package that it needs is not installed.
    """
    module = _module(kind, name)
    found = [
        member
        for label, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and label != "Config" and not label.startswith("_")
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} must define one public class, has {found}")
    return found[0]


def how_to_install(module: str) -> str:
    """Return the pip command that brings a missing module: an extra of ours, or its own package."""
    package = module.partition(".")[0]
    wanted = package.lower().replace("_", "-")
    try:
        needs = metadata.requires("wfa") or []
    except metadata.PackageNotFoundError:  # run from its folder, not installed
        needs = []
    for need in needs:
        name = re.match(r"[\w.-]+", need)
        extra = re.search(r"extra == ['\"]([\w-]+)", need)
        if name and extra and name[0].lower().replace("_", "-") == wanted:
            return f'pip install "wfa[{extra[1]}]"'
    return f"pip install {package}"


def _modules(kind: str) -> dict[str, str]:
    """Return the choices of a section and the module of each."""
    return {
        path.stem: f"{package}.{path.stem}"
        for package in PACKAGES[kind]
        for path in _folder(package).glob("*.py")
        if not path.stem.startswith("_")
    }


def _folder(package: str) -> Path:
    # find_spec runs the parent packages only, so a choice with a missing dependency still lists.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))


def _module(kind: str, name: str) -> ModuleType:
    module = plugin_module(kind, name)
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("wfa"):
            raise
        raise ConfigError(
            f"{kind}={name} needs the package {error.name!r}, which is not installed: "
            f"{how_to_install(error.name)}"
        ) from error
