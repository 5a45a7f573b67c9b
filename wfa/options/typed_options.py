"""Turn plain values, mostly text as a person wrote it, into a dataclass of options."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from wfa.errors import ConfigError, unknown
from wfa.options.limits import check_limits, key_of
from wfa.options.recipes import Values

_NOTHING = ("null", "Null", "NULL", "None", "~")
"""How a person writes that an option has no value, where it may have none."""
_YAML_FLOAT = re.compile(r"^([+-]?)\.(inf|nan)$", re.IGNORECASE)


def build_options(cls: type[Any], values: Values, section: str) -> Any:
    """Build a dataclass of options, checking keys, types and limits.

    Text options take a text as it is written, whatever it looks like. Other types read it: `010`
    is the number 10, `true` and `no` are truths, `[a, b]` and `a,b` are lists.

    Args:
        cls: A dataclass; a field may be a dataclass of options itself. A function `read` in a
            field's metadata is called with the value and the key, in place of what the type says.
        values: Options by field name: text, or values of the right type.
        section: The section's name for messages, such as `aggregation`.

    Raises:
        ConfigError: A key does not exist (the nearest known one is named), a type is wrong, a value
            is out of its limits, or an option is missing that has no default.
    """
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    for key in values:
        if key not in fields:
            raise unknown("key", key_of(section, key), [key_of(section, name) for name in fields])
    hints = get_type_hints(cls)
    read = {key: _read(fields[key], hints[key], value, key_of(section, key))
            for key, value in values.items()}  # fmt: skip
    check_limits(cls, read, section)
    return cls(**read)


def as_plain(options: Any) -> Values:
    """Return a dataclass of options as plain values: its tuples as lists, all else as it is."""
    values: Values = _plain(dataclasses.asdict(options))
    return values


def type_name(hint: Any) -> str:
    """Say what values a type has: `text`, `int`, `list of int`, `float or null`."""
    inner, optional = without_none(hint)
    if optional:
        return f"{type_name(inner)} or null"
    if get_origin(inner) in (tuple, list):
        return f"list of {type_name(get_args(inner)[0])}"
    return "text" if inner is str else getattr(inner, "__name__", str(inner))


def _read(field: "dataclasses.Field[Any]", hint: Any, value: Any, key: str) -> Any:
    """Return a value of the field's type."""
    if "read" in field.metadata:
        return field.metadata["read"](value, key)
    hint, optional = without_none(hint)
    if optional and (value is None or value in _NOTHING):
        return None
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        if isinstance(value, hint):
            return value
        return build_options(hint, mapping_of(value, key), key)
    if hint is Path:
        return _path(value, key)
    return typed(hint, value, key)


def mapping_of(value: Any, key: str) -> Values:
    """Return KEY: VALUE lines, none for None.

    Raises:
        ConfigError: It is something else.
    """
    if not isinstance(value or {}, Mapping) or value == "":
        raise ConfigError(f"{key} must hold KEY: VALUE lines, but is {value!r}")
    return {str(name): one for name, one in (value or {}).items()}


def list_items(value: Any, key: str) -> list[Any]:
    """Return the items of a list: of `[a, "b,c"]`, of `a,b`, or of one already.

    Raises:
        ConfigError: It is no list.
    """
    if not isinstance(value, str):
        if not isinstance(value, tuple | list):
            raise ConfigError(f"{key} wants a list such as [a, b], but is {value!r}")
        return list(value)
    text = value.strip()
    try:
        # The base loader leaves every item as the text that it is.
        found = yaml.load(text if text.startswith("[") else f"[{text}]", Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        problem = getattr(error, "problem", error)  # else YAML draws where, over several lines
        raise ConfigError(f"the value of {key} cannot be read: {value!r} ({problem})") from error
    return list(found)


def _path(value: Any, key: str) -> Path:
    if not str(value):
        raise ConfigError(f"{key}= is empty: name a file or a folder")
    try:
        return Path(value).expanduser()
    except (RuntimeError, TypeError) as error:
        raise ConfigError(f"{key}={value!r} is no path ({error})") from error


def typed(hint: Any, value: Any, key: str) -> Any:
    """Return a value of a type; OmegaConf reads everything that is not plain text.

    Raises:
        ConfigError: The value is of another type.
    """
    if get_origin(hint) in (tuple, list):
        item = get_args(hint)[0]
        return tuple(typed(item, one, key) for one in list_items(value, key))
    if hint is Any or (hint is str and isinstance(value, str)):
        return value
    one = dataclasses.make_dataclass("One", [("value", hint)])
    base = OmegaConf.structured(one)
    written = value
    if isinstance(value, str):
        # What OmegaConf would take for a reference, and YAML's way of writing infinity.
        written = None if "${" in value or value == "???" else _YAML_FLOAT.sub(r"\1\2", value)
    try:
        OmegaConf.update(base, "value", written, merge=False)
        read = base["value"]
        return OmegaConf.to_object(read) if OmegaConf.is_config(read) else read
    except OmegaConfBaseException as error:
        raise ConfigError(f"{key} wants {type_name(hint)}, but is {value!r}") from error


def without_none(hint: Any) -> tuple[Any, bool]:
    """Split a type into what it is without None, and whether it takes None."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        if len(kinds) == 1 and len(kinds) < len(get_args(hint)):
            return kinds[0], True
    return hint, False


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value
