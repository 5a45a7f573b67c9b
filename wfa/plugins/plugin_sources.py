"""Where plug-ins come from: our folders, installed packages, a file, or a class handed over."""

import ast
import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from wfa.errors import ConfigError
from wfa.plugins.overrides import broken_overrides

BASES: Mapping[str, str] = {
    "data": "wfa.data.dataset:ImageTextDataset",
    "aggregation": "wfa.aggregation.base:Aggregation",
    "encoder": "wfa.encoders.encoder:Encoder",
    "image_tower": "wfa.encoders.towers:ImageTower",
    "text_tower": "wfa.encoders.towers:TextTower",
    "loss": "wfa.model.contrast:Contrast",
    "model": "wfa.model.clip:MultiCaptionCLIP",
}
"""Kind -> the class that its plug-ins extend."""

Classes = tuple[type[Any], type[Any]]
"""The `Config` of a plug-in and its class."""


@dataclass(frozen=True)
class Source:
    """A plug-in in a module, imported only when it is asked for.

    Attributes:
        kind: What it is a choice of, a key of `BASES`.
        name: What a config says.
        module: The module's full name.
        attribute: The class in it; empty for the only public one besides `Config`.
        origin: Package and version, or file, that it comes from; empty for our own.
    """

    kind: str
    name: str
    module: str
    attribute: str = ""
    origin: str = ""

    @property
    def file(self) -> Path:
        """The source file, found without importing it.

        Raises:
            ConfigError: The package that named it has no such module.
        """
        try:
            spec = importlib.util.find_spec(self.module)
        except ModuleNotFoundError:
            spec = None
        if spec is None or spec.origin is None:
            raise ConfigError(f"{self.label} names the module {self.module}, which does not exist")
        return Path(spec.origin)

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.kind}={self.name}{f' of {self.origin}' if self.origin else ''}"

    def summary(self) -> str:
        """Return the first line of the docstring, read without importing."""
        try:
            tree = ast.parse(self.file.read_text(encoding="utf-8"))
        except (ConfigError, SyntaxError, OSError, ValueError) as error:
            return f"cannot be read: {error}"
        return (ast.get_docstring(tree) or "").partition("\n")[0]

    def classes(self) -> Classes:
        """Import the plug-in.

        Raises:
            ConfigError: It cannot be imported, or is not what a plug-in must be.
        """
        module = self.load()
        return checked(self.kind, self.label, module, self.attribute, bool(self.origin))

    def load(self) -> ModuleType:
        """Import the module."""
        try:
            return importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            if error.name is None or (error.name.startswith("wfa") and not self.origin):
                raise
            raise ConfigError(
                f"{self.label} needs the package {error.name!r}, which is not installed: "
                f"{how_to_install(error.name)}"
            ) from error
        except (Exception, SystemExit) as error:
            if not self.origin:
                raise
            raise _broken(self.label, error) from error

    def record(self) -> dict[str, str]:
        """Return what `run.json` says of a plug-in that is not ours."""
        return {
            "name": self.name,
            "origin": self.origin,
            "file": str(self.file),
            "sha256": hashlib.sha256(self.file.read_bytes()).hexdigest(),
        }


@dataclass(frozen=True)
class FileSource(Source):
    """A plug-in that is one file; `name` is its path."""

    @property
    def file(self) -> Path:
        """The file.

        Raises:
            ConfigError: There is none.
        """
        path = Path(self.name)
        if not path.is_file():
            raise ConfigError(f"{self.label}: there is no such file")
        return path

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.kind}={self.name}" if self.kind else self.name

    def load(self) -> ModuleType:
        """Run the file once; a changed file is run anew."""
        code = self.file.read_bytes()
        module = f"{self.module}_{hashlib.sha256(code).hexdigest()[:16]}"
        if module in sys.modules:
            return sys.modules[module]
        spec = importlib.util.spec_from_file_location(module, self.file)
        assert spec is not None  # the name ends in .py
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        sys.modules[module] = made  # dataclasses and pickle look there
        try:
            spec.loader.exec_module(made)
        except (Exception, SystemExit) as error:  # a script that ends by itself is no plug-in
            del sys.modules[module]
            raise _broken(self.label, error) from error
        return made


