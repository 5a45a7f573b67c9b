"""The parts of a mixture as a config names them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import yaml

from wfa.errors import ConfigError, UserError
from wfa.options.option_classes import read_choice, shown_class
from wfa.options.typed_options import as_plain, list_items, mapping_of, typed
from wfa.plugins.registry import Choice

Part = Mapping[str, Any]
"""One part: `name`, `weight`, `as` (what it is called), and the options of its data set."""
_OWN = ("name", "weight", "as")
_FORM = "parts are written as [{name: rsicd, weight: 1}, {name: ucm_captions}]"


def read_parts(value: Any, key: str) -> tuple[Part, ...]:
    """Read `[{name: rsicd, weight: 2, root: DIR}, ucm_captions]`; `as: NAME` calls a part else.

    Raises:
        ConfigError: It is no such list, a data set or option does not exist, a weight is not above
            0, or a part is named twice.
    """
    if isinstance(value, str):
        try:
            value = yaml.load(value, Loader=yaml.BaseLoader)  # every item is the text that it is
        except yaml.YAMLError as error:
            problem = getattr(error, "problem", error)
            raise ConfigError(f"{key} cannot be read: {value!r} ({problem}; {_FORM})") from error
    try:
        items = enumerate(list_items(value, key))
        parts = tuple(_part(one, f"{key}[{place}]") for place, one in items)
    except ConfigError as error:
        raise ConfigError(f"{error} ({_FORM})") from error
    names = [part["as"] for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"{key} has two parts that are called {name}: give one a weight instead, or, where "
                "they are other data, say as: NAME"
            )
    return parts


def choice_of_part(part: Part) -> Choice:
    """Return the data set of a part with its options."""
    options = {key: value for key, value in part.items() if key not in _OWN}
    return read_choice("data", part["name"], options)


@contextmanager
def named_as(key: str, names: Iterable[str]) -> Iterator[None]:
    """Have errors of a part name its options as the mixture has them.

    Args:
        key: The part, such as `data.parts[0]`: `data.root` becomes `data.parts[0].root`, but not
            in a command between backticks, nor within a path.
        names: The part's options.
    """
    try:
        yield
    except UserError as error:
        option = rf"(`[^`]*`)|(?<![\w=/.\\-])data(?=\.(?:{'|'.join(names)})\b)"
        error.args = (re.sub(option, lambda found: found[1] or key, str(error)),)
        raise


def _part(value: Any, key: str) -> Part:
    said = {"name": value} if isinstance(value, str) else mapping_of(value, key)
    if not isinstance(said.get("name"), str):
        raise ConfigError(f"{key} names no data set")
    if said["name"] == "mixture":
        raise ConfigError(f"{key} is a mixture itself: name its parts here")
    weight = typed(float, said.get("weight", 1.0), f"{key}.weight")
    if not 0 < weight <= 1000:
        raise ConfigError(f"{key}.weight={weight} must be in (0, 1000]: how often an image comes")
    options = {name: one for name, one in said.items() if name not in _OWN}
    with named_as(key, [field.name for field in fields(shown_class("data", said["name"]))]):
        choice = read_choice("data", said["name"], options, key)
    called = str(said.get("as") or choice.label)
    if not re.fullmatch(r"\w[\w.-]*", called):
        raise ConfigError(f"{key}.as={called!r} must be a word of letters, digits and . _ -")
    return {"name": choice.name, "as": called, "weight": weight, **as_plain(choice.options)}
