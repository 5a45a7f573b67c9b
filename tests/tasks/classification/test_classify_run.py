import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.search.conftest import SMALL
from wfa.errors import ConfigError, DataError, RunError
from wfa.options.run_config import resolve
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_model import RunModel
from wfa.runs.untrained_run import evaluate_untrained
from wfa.tasks.classification.class_options import ClassOptions
from wfa.tasks.classification.classify_run import classify_run

COLOURS = {"red roof": (220, 30, 30), "green field": (30, 200, 40), "blue water": (20, 40, 220)}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of noisy pictures of one colour each."""
    root = tmp_path_factory.mktemp("colours")
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 2), ("test", 4)):
        for name, colour in COLOURS.items():
            folder = root / split / name.replace(" ", "_")
            folder.mkdir(parents=True)
            for number in range(count):
                noise = rng.integers(-20, 20, (16, 16, 3))
                pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def run(images: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    words = [*SMALL, "data=class_folder", f"data.root={images}", "aggregation=mean"]
    out = tmp_path_factory.mktemp("runs") / "untrained"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WFA_CACHE_DIR", str(out.parent / "cache"))
        return evaluate_untrained(resolve(words), out)


@pytest.fixture(autouse=True)
def kept_apart(cache_dir: Path) -> Path:
    return cache_dir


def test_an_untrained_run_is_a_run_like_any_other(run: RunFolder) -> None:
    facts = run.read_run()
    assert facts["finished"] and facts["selection"]["trained"] is False
    assert facts["data"]["splits"]["test"]["images"] == 12
    rows = json.loads((run.path / "metrics.json").read_text())
    assert {row["ties"] for row in rows} == {"worst", "expected"}
    assert {row["split"] for row in rows} == {"validation", "test"}
    assert RunModel(run.path).ask(["a red roof"]).features.shape == (1, 16)
    with pytest.raises(RunError, match="holds this run, finished"):
        evaluate_untrained(run.read_config(), run.path)


def test_prompts_choose_the_class_whose_text_is_nearest(run: RunFolder, images: Path) -> None:
    options = ClassOptions(templates="a photo of a {}")
    content, folder = classify_run(run.path, "classification", options=options)
    assert json.loads((folder / "scores.json").read_text())["metrics"] == content["metrics"]
    model = RunModel(run.path)
    names = sorted(COLOURS)
    texts = np.concatenate([model.ask([f"a photo of a {name}"]).features for name in names])
    hits = []
    for label, name in enumerate(names):
        for path in sorted((images / "test" / name.replace(" ", "_")).iterdir()):
            picture = np.asarray(Image.open(path))
            hits.append(int((texts @ model.ask_image(picture).features[0]).argmax()) == label)
    assert content["metrics"]["top-1"] == pytest.approx(np.mean(hits))
    assert np.sum(content["confusion"]) == 12
    assert [row["class"] for row in content["classes"]] == names


@pytest.mark.parametrize("kind", ["linear_probe", "knn"])
def test_probes_tell_colours_apart(run: RunFolder, kind: str) -> None:
    content, _ = classify_run(run.path, kind)
    assert content["metrics"]["top-1"] == 1.0
    assert content["chosen_on_validation"]["validation_top1"] == 1.0


def test_what_a_run_or_its_data_cannot_do_is_named(run: RunFolder) -> None:
    with pytest.raises(ConfigError, match="needs locked towers"):
        classify_run(run.path, "knn", options=ClassOptions(features="tower"))
    with pytest.raises(ConfigError, match="neither a file"):
        classify_run(run.path, "classification", options=ClassOptions(templates="no place"))
    for split in ("train", "validation"):
        with pytest.raises(ConfigError, match=f"another split than {split}"):
            classify_run(run.path, "linear_probe", split=split)
    scenes = resolve(["data=scenes", "data.train_images=4"]).data
    with pytest.raises(DataError, match="knows no classes"):
        classify_run(run.path, "classification", scenes)
