"""Options looked at without the rest of their module."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from wfa.options.option_classes import OPTIONS, imported_class, shown_class
from wfa.plugins.class_alone import class_alone
from wfa.plugins.registry import PACKAGES, names


def test_only_what_a_class_is_made_of_is_run(tmp_path: Path) -> None:
    file = tmp_path / "words.py"
    file.write_text(
        "import math as m\nfrom dataclasses import dataclass\nraise_ = 1 / 0\n"
        "WIDTH, DEPTH = 3, 4\n\ndef area(side: int) -> float:\n    return m.floor(side) * WIDTH\n\n"
        "class Base:\n    width: int = WIDTH\n\n@dataclass(frozen=True)\nclass Config(Base):\n"
        "    depth: int = DEPTH\n\n    def area(self) -> float:\n        return area(self.depth)\n"
    )
    cls = class_alone("made_words", "Config", file)
    assert (cls().depth, cls().width, cls().area()) == (4, 3, 12)
    with pytest.raises(ImportError, match="binds no Other"):
        class_alone("made_words", "Other", file)
    with pytest.raises(ZeroDivisionError):
        class_alone("made_words", "raise_", file)


@pytest.mark.parametrize(
    ("section", "name"),
    [*[(kind, name) for kind in PACKAGES for name in names(kind)], *[(s, None) for s in OPTIONS]],
)
def test_the_options_that_are_shown_are_those_of_the_plug_in(
    section: str, name: str | None
) -> None:
    def said(cls: type) -> list[tuple[object, ...]]:
        return [(one.name, str(one.type), one.default, dict(one.metadata)) for one in fields(cls)]

    shown = shown_class(section, name)
    assert len(said(shown)) == len(said(imported_class(section, name)))


def test_nothing_heavy_is_imported_to_look_at_options() -> None:
    """In a process of its own: every class of options, and neither torch nor open_clip."""
    code = (
        "import sys\nfrom wfa.options.option_classes import OPTIONS, shown_class\n"
        "from wfa.plugins.registry import PACKAGES, names\nfrom wfa.errors import ConfigError\n"
        "from wfa.options.run_config import resolve\n"
        "[shown_class(kind, name).__doc__ for kind in PACKAGES for name in names(kind)]\n"
        "[shown_class(section) for section in OPTIONS]\n"
        "for word in ('trian.epochs=3', 'train.epochs=three', 'aggregation=uniquenes',\n"
        "             'encoder.image_sise=3', 'aggregation.caption_dropout=2'):\n"
        "    try:\n        resolve([word])\n"
        "    except ConfigError:\n        pass\n    else:\n        raise AssertionError(word)\n"
        "print([m for m in ('torch', 'lightning', 'open_clip') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
