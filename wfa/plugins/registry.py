"""Find a plug-in by its name, imported only when it is asked for.

A file without a leading underscore in a plug-in folder is a choice. It holds a frozen dataclass
`Config` and one public class; the file's name is what a config says. Packages add theirs by entry
points of the groups `wfa.data`, `wfa.aggregation` and so on, a program by `register`, and
`aggregation=path/to/words.py` names a file of the same form.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from wfa.errors import ConfigError, unknown
from wfa.plugins.plugin_sources import (
    BASES,
    ClassSource,
    Source,
    base_class,
    file_source,
    installed,
    public_classes,
)

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "data": ("wfa.data.sets", "wfa.bigearthnet.sets", "wfa.scenes.sets", "wfa.mixtures.sets"),
    "aggregation": ("wfa.aggregation.techniques",),
    "encoder": ("wfa.encoders.models",),
    "image_tower": ("wfa.encoders.image_towers",),
    "text_tower": ("wfa.encoders.text_towers",),
    "loss": ("wfa.model.losses",),
    "model": ("wfa.model.kinds",),
}
"""Config section -> the packages whose files are its choices."""

_registered: dict[tuple[str, str], ClassSource] = {}


@dataclass(frozen=True)
class Choice:
    """A plug-in and its options, as a config section names them.

    Attributes:
        kind: The section, a key of `PACKAGES`.
        name: The plug-in's name, or the path of its file.
        options: An instance of the plug-in's `Config`.
    """

    kind: str
    name: str
    options: Any

    def plugin(self) -> type[Any]:
        """Return the plug-in's class; its constructor takes `options` first."""
        return plugin_class(self.kind, self.name)

    @property
    def label(self) -> str:
        """What files and tables call it: the name, or that of its file without `.py`."""
        return label(self.name)

    def outside(self) -> dict[str, dict[str, str]]:
        """Return the plug-ins that are not ours among this one and those that its options name.

        Returns:
            Kind -> where it comes from, with the SHA-256 of its source.
        """
        named = {self.kind: self.name}
        for field in fields(self.options):
            name = getattr(self.options, field.name)
            # Other encoders have options of these names that choose no plug-in.
            if field.name in PACKAGES and (is_file(name) or name in names(field.name)):
                named[field.name] = name
        found = {kind: source(kind, name) for kind, name in named.items()}
        return {kind: one.record() for kind, one in found.items() if one.origin}


def register(kind: str, name: str, cls: type[Any]) -> None:
    """Make a class a choice under a name, for as long as the program runs.

    Args:
        kind: `data`, `aggregation`, `encoder`, `image_tower`, `text_tower`, `loss` or `model`.
        name: What a config will say, as in `aggregation=words`.
        cls: The class; it extends that of its kind, and its options are its `Config`, or the
            `Config` of its module.

    Raises:
        ConfigError: There is no such kind, the name is one of ours or no word, or the class is not
            what a plug-in must be.

    >>> import wfa
    >>> class Words(wfa.aggregation.Aggregation):
    ...     '''The plain mean, under another name.'''
    >>> wfa.register("aggregation", "words", Words)
    >>> "words" in names("aggregation")
    True
    """
    if kind not in PACKAGES:
        raise unknown("kind of plug-in", kind, list(PACKAGES))
    if not name.isidentifier() or name in _shipped(kind):
        why = "is one of ours" if name in _shipped(kind) else "must be a word of letters, digits, _"
        raise ConfigError(f"the name {name!r} of a plug-in {why}: choose another")
    if not isinstance(cls, type):
        raise ConfigError(f"the plug-in {name!r} must be a class, not {cls!r}")
    made = ClassSource(kind, name, cls.__module__, origin=f"class {cls.__qualname__}", cls=cls)
    made.classes()
    _registered[kind, name] = made


def names(kind: str) -> list[str]:
    """Return the choices of a section, sorted, without importing any."""
    return sorted(_known(kind))


def label(name: str) -> str:
    """Return a choice's name, or that of its file without `.py`."""
    return Path(name).stem if is_file(name) else name


def is_file(name: str) -> bool:
    """Say whether a choice is named by the path of its file."""
    return name.endswith(".py")


def kind_of_file(path: str) -> str:
    """Return the kind of the plug-in in a file, by what its class extends.

    Raises:
        ConfigError: There is no such file, it cannot be imported, or defines no plug-in.
    """
    made = public_classes(file_source("", path).load())
    for kind in PACKAGES:
        if any(issubclass(cls, base_class(kind)) for cls in made):
            return kind
    bases = ", ".join(place.replace(":", ".") for place in BASES.values())
    raise ConfigError(f"{path} defines no plug-in: none of its classes extends one of {bases}")


def source(kind: str, name: str) -> Source:
    """Return where a plug-in stands.

    Raises:
        ConfigError: There is no such plug-in.
    """
    if is_file(name):
        return file_source(kind, name)
    known = _known(kind)
    if name not in known:
        raise unknown(kind, name, sorted(known))
    return known[name]


def canonical(kind: str, name: str) -> str:
    """Return the name that a saved config has, of a file its whole path.

    Raises:
        ConfigError: There is no such plug-in or file.
    """
    found = source(kind, name)
    if is_file(name):
        return str(found.file)
    return found.name


def config_class(kind: str, name: str) -> type[Any]:
    """Return the `Config` dataclass of a plug-in.

    Raises:
        ConfigError: There is no such plug-in, or it cannot be imported.
    """
    return source(kind, name).classes()[0]


def plugin_class(kind: str, name: str) -> type[Any]:
    """Return the class of a plug-in.

    Raises:
        ConfigError: There is no such plug-in, or it cannot be imported.
    """
    return source(kind, name).classes()[1]


def _known(kind: str) -> dict[str, Source]:
    """Return all choices of a kind; ours before those of a program, and those before packages'."""
    own = {name: made for (of, name), made in _registered.items() if of == kind}
    return {**installed(kind), **own, **_shipped(kind)}


def _shipped(kind: str) -> dict[str, Source]:
    return {
        path.stem: Source(kind, path.stem, f"{package}.{path.stem}")
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
