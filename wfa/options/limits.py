"""Options that know their own limits: what stands in the metadata of a dataclass's fields.

    epochs: int = field(default=10, metadata={"at_least": 1})
    dropout: float = field(default=0.0, metadata={"at_least": 0, "below": 1})
    head: str = field(default="mlp", metadata={"one_of": ("linear", "mlp")})

A field whose value is None has no limits. Of a tuple each item is checked; `not_empty` says that
there must be one. `why` says in a message what a limit is for.
"""

import math
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from numbers import Real
from typing import Any, ClassVar

from wfa.errors import ConfigError, nearest

RANGE = ("at_least", "above", "at_most", "below")
LIMITS = (*RANGE, "one_of", "not_empty")
"""The keys of a field's metadata that say what is allowed."""


class Options:
    """The base of every dataclass of options: a value out of its limits is refused at once.

    A subclass is a frozen dataclass. Where it has a `__post_init__` for what involves several
    fields, that calls this one first.

    Attributes:
        section: What a config calls these options, for messages: `train` for `train.epochs`.

    Raises:
        ConfigError: A value is out of its limits; the message names key, value and what is allowed.
    """

    section: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check each field by itself."""
        check_limits(type(self), vars(self), self.section)


def check_limits(cls: type[Any], values: Mapping[str, Any], section: str) -> None:
    """Refuse values that are out of the limits of a dataclass's fields.

    Args:
        cls: The dataclass.
        values: Value by field name; fields that are not among them are not looked at.
        section: What stands before the key in a message; empty for nothing.

    Raises:
        ConfigError: The first value that is not allowed, with its key and what is.
    """
    for field in fields(cls):
        value = values.get(field.name)
        if value is None or not any(limit in field.metadata for limit in LIMITS):
            continue
        if is_dataclass(value):  # a section that was chosen by a name: that was checked
            continue
        key = key_of(section, field.name)
        if not value and field.metadata.get("not_empty"):
            raise ConfigError(f"{key} must not be empty")
        for one in value if isinstance(value, tuple | list) else (value,):
            _check(field, key, one)


def key_of(section: str, name: str) -> str:
    """Return the key of an option: `train.epochs`, or its name alone where there is no section."""
    return f"{section}.{name}" if section else name


def allowed(field: "Field[Any]", several: bool = False) -> str:
    """Say what a field takes: `at least 1`, `in [0, 1)`, `one of a, b`; empty where all is taken.

    A range is closed where it has a square bracket and open where it has a round one.

    Args:
        field: The field.
        several: Whether it takes any number of values.
    """
    limits = field.metadata
    if "one_of" in limits:
        return f"{'any' if several else 'one'} of {', '.join(map(str, limits['one_of']))}"
    least, above = limits.get("at_least"), limits.get("above")
    most, below = limits.get("at_most"), limits.get("below")
    low = least if least is not None else above
    high = most if most is not None else below
    if low is None and high is None:
        return ""
    if high is None or high == math.inf:
        return f"at least {low}" if least is not None else f"above {low}"
    if low is None:
        return f"at most {high}" if most is not None else f"below {high}"
    return f"in {'[' if least is not None else '('}{low}, {high}{']' if most is not None else ')'}"


def _check(field: "Field[Any]", key: str, value: Any) -> None:
    limits = field.metadata
    if "one_of" in limits:
        if value not in limits["one_of"]:
            raise _not_one_of(key, value, limits["one_of"])
        return
    if not any(limit in limits for limit in RANGE):
        return
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigError(f"{key}={value!r} must be a number, {allowed(field)}")
    number = float(value)
    # Written so that NaN, which compares false, is out of every limit.
    if not (
        number >= limits.get("at_least", -math.inf)
        and number <= limits.get("at_most", math.inf)
        and ("above" not in limits or number > limits["above"])
        and ("below" not in limits or number < limits["below"])
    ):
        why = f": {limits['why']}" if "why" in limits else ""
        raise ConfigError(f"{key}={value} must be {allowed(field)}{why}")


def _not_one_of(key: str, value: Any, known: tuple[Any, ...]) -> ConfigError:
    texts = [str(one) for one in known]
    if not all(isinstance(one, str) for one in known):
        return ConfigError(f"{key}={value} must be one of {', '.join(texts)}")
    near = nearest(str(value), texts)
    hint = f". Did you mean {near!r}?" if near else ""
    shown = ", ".join(text or "''" for text in texts)
    return ConfigError(f"{key}={value!r} is not known. Known: {shown}{hint}")
