"""What the README and the site say is what the project does."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.readme import PAGES, blocks

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TEXTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")))
README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN_TECHNIQUE = (DOCS / "own_technique.md").read_text(encoding="utf-8")


def test_the_generated_blocks_are_those_of_the_experiments() -> None:
    wanted = blocks()
    assert sorted(wanted) == sorted({name for names in PAGES.values() for name in names})
    for path, names in PAGES.items():
        text = path.read_text(encoding="utf-8")
        for name in names:
            found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
            assert found is not None, name
            stale = f"run python -m experiments.readme: {name} is stale"
            assert found.group(1) == wanted[name], stale


def test_the_loop_that_is_shown_works() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    space: dict[str, Any] = {}
    exec(compile(source, "loop.py", "exec"), space)
    weights = space["texts"].weights.numpy()
    np.testing.assert_allclose(weights, space["weights"], rtol=1e-6)
    assert weights[0] == weights[1] < weights[2]
    assert space["image_features"].grad.abs().sum() > 0
    assert space["caption_features"].grad.abs().sum(1).min() > 0


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_the_technique_that_is_shown_works() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", OWN_TECHNIQUE, re.DOTALL)
    space: dict[str, Any] = {"__name__": "words"}
    exec(compile(source, "words.py", "exec"), space)
    options = space["Config"]()
    weights = space["Words"].prior_weights(options, [["a river", "a b c d e f"], ["x"]])
    np.testing.assert_allclose(weights, [0.25, 0.75, 1.0])


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", text):
        assert source_of(page, target).exists(), target


def source_of(page: Path, target: str) -> Path:
    """Return the file that a link leads to, or what the site makes that page of."""
    room, figure = (re.fullmatch(rf"{kind}/(.+)\.md", target) for kind in ("reference", "figures"))
    if page.parent != DOCS or (DOCS / target).exists():
        return page.parent / target
    if target == "figures.md":
        return ROOT / "experiments"
    if figure:
        return ROOT / "experiments" / figure[1] / "README.md"
    if room:
        return ROOT / "wfa" / room[1].removesuffix("index")
    return ROOT / target  # notebooks


def test_recorded_benchmarks_have_the_columns_that_tools_read() -> None:
    wanted = {"case", "ours", "peer", "ratio", "goal", "agreement", "unit", "bound_by", "machine"}
    for path in (ROOT / "experiments" / "benchmarks").glob("*.json"):
        for row in json.loads(path.read_text()):
            assert row.keys() == wanted, path
