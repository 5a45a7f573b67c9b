"""What the README says is what the project does."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from experiments.readme import blocks

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_generated_blocks_are_those_of_the_experiments() -> None:
    for name, block in blocks().items():
        found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", README, re.DOTALL)
        assert found is not None, name
        assert found.group(1) == block, f"run python experiments/readme.py: {name} is stale"


def test_the_technique_that_is_shown_works() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
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
