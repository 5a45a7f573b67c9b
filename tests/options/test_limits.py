"""Limits in the metadata of fields: what is allowed, and what a message says of the rest."""

import importlib
import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.errors import ConfigError
from wfa.options.limits import LIMITS, Options, allowed
from wfa.options.option_classes import OPTIONS, imported_class
from wfa.plugins.registry import PACKAGES, names


@dataclass(frozen=True)
class Made(Options):
    """One field of each kind of limit."""

    section: ClassVar[str] = "made"

    least: int = field(default=1, metadata={"at_least": 1})
    open: float = field(default=0.5, metadata={"above": 0, "below": 1})
    half: float = field(default=0.0, metadata={"at_least": 0, "below": 1, "why": "1 is all"})
    positive: float = field(default=1.0, metadata={"above": 0, "below": math.inf})
    maybe: float | None = field(default=None, metadata={"at_most": 2})
    choice: str = field(default="mean", metadata={"one_of": ("mean", "median")})
    number: int = field(default=4, metadata={"one_of": (4, 8)})
    several: tuple[str, ...] = field(
        default=("a",), metadata={"one_of": ("a", "b"), "not_empty": True}
    )
    counts: tuple[int, ...] = field(default=(), metadata={"at_least": 0})
    some: tuple[int, ...] = field(default=(1,), metadata={"at_least": 1, "not_empty": True})
    words: tuple[str, ...] = field(default=("a",), metadata={"not_empty": True})
    free: str = ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"least": 0}, "made.least=0 must be at least 1"),
        ({"least": True}, "made.least=True must be a number"),
        ({"least": "2"}, "made.least='2' must be a number"),
        ({"open": 0.0}, "made.open=0.0 must be in (0, 1)"),
        ({"open": 1.0}, "made.open=1.0 must be in (0, 1)"),
        ({"open": math.nan}, "made.open=nan must be in (0, 1)"),
        ({"half": 1.0}, "made.half=1.0 must be in [0, 1): 1 is all"),
        ({"positive": 0.0}, "made.positive=0.0 must be above 0"),
        ({"positive": math.inf}, "made.positive=inf must be above 0"),
        ({"maybe": 2.5}, "made.maybe=2.5 must be at most 2"),
        ({"choice": "men"}, "made.choice='men' is not known. Known: mean, median. Did you mean "),
        ({"choice": None, "number": 6}, "made.number=6 must be one of 4, 8"),
        ({"several": ("a", "c")}, "made.several='c' is not known. Known: a, b"),
        ({"several": ()}, "made.several must not be empty"),
        ({"some": ()}, "made.some must not be empty"),
        ({"some": (-5,)}, "made.some=-5 must be at least 1"),
        ({"words": ()}, "made.words must not be empty"),
        ({"counts": (1, -1)}, "made.counts=-1 must be at least 0"),
    ],
)
def test_a_value_out_of_its_limits_is_refused_in_python(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        Made(**values)
    assert message in str(error.value)


@given(st.floats())
def test_a_range_is_what_its_brackets_say(value: float) -> None:
    fits = 0.0 <= value < 1.0
    try:
        Made(half=value)
    except ConfigError:
        assert not fits
    else:
        assert fits


def test_what_is_allowed_in_words() -> None:
    said = {one.name: allowed(one) for one in fields(Made)}
    assert said == {
        "least": "at least 1", "open": "in (0, 1)", "half": "in [0, 1)", "positive": "above 0",
        "maybe": "at most 2", "choice": "one of mean, median", "number": "one of 4, 8",
        "several": "one of a, b", "counts": "at least 0", "some": "at least 1", "words": "",
        "free": "",
    }  # fmt: skip
    assert allowed(next(one for one in fields(Made) if one.name == "several"), True) == (
        "any of a, b"
    )


def every_class() -> list[tuple[str, str | None]]:
    return [(kind, name) for kind in PACKAGES for name in names(kind)] + [
        (section, None) for section in OPTIONS
    ]


@pytest.mark.parametrize(("section", "name"), every_class())
def test_every_dataclass_of_options_checks_itself(section: str, name: str | None) -> None:
    cls: Any = imported_class(section, name)
    assert issubclass(cls, Options)
    for one in fields(cls):
        assert set(one.metadata) <= {*LIMITS, "why", "read", "named", "filled"}, one.name
        wrong = _wrong(one.metadata)
        if wrong is not None:
            with pytest.raises(ConfigError, match=one.name):
                cls(**{one.name: wrong})


def _wrong(limits: Any) -> Any:
    """Return a value that the limits do not allow."""
    if "one_of" in limits:
        return "none of these"
    for key, step in (("at_least", -1), ("above", 0), ("at_most", 1), ("below", 0)):
        if key in limits:
            return limits[key] + step
    return None


def test_a_room_of_options_needs_no_plug_in() -> None:
    assert all(importlib.util.find_spec(module) for module, _ in OPTIONS.values())
