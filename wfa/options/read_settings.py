"""The one reader of settings: words of the command line into the dataclass that a verb declares.

A verb declares what it takes as the fields of a frozen dataclass:

    data: Choice = field(metadata={"plugin": "data"})                a plug-in and its options
    train: Any = field(metadata={"options": "train"})                options, imported when needed
    uniqueness: UniquenessOptions = UniquenessOptions()              options
    split: str = "test"                                              a word of its own
    answers: tuple[str, ...] = field(metadata={"words": "bare"})     words that are no KEY=VALUE
    settings: tuple[str, ...] = field(metadata={"words": "rest"})    KEY=VALUE of another reader

Order of precedence, lowest first: defaults of the dataclasses, `configs/<section>/<name>.yaml`, a
recipe or a saved config, `KEY=VALUE`. Settings are checked before the plug-ins are imported, so
that a mistake is told at once.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from wfa.errors import ConfigError, unknown
from wfa.options.limits import check_limits
from wfa.options.option_classes import (
    imported_class,
    named_values,
    shipped_options,
    shown_class,
)
from wfa.options.recipes import Values, config_folder, recipe_values
from wfa.options.typed_options import build_options, mapping_of
from wfa.plugins.registry import Choice, canonical, names

T = TypeVar("T")
ClassOf = Callable[[str, str | None], type[Any]]
_KEY = re.compile(r"[A-Za-z_][\w.-]*=", re.ASCII)


def read_settings(
    cls: type[T], words: Sequence[str], recipe: Values | None = None, where: str = ""
) -> T:
    """Read words into the settings of a verb.

    Args:
        cls: The dataclass of what the verb takes. Where it has a `refusal`, that ends the message
            about a key that is not among it; where it has a `usage`, that of one that is missing.
        words: What a person wrote, in any order: `SECTION=NAME`, `SECTION.KEY=VALUE`, `KEY=VALUE`.
        recipe: Values below the words, section by section: a recipe or a saved config.
        where: Where the recipe is from, for messages.

    Raises:
        ConfigError: A word is not KEY=VALUE, or a key, a name, a type or a value is wrong.
    """
    reader = _Reader(cls)
    reader.lay(recipe or {}, where)
    reader.read(words)
    # Twice: what is wrong is found before the plug-ins, and torch with them, are imported.
    reader.build(shown_class)
    built: T = reader.build(imported_class)
    return built


def check_keys(cls: type[Any], words: Sequence[str]) -> None:
    """Refuse words that are no settings of a verb, before anything else is opened.

    Args:
        cls: The dataclass of what the verb takes.
        words: What a person wrote.

    Raises:
        ConfigError: A word is not KEY=VALUE, or the verb has no such key, or there is no such name.
    """
    _Reader(cls).read(words)


class _Reader:
    """Gathers the values of every field of a verb's settings."""

    def __init__(self, cls: type[Any]) -> None:
        self._cls = cls
        self._hints = get_type_hints(cls)
        self._fields = {field.name: field for field in dataclasses.fields(cls)}
        self._options: dict[str, Values] = {
            name: {} for name in self._fields if self._is_section(name)
        }
        self._chosen: dict[str, str] = {}
        self._plain: Values = {}
        self._replaced: set[tuple[str, str]] = set()
        self._asked: set[tuple[str, str]] = set()
        for name in self._options:
            if choice := self._fields[name].metadata.get("choice"):
                self._choose(name, choice)

    def lay(self, recipe: Values, where: str) -> None:
        """Put the values of a recipe in place."""
        for name, value in recipe.items():
            if name not in self._fields:
                raise unknown("key", name, self._fields, where)
            if name not in self._options:
                self._plain[name] = value
            elif isinstance(value, str):
                self._lay_choice(name, value, where)
            else:
                options = mapping_of(value, f"{where}: {name}")
                if self._kind(name) and options.get("name") is not None:
                    self._choose(name, str(options.pop("name")))
                self._options[name].update(options)

    def read(self, words: Sequence[str]) -> None:
        """Put the values of words in place."""
        pairs = [pair for pair in map(self._split, words) if pair]
        # Choices first, whatever the order of the words: an option always means the chosen plug-in.
        for key, text in pairs:
            if key in self._options:
                self._choose(key, text)
        for key, text in pairs:
            if key not in self._options:
                self._set(key, text)

    def build(self, class_of: ClassOf) -> Any:
        """Build the settings with the classes that `class_of` gives for sections."""
        sections = {name: self._section(name, class_of) for name in self._options}
        given = {name: section for name, section in sections.items() if section is not None}
        missing = [
            f"{name}={field.metadata.get('placeholder', 'VALUE')}"
            for name, field in self._fields.items()
            if name not in {**self._plain, **given} and _is_required(field)
        ]
        if missing:
            usage = getattr(self._cls, "usage", "")
            raise ConfigError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
                + (f": {usage}" if usage else "")
            )
        return build_options(self._cls, {**self._plain, **given}, "")

    def _is_section(self, name: str) -> bool:
        metadata = self._fields[name].metadata
        return "plugin" in metadata or "options" in metadata or (
            dataclasses.is_dataclass(self._hints[name])
        )  # fmt: skip

    def _kind(self, name: str) -> str | None:
        """Return what kind of plug-in a section chooses, None for plain options."""
        kind: str | None = self._fields[name].metadata.get("plugin")
        return kind

    def _class(self, name: str, class_of: ClassOf) -> type[Any] | None:
        """Return the class of a section's options; None while no plug-in is chosen."""
        metadata = self._fields[name].metadata
        if "options" in metadata:
            return class_of(metadata["options"], None)
        if "plugin" not in metadata:
            cls: type[Any] = self._hints[name]
            return cls
        chosen = self._chosen.get(name)
        return class_of(metadata["plugin"], chosen) if chosen is not None else None

    def _split(self, word: str) -> tuple[str, str] | None:
        """Split a word; keep it where it is for another reader."""
        if not _KEY.match(word):
            if not self._keep("bare", word):
                raise ConfigError(f"{word!r} is not KEY=VALUE; an example: aggregation=uniqueness")
            return None
        key, _, text = word.partition("=")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ConfigError(f"the value of {key} is no text in UTF-8: {text!r}") from error
        if key.partition(".")[0] not in self._fields and self._keep("rest", word):
            return None
        return key, text

    def _keep(self, words: str, word: str) -> bool:
        """Keep a word in the field that takes such ones; tell whether there is one."""
        name = self._with("words", words)
        if name is not None:
            self._plain[name] = (*self._plain.get(name, ()), word)
        return name is not None

    def _with(self, key: str, value: Any) -> str | None:
        """Return the field whose metadata says so, None where none does."""
        return next((n for n, f in self._fields.items() if f.metadata.get(key) == value), None)

    def _lay_choice(self, name: str, value: str, where: str) -> None:
        kind = self._kind(name)
        if kind is None and not (config_folder() / name).is_dir():
            raise ConfigError(f"{where}: {name} must be a name or KEY: VALUE lines: {value!r}")
        self._choose(name, value)

    def _choose(self, name: str, choice: str) -> None:
        """Switch a section to a named choice: its file's options, none of the old choice's."""
        metadata = self._fields[name].metadata
        if "plugin" in metadata:
            choice = canonical(metadata["plugin"], choice)
            self._options[name] = shipped_options(metadata["plugin"], choice)
        elif "one_of" in metadata:
            check_limits(self._cls, {name: choice}, "")
        else:
            self._options[name] = recipe_values(name, choice)
        self._chosen[name] = choice

    def _set(self, key: str, text: str) -> None:
        section, dot, rest = key.partition(".")
        if section in self._options and dot:
            self._set_option(section, rest, text)
        elif key in self._fields:
            self._plain[key] = text
        elif (flat := self._with("flat", True)) and f"{flat}.{key}" in self._keys():
            self._set_option(flat, key, text)
        elif refusal := getattr(self._cls, "refusal", ""):
            raise ConfigError(f"{key + '=' + text!r} {refusal}")
        else:
            raise unknown("key", key, self._keys())

    def _set_option(self, section: str, key: str, text: str) -> None:
        """Set `section.key`, where the key may lead into what an option holds itself."""
        options = self._options[section]
        option, *path = key.split(".")
        self._asked.add((section, option))
        if option == "name" and self._kind(section):
            raise ConfigError(f"write {section}={text} instead of {section}.name={text}")
        if not path:
            options[option] = text
            return
        inner = options[option] = self._inner(section, option)
        for step in path[:-1]:
            inner[step] = mapping_of(inner.get(step), f"{section}.{option}.{step}")
            inner = inner[step]
        inner[path[-1]] = text

    def _inner(self, section: str, option: str) -> Values:
        """Return what an option holds, as a mapping that words may change."""
        cls, key = self._class(section, shown_class), f"{section}.{option}"
        found = [f for f in dataclasses.fields(cls) if f.name == option] if cls else []
        metadata = found[0].metadata if found else {}
        value = self._options[section].get(option)
        if metadata.get("named"):
            return dict(named_values(value, key))
        if "read" in metadata and (section, option) not in self._replaced:
            self._replaced.add((section, option))
            return {}
        return mapping_of(value, key)

    def _section(self, name: str, class_of: ClassOf) -> Any:
        """Build one section; None where it is chosen by nobody and need not be."""
        kind, options = self._kind(name), self._options[name]
        cls = self._class(name, class_of)
        if cls is None:
            assert kind is not None
            if _is_required(self._fields[name]):
                raise ConfigError(
                    f"{name} is not chosen: add {name}=NAME, one of {', '.join(names(kind))}"
                )
            if options:
                raise ConfigError(f"{name}.{next(iter(options))} needs {name}=NAME: add it")
            return None
        filled = {f.name: self._filled(name, f.metadata["filled"])
                  for f in dataclasses.fields(cls) if "filled" in f.metadata}  # fmt: skip
        if kind is not None:
            _refuse_option_of_others(name, kind, self._chosen[name], [*set(options) - _names(cls)])
        built = build_options(cls, {**options, **filled}, name)
        return built if kind is None else Choice(kind, self._chosen[name], built)

    def _filled(self, section: str, how: str) -> Any:
        """Return what a field says of how its section was read: the choice, or the words' keys."""
        if how == "choice":
            return Path(self._chosen[section]).stem
        return tuple(sorted(option for of, option in self._asked if of == section))

    def _keys(self) -> list[str]:
        keys = list(self._fields)
        for name in self._options:
            if cls := self._class(name, shown_class):
                keys += [f"{name}.{field.name}" for field in dataclasses.fields(cls)]
        return keys


def _refuse_option_of_others(section: str, kind: str, chosen: str, options: list[str]) -> None:
    """Refuse options that the chosen plug-in lacks and another of its kind has, which is named."""
    for option in sorted(options):
        others = [name for name in names(kind) if option in _names(shown_class(kind, name))]
        if others:
            raise ConfigError(
                f"{section}={chosen} has no {section}.{option}: it is an option of "
                + ", ".join(f"{section}={name}" for name in others)
            )


def _names(cls: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(cls)}


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing
