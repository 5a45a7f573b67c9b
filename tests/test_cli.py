"""The command line as a process: help that works, exit codes, one clear message."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from tests.training.conftest import SMALL, run
from wfa import __version__
from wfa.cli import data
from wfa.cli.main import app
from wfa.options.run_config import resolve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures and a CSV, nothing more: what a person has."""
    root = tmp_path / "own"
    root.mkdir()
    lines = ["file_name,caption"]
    for place in range(10):
        Image.new("RGB", (30, 20), (25 * place, 80, 255 - 25 * place)).save(root / f"{place}.jpg")
        lines += [f"{place}.jpg,a field of shade {place}", f"{place}.jpg,some field"]
    (root / "captions.csv").write_text("\n".join(lines))
    return root


def fails(arguments: list[str], cache: Path) -> str:
    """Run a command that must end with code 2 and no traceback; return its words."""
    out = run(arguments, cache, code=2)
    assert "Traceback" not in out
    return " ".join(out.split())


def train_words(root: Path) -> list[str]:
    return ["train", *SMALL, f"data.root={root}", "train.epochs=1", f"out={root.parent / 'run'}"]


@pytest.mark.slow
def test_ten_pictures_and_a_csv(folder: Path, tmp_path: Path) -> None:
    out = run(train_words(folder), tmp_path)
    assert "T2I" in out
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    splits = facts["data"]["splits"]
    assert sum(split["images"] for split in splits.values()) == 10
    (note,) = facts["data"]["notes"]
    assert note in out
    assert "divided by the hash of their names into 8 train, 1 validation, 1 test" in note
    out = run(["data", "verify", "captions_folder", f"data.root={folder}"], tmp_path)
    assert "train" in out
    assert note in out
    words = ["data=captions_folder", f"data.root={folder}", f"out={tmp_path / 'audit'}"]
    assert note in run(["audit", *words], tmp_path)
    page = tmp_path / "page.html"
    run(["report", str(tmp_path / "run"), f"out={page}"], tmp_path)
    assert "<html" in page.read_text(encoding="utf-8")


def truncate(root: Path) -> None:
    path = root / "3.jpg"
    path.write_bytes(path.read_bytes()[:200])


def no_image(root: Path) -> None:
    (root / "3.jpg").write_text("not an image")


def remove(root: Path) -> None:
    (root / "3.jpg").unlink()


def empty_caption(root: Path) -> None:
    file = root / "captions.csv"
    file.write_text(file.read_text().replace("some field", "", 1))


def no_captions(root: Path) -> None:
    (root / "captions.csv").unlink()
    (root / "captions.json").write_text(json.dumps({"images": []}))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "3.jpg"),
        (no_image, "3.jpg"),
        (remove, "3.jpg"),
        (empty_caption, "0.jpg"),
        (no_captions, "captions.json"),
        (shutil.rmtree, "set data.root=DIR"),
    ],
)
def test_broken_data_is_named_and_nothing_is_left(
    folder: Path, tmp_path: Path, damage: object, message: str
) -> None:
    assert callable(damage)
    damage(folder)
    assert message in fails(train_words(folder), tmp_path / "cache")
    assert not (tmp_path / "run").exists()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_bad_images_can_be_left_out(folder: Path, tmp_path: Path) -> None:
    truncate(folder)
    run([*train_words(folder), "data.on_bad_image=skip"], tmp_path / "cache")
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    splits = facts["data"]["splits"].values()
    assert sum(split["images"] for split in splits) == 9
    assert sum(split["skipped"] for split in splits) == 1


@pytest.mark.slow
def test_a_checkpoint_of_another_architecture(folder: Path, tmp_path: Path) -> None:
    run(train_words(folder), tmp_path)
    config = tmp_path / "run" / "config.yaml"
    config.write_text(config.read_text().replace("embed_dim: 16", "embed_dim: 8"))
    assert "of another architecture" in fails(["evaluate", str(tmp_path / "run")], tmp_path)
    (tmp_path / "run" / "model.safetensors").write_bytes(b"x" * 100)
    assert "cannot be read" in fails(["evaluate", str(tmp_path / "run")], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "train.epoch=3"], "did you mean 'train.epochs'?"),
        (["train", "train.epochs=many"], "train.epochs wants int, but is 'many'"),
        (["train", "aggregation=best"], "known: attention"),
        (["train", "epochs"], "is not KEY=VALUE"),
        (["evaluate", "nowhere"], "is no run folder"),
        (["evaluate", "encoder=small", "task=knn"], "task=knn needs a run"),
        (["evaluate", "nowhere", "aggregation=mean"], "cannot change a finished run"),
        (["list", "colours"], "known: data"),
        (["help", "train.lrr"], "did you mean 'train.lr'?"),
        (["data", "verify", "ucm"], "there is no data 'ucm'"),
        (["report", "nowhere"], "nowhere"),
        (["compare", "."], "`wfa report . OTHER` sets finished runs side by side"),
        (["trian"], "train"),
    ],
)
def test_a_mistake_gets_one_clear_message(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    assert message in fails(arguments, tmp_path)


@pytest.mark.slow
def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    assert "Traceback" in run(["train", "epochs", "--debug"], tmp_path, code=1)


@pytest.mark.slow
def test_config_prints_what_train_would_use(tmp_path: Path) -> None:
    out = run(["config", "run=ucm_frozen", "train.seed=5"], tmp_path)
    assert out == resolve(["run=ucm_frozen", "train.seed=5"]).as_yaml()


def test_help_says_type_limits_default_and_meaning(tmp_path: Path) -> None:
    out = run(["help", "aggregation.uniqueness.temperature"], tmp_path)
    assert "temperature  float, above 0, default 1.0\n      Of the softmax" in out
    assert "train" in run(["help"], tmp_path)


def test_list_shows_every_technique(tmp_path: Path) -> None:
    out = run(["list", "aggregation"], tmp_path)
    assert "uniqueness" in out
    assert "mean" in out
    assert "_base" not in out


@pytest.mark.slow
def test_audit_finds_a_leak_and_says_so_by_its_exit_code(folder: Path, tmp_path: Path) -> None:
    rows = (folder / "captions.csv").read_text().splitlines()
    splits = ["split", *(["train"] * 16), *(["test"] * 4)]
    table = "\n".join(f"{row},{split}" for row, split in zip(rows, splits, strict=True))
    (folder / "captions.csv").write_text(table)
    words = ["audit", "data=captions_folder", f"data.root={folder}", f"out={tmp_path / 'audit'}",
             "data.validation_fraction=0"]  # fmt: skip
    out = run([*words, "--fail-on-leak"], tmp_path, code=2)
    assert "2 captions of test" in " ".join(out.split())
    found = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert [leak["kind"] for leak in found["leaks"]] == ["captions"]
    assert "<svg" in (tmp_path / "audit" / "audit.html").read_text()


def test_every_verb_shows_an_example() -> None:
    verbs = [*app.registered_commands, *data.app.registered_commands]
    for verb in verbs:
        assert verb.callback is not None
        assert "Example" in (verb.callback.__doc__ or ""), verb.callback.__name__


def test_the_version_stands_in_one_place() -> None:
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    source = (root / project["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    assert f'\n__version__ = "{__version__}"\n' in source
    assert f"\nversion: {__version__}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {__version__}\n" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
