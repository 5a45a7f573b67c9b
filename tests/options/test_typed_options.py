"""Values as a person writes them, read by the type of their option."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.errors import ConfigError
from wfa.options.recipes import from_yaml, to_yaml
from wfa.options.typed_options import as_plain, build_options

WRITTEN = [
    "2024_01_05", "no", "a#b", "maps #1", "${x}", "${", "1.10", "007", "12:30:45", "null", "~",
    "[a]", "{a: 1}", "'q'", '"', "\\${x}", "a: b", "- a", "&x", "*x", "!t", "%", "???", "", " ",
    " x ", "<<", "é\u2028\ufeff", "\x7f\x85", "'\x85", "1e3", "-.inf", "0x1f", "=", "\ta\n",
]  # fmt: skip


class Colour(Enum):
    """What a plug-in of somebody else's may use."""

    red = 1


@dataclass(frozen=True)
class Inner:
    """Options in options."""

    depth: int = 1


@dataclass(frozen=True)
class Made:
    """A field of each type."""

    text: str = ""
    whole: int = 1
    real: float = 1.0
    truth: bool = False
    maybe: float | None = None
    texts: tuple[str, ...] = ()
    wholes: tuple[int, ...] = ()
    path: Path = Path()
    inner: Inner = field(default_factory=Inner)
    colour: Colour = Colour.red
    table: dict[str, float] = field(default_factory=dict)


def made(**values: Any) -> Made:
    found: Made = build_options(Made, values, "made")
    return found


@pytest.mark.parametrize("text", WRITTEN)
def test_a_text_stays_as_it_is_written(text: str) -> None:
    assert made(text=text).text == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_yaml(text: str) -> None:
    again = from_yaml(to_yaml(as_plain(Inner()) | {"text": text, "texts": [text]}), "here")
    assert again == {"depth": "1", "text": text, "texts": [text]}
    assert made(**{key: again[key] for key in ("text", "texts")}) == made(text=text, texts=[text])


@given(st.integers(), st.floats(allow_nan=False), st.booleans())
def test_numbers_and_truths_come_back_from_yaml(whole: int, real: float, truth: bool) -> None:
    one = Made(whole=whole, real=real, maybe=real, truth=truth, wholes=(whole, 0))
    plain = {key: value for key, value in as_plain(one).items() if key not in ("path", "colour")}
    assert made(**from_yaml(to_yaml(plain), "here")) == one


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("whole", "010", 10), ("whole", "-3", -3), ("real", "3", 3.0), ("real", "1e-3", 0.001),
        ("real", ".inf", float("inf")), ("truth", "no", False), ("truth", "True", True),
        ("maybe", "null", None), ("maybe", "2", 2.0), ("texts", "a,b", ("a", "b")),
        ("texts", '[a, "b,c", 1.10, no]', ("a", "b,c", "1.10", "no")), ("texts", "[]", ()),
        ("wholes", "0", (0,)), ("wholes", ["1", 2], (1, 2)), ("path", "a b", Path("a b")),
        ("inner", {"depth": "3"}, Inner(3)), ("colour", "red", Colour.red),
        ("table", {"a": "1"}, {"a": 1.0}),
    ],
)  # fmt: skip
def test_other_types_read_what_is_written(key: str, written: Any, value: Any) -> None:
    assert getattr(made(**{key: written}), key) == value


@pytest.mark.parametrize(
    ("key", "written", "message"),
    [
        ("whole", "three", "made.whole wants int, but is 'three'"),
        ("whole", "1.0", "wants int"), ("whole", "0x10", "wants int"), ("whole", "", "wants int"),
        ("whole", "${seed}", r"wants int, but is '\$\{seed\}'"), ("whole", "???", "wants int"),
        ("whole", True, "wants int"), ("whole", None, "wants int"), ("real", "", "wants float"),
        ("truth", "maybe", "wants bool"), ("maybe", "x", "wants float"),
        ("text", None, "wants text"), ("text", ["a"], "wants text"), ("texts", 3, "wants a list"),
        ("wholes", "1,b", "wants int, but is 'b'"), ("texts", "[a", "cannot be read"),
        ("path", "", "is empty"), ("inner", "3", "must hold KEY: VALUE"),
        ("inner", {"dept": 3}, "did you mean 'made.inner.depth'"), ("table", "x", "wants dict"),
        ("colour", "blue", "wants Colour"), ("hole", 1, "did you mean 'made.whole'"),
    ],
)  # fmt: skip
def test_what_is_of_no_such_type_is_refused(key: str, written: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        made(**{key: written})


@given(st.sampled_from(["whole", "real", "truth", "texts", "wholes", "path", "table"]), st.text())
def test_any_word_is_read_or_refused(key: str, written: str) -> None:
    try:
        made(**{key: written})
    except ConfigError as error:
        assert key in str(error)
