"""What there is to set: every option with its type, default, limits and meaning."""

import dataclasses
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple, get_type_hints

from wfa.errors import unknown
from wfa.options.limits import allowed
from wfa.options.option_classes import OPTIONS, shipped_options, shown_class
from wfa.options.typed_options import type_name, without_none
from wfa.plugins.registry import PACKAGES, kind_of_file, names, source


class OptionHelp(NamedTuple):
    """What there is to know of one option.

    Attributes:
        key: Its name, as a setting says it after the section: `lr`, `recommend.max_ms`.
        type: What values it takes: `int`, `text`, `list of int`, `float or null` ...
        default: Its value unless it is set, as a person would write it.
        limits: What is allowed of its type; empty where all is.
        meaning: What its class says of it.
    """

    key: str
    type: str
    default: str
    limits: str
    meaning: str


class HelpTable(NamedTuple):
    """Options that belong together.

    Attributes:
        title: What they are the options of: `train`, `aggregation=uniqueness`.
        about: One line about it.
        options: The options.
    """

    title: str
    about: str
    options: tuple[OptionHelp, ...]


def help_tables(topic: str) -> list[HelpTable]:
    """Return the options of a section, of one of its plug-ins, or one option.

    Args:
        topic: `SECTION[.NAME][.KEY]`: `train`, `train.lr`, `aggregation`, `aggregation.uniqueness`,
            `aggregation.caption_dropout`, `data.rsicd.root`; or `PATH.py[.KEY]`, the file of a
            plug-in.

    Raises:
        ConfigError: There is no such section, plug-in or option; the nearest known one is named.
            Or the file is none of a plug-in.
    """
    if file := re.fullmatch(r"(.*\.py)(?:\.(.*))?", topic):
        name = file[1]
        return _chosen([_plugin_table(kind_of_file(name), name)], file[2] or "", topic)
    section, _, rest = topic.partition(".")
    name, _, key = rest.partition(".")
    if f"{section}.{name}" in OPTIONS:
        return _chosen([_plain_table(f"{section}.{name}")], key, topic)
    plain = [known for known in OPTIONS if known.partition(".")[0] == section]
    if plain:
        return _chosen([_plain_table(known) for known in plain], rest, topic)
    if section not in PACKAGES:
        raise unknown("section", section, sections())
    if name in names(section):
        return _chosen([_plugin_table(section, name)], key, topic)
    tables = _kind_tables(section)
    if rest:
        known = [option.key for table in tables for option in table.options]
        if rest not in known:
            choices = [f"{section}.{one}" for one in (*names(section), *known)]
            raise unknown("option or choice", topic, choices)
        return _chosen(tables, rest, topic)
    return tables


def sections() -> list[str]:
    """Return the names of all sections."""
    return [*PACKAGES, *dict.fromkeys(known.partition(".")[0] for known in OPTIONS)]


def options_of(cls: type[Any], prefix: str = "") -> Iterator[OptionHelp]:
    """Give what there is to know of each option of a dataclass, those of options in it as well."""
    hints, meaning = get_type_hints(cls), _meanings(cls)
    for field in dataclasses.fields(cls):
        hint, _ = without_none(hints[field.name])
        if "filled" in field.metadata:
            continue
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            yield from options_of(hint, f"{prefix}{field.name}.")
            continue
        kind = "words" if "read" in field.metadata else type_name(hints[field.name])
        yield OptionHelp(
            f"{prefix}{field.name}",
            kind,
            _default(field),
            allowed(field, kind.startswith("list")),
            meaning.get(field.name, ""),
        )


def _chosen(tables: list[HelpTable], key: str, topic: str) -> list[HelpTable]:
    """Keep one option of the tables; all where no key is given."""
    if not key:
        return tables
    found = [
        table._replace(options=tuple(one for one in table.options if _is_part(one.key, key)))
        for table in tables
    ]
    found = [table for table in found if table.options]
    if not found:
        before = topic.removesuffix(f".{key}")
        known = [f"{before}.{option.key}" for table in tables for option in table.options]
        raise unknown("option", topic, known)
    return found


def _is_part(key: str, asked: str) -> bool:
    return key == asked or key.startswith(f"{asked}.")


def _plain_table(section: str) -> HelpTable:
    cls = shown_class(section)
    title = section.replace(".", "=")
    return HelpTable(title, _first_line(cls), tuple(options_of(cls)))


def _plugin_table(section: str, name: str) -> HelpTable:
    shipped = shipped_options(section, name)
    options = tuple(
        option._replace(default=str(shipped.get(option.key, option.default)))
        for option in options_of(shown_class(section, name))
    )
    return HelpTable(f"{section}={name}", source(section, name).summary(), options)


def _kind_tables(section: str) -> list[HelpTable]:
    """Return what all plug-ins of a kind have in common, then what each has of its own."""
    tables = [_plugin_table(section, name) for name in names(section)]
    said = [{one._replace(default=""): one for one in table.options} for table in tables]
    common = tuple(
        Counter(own[option] for own in said).most_common(1)[0][0]  # some have another default
        for option in said[0]
        if all(option in own for own in said)
    )
    own = [
        table._replace(options=tuple(one for one in table.options if one not in common))
        for table in tables
    ]
    return [*([HelpTable(section, "What each of them has.", common)] if common else []), *own]


def _first_line(cls: type[Any]) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _default(field: "dataclasses.Field[Any]") -> str:
    value = field.default
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    if value is dataclasses.MISSING:
        return ""
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str) and value.split() != [value] else str(value)


def _meanings(cls: type[Any]) -> dict[str, str]:
    """Return what the docstrings of a class and of its bases say of its attributes."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        lines = inspect.cleandoc(vars(base).get("__doc__") or "").splitlines()
        inside, name = False, ""
        for line in lines:
            if not line.startswith(" ") and line:
                inside = line == "Attributes:"
            elif inside and (start := re.match(r" {4}(\w+): (.*)", line)):
                name, found[start[1]] = start[1], start[2]
            elif inside and name and line.strip():
                found[name] += f" {line.strip()}"
    return found
