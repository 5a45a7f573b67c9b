"""What the README and the site say is what the project does."""

import json
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from experiments.readme import PAGES, blocks
from wfa.testing import check_dataset, check_encoder

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TEXTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")))
README = (ROOT / "README.md").read_text(encoding="utf-8")


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
    space = made("own_technique.md", "Words")
    options = space["Config"]()
    weights = space["Words"].prior_weights(options, [["a river", "a b c d e f"], ["x"]])
    np.testing.assert_allclose(weights, [0.25, 0.75, 1.0])


def test_the_encoder_that_is_shown_works() -> None:
    space = made("own_technique.md", "Letters")
    check_encoder(space["Letters"], space["Config"], width=8)


def test_the_data_set_that_is_shown_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for split in ("train", "test"):
        Image.new("RGB", (9, 7)).save(tmp_path / f"{split}.png")
        (tmp_path / f"{split}.txt").write_text(f"{split}.png\ta lake\tsome water\n")
    module = ModuleType("Lines")  # where pickle finds the class
    vars(module).update(made("own_data.md", "Lines"))
    monkeypatch.setitem(sys.modules, "Lines", module)
    check_dataset(module.Lines, module.Config, root=str(tmp_path))


def made(page: str, name: str) -> dict[str, Any]:
    """Run the block of a page that makes a class."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    (source,) = (block for block in blocks if f"class {name}(" in block)
    space: dict[str, Any] = {"__name__": name}
    exec(compile(source, f"{name}.py", "exec"), space)
    return space


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", text):
        assert (page.parent / target).exists(), target


def test_links_of_a_checkout_lead_to_pages_of_the_site() -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="index.md"))
    text = (
        "[a](../experiments) [b](../experiments/2026-11_x) [c](../notebooks/n.ipynb) [d](../wfa) "
    )
    text += "[e](../wfa/data/dataset.py#wfa.data.dataset.Record) [f](own_data.md)"
    wanted = "[a](figures.md) [b](figures/2026-11_x.md) [c](notebooks/n.ipynb) "
    wanted += "[d](reference/index.md) [e][wfa.data.dataset.Record] [f](own_data.md)"
    assert made_pages().on_page_markdown(text, page) == wanted


def made_pages() -> Any:
    pytest.importorskip("mkdocs")
    spec = spec_from_file_location("made_pages", DOCS / "hooks" / "made_pages.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_recorded_benchmarks_have_the_columns_that_tools_read() -> None:
    wanted = {"case", "ours", "peer", "ratio", "goal", "agreement", "unit", "bound_by", "machine"}
    for path in (ROOT / "experiments" / "benchmarks").glob("*.json"):
        for row in json.loads(path.read_text()):
            assert row.keys() == wanted, path
