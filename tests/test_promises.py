"""Every command, option, key, choice and name that the pages show is there."""

import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.test_rooms import ROOMS
from wfa.cli.main import app
from wfa.plugins.registry import PACKAGES

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
GROUPS = {f"wfa.{kind}" for kind in PACKAGES}
"""Groups of entry points; they look like modules."""
FILE_ENDINGS = (".safetensors", ".json", ".md", ".onnx", ".html")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def shown(text: str) -> Iterator[list[str]]:
    """The words of each command of a code block, or between backticks."""
    inline = re.findall(r"(?<!`)`(wfa [^`]+)`(?!`)", text)
    blocks = re.findall(r"^```(.*?)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = "\n".join(block for language, block in blocks if not language).splitlines()
    for line in [*lines, *inline]:
        for part in re.sub(r"\s#.*", "", line).split("&&"):
            words = shlex.split(part.replace("\n", " "))
            if words[:1] == ["wfa"] and len(words) > 1:
                yield words[1:]


def helped(topic: str) -> bool:
    return CliRunner().invoke(app, ["help", topic]).exit_code == 0


@each_page
def test_every_command_and_option_is_there(page: Path) -> None:
    for words in shown(page.read_text(encoding="utf-8")):
        found: Any = typer.main.get_command(app)
        rest = list(words)
        while commands := getattr(found, "commands", None):
            assert rest and rest[0] in commands, words
            found = commands[rest.pop(0)]
        known = {option for param in found.params for option in param.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= known, words


@each_page
def test_every_choice_and_recipe_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    own = re.findall(r'^(\w+) = "', text, re.MULTILINE)  # entry points that the page makes
    for words in shown(text):
        for key, _, value in (word.partition("=") for word in words):
            if not re.fullmatch(r"[a-z]\w*", value) or value in own:
                continue
            if key in ("run", "compare", "benchmark"):
                assert (ROOT / "configs" / key / f"{value}.yaml").is_file(), words
            elif key in PACKAGES:
                assert helped(f"{key}.{value}"), words


@each_page
def test_every_key_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    sections = "|".join(listed_sections())
    for key in sorted(set(re.findall(rf"[` ]((?:{sections})\.[a-z][\w.]*)(?=[`=])", text))):
        if key.endswith(FILE_ENDINGS):
            continue
        assert helped(key), key


@each_page
def test_every_name_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in sorted(set(re.findall(r"(?<![\w./-])wfa(?:\.\w+)+", text)) - GROUPS):
        pkgutil.resolve_name(name)


def test_commands_are_seen() -> None:
    text = "Say `wfa list`.\n```\nwfa a x=1  # why\npip && wfa b 'c d'\n```\n```py\nwfa c\n```\n"
    assert list(shown(text)) == [["a", "x=1"], ["b", "c d"], ["list"]]


def listed_sections() -> list[str]:
    listed = CliRunner().invoke(app, ["help"]).output
    return re.findall(r"\w+", listed.partition(":")[2])


def test_the_settings_page_has_a_row_for_every_section() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    table = text.partition("| section |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    assert sorted(listed_sections()) == sorted(re.findall(r"\w+", " ".join(rows)))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_room_of_a_subject_is_named(page: str) -> None:
    """Those from `captions` on; the ground below them explains itself."""
    rooms = [room for room in ROOMS[ROOMS.index("captions") :] if (ROOT / "wfa" / room).is_dir()]
    text = (ROOT / page).read_text(encoding="utf-8")
    named = list(dict.fromkeys(re.findall(r"wfa/([a-z]+)[/`)]", text)))
    assert set(rooms) <= set(named)
    if page == "README.md":
        assert named == rooms
