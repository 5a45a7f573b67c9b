"""What the README and the site say is what the project does."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from experiments.readme import PAGES, blocks

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN_TECHNIQUE = (ROOT / "docs" / "own_technique.md").read_text(encoding="utf-8")


def test_the_generated_blocks_are_those_of_the_experiments() -> None:
    wanted = blocks()
    assert sorted(wanted) == sorted(name for names in PAGES.values() for name in names)
    for path, names in PAGES.items():
        text = path.read_text(encoding="utf-8")
        for name in names:
            found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
            assert found is not None, name
            stale = f"run python experiments/readme.py: {name} is stale"
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


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_recorded_benchmarks_have_the_columns_that_tools_read() -> None:
    wanted = {"case", "ours", "peer", "ratio", "goal", "agreement", "unit", "bound_by", "machine"}
    for path in (ROOT / "experiments" / "benchmarks").glob("*.json"):
        for row in json.loads(path.read_text()):
            assert row.keys() == wanted, path
