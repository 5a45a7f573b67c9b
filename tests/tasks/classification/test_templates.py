from pathlib import Path

import pytest

from wfa.errors import ConfigError
from wfa.tasks.classification.templates import TEMPLATES, prompts, read_templates


def test_templates_come_from_a_name_a_file_or_themselves(tmp_path: Path) -> None:
    file = tmp_path / "templates.txt"
    file.write_text("\ufeffa photo of a {}\n\n  {} from above \n", encoding="utf-8")
    assert read_templates(str(file)) == ("a photo of a {}", "{} from above")
    assert read_templates(["a {}", "the {}"]) == ("a {}", "the {}")
    assert read_templates('["a {}, seen", "the {}"]') == (
        "a {}, seen", "the {}",
    )  # fmt: skip
    assert read_templates("remote_sensing") == TEMPLATES["remote_sensing"]
    assert prompts(read_templates("a {} here"), "pond {x}") == ("a pond {x} here",)


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["a photo"],
        [""],
        ["{} or {}"],
        "no brace",
        "missing.txt",
        "[a {},b {}]",
        '["a {}","b"]',
        "[]",
    ],
)
def test_templates_without_a_place_are_refused(given: str | list[str]) -> None:
    with pytest.raises(ConfigError, match=r"templates?"):
        read_templates(given)