@dataclass(frozen=True)
class ClassSource(Source):
    """A class that was handed over with `wfa.register`."""

    cls: type[Any] = object

    @property
    def file(self) -> Path:
        """The file that defines the class.

        Raises:
            ConfigError: There is none, as in a notebook.
        """
        try:
            return Path(inspect.getfile(self.cls))
        except (TypeError, OSError) as error:
            raise ConfigError(f"{self.label} stands in no file") from error

    def summary(self) -> str:
        """Return the first line of the class's docstring."""
        return (inspect.getdoc(self.cls) or "").partition("\n")[0]

    def classes(self) -> Classes:
        """Return the class and its `Config`."""
        module = sys.modules.get(self.cls.__module__)
        return _with_config(self.kind, self.label, self.cls, module)

    def record(self) -> dict[str, str]:
        """Return what `run.json` says; a class of a notebook has no file."""
        try:
            return super().record()
        except (ConfigError, OSError):
            return {"name": self.name, "origin": self.origin, "file": "", "sha256": ""}


def file_source(kind: str, text: str) -> FileSource:
    """Return the plug-in in the file that a person named."""
    path = Path(text).expanduser().resolve()
    stem = re.sub(r"\W", "_", path.stem)
    return FileSource(kind, str(path), f"wfa_plugin_{stem}", origin=str(path))


@cache
def installed(kind: str) -> Mapping[str, Source]:
    """Return the plug-ins of installed packages: entry points of the group `wfa.<kind>`."""
    found = {}
    for point in metadata.entry_points(group=f"wfa.{kind}"):
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else "an installed package"
        found[point.name] = Source(kind, point.name, point.module, point.attr or "", origin)
    return found


def checked(kind: str, label: str, module: ModuleType, attribute: str, outside: bool) -> Classes:
    """Return the classes of an imported plug-in.

    Raises:
        ConfigError: A plug-in from outside is not what one must be.
        TypeError: One of ours is not.
    """
    if attribute:
        cls = getattr(module, attribute, None)
        if not isinstance(cls, type):
            raise ConfigError(f"{label} names the class {attribute}, which {module.__name__} lacks")
        return _with_config(kind, label, cls, module)
    found = public_classes(module)
    if len(found) != 1:
        names = ", ".join(one.__name__ for one in found) or "none"
        message = (
            f"{label} must define one public class besides Config, but defines {names}: let the "
            "names of the others begin with _"
        )
        raise ConfigError(message) if outside else TypeError(message)
    if not outside:
        return module.Config, found[0]
    return _with_config(kind, label, found[0], module)


def public_classes(module: ModuleType) -> list[type[Any]]:
    """Return the classes that a module defines, but `Config` and those that begin with `_`."""
    return [
        member
        for name, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and name != "Config" and not name.startswith("_")
    ]


def base_class(kind: str) -> type[Any]:
    """Return the class that the plug-ins of a kind extend."""
    module, _, name = BASES[kind].partition(":")
    base: type[Any] = getattr(importlib.import_module(module), name)
    return base


_FOR_DEVELOPERS = ("dev", "docs")


def how_to_install(module: str) -> str:
    """Return the pip command that brings a missing module: an extra of ours, or its own package."""
    package = module.partition(".")[0]
    wanted = package.lower().replace("_", "-")
    try:
        needs = metadata.requires("wfa") or []
    except metadata.PackageNotFoundError:  # run from its folder, not installed
        needs = []
    extras = []
    for need in needs:
        name = re.match(r"[\w.-]+", need)
        extra = re.search(r"extra == ['\"]([\w-]+)", need)
        if name and extra and name[0].lower().replace("_", "-") == wanted:
            extras.append(extra[1])
    # Who uses the package does not need what it is developed with.
    extras.sort(key=lambda extra: (extra in _FOR_DEVELOPERS, extra))
    return f'pip install "wfa[{extras[0]}]"' if extras else f"pip install {package}"


def _with_config(kind: str, label: str, cls: type[Any], module: ModuleType | None) -> Classes:
    """Return a class from outside with its `Config`, both of the right make."""
    if wrong := broken_overrides(cls, base_class(kind)):
        raise ConfigError(f"{label}: {wrong}")
    config = vars(cls).get("Config", getattr(module, "Config", getattr(cls, "Config", None)))
    if not isinstance(config, type) or not is_dataclass(config):
        raise ConfigError(f"{label} has no dataclass Config beside {cls.__name__}")
    needed = [
        field.name
        for field in fields(config)
        if field.default is MISSING and field.default_factory is MISSING
    ]
    if not getattr(config, "__dataclass_params__").frozen or needed:  # noqa: B009 - no such type
        why = f"gives no default for {', '.join(needed)}" if needed else "is not frozen"
        raise ConfigError(f"{label}: its Config {why}: write @dataclass(frozen=True) with defaults")
    return config, cls


def _broken(label: str, error: BaseException) -> ConfigError:
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    line = getattr(error, "lineno", None) or (frames.tb_lineno if frames else 0)
    return ConfigError(f"{label} cannot be imported: {type(error).__name__}: {error} (line {line})")
