"""A checkpoint as it is: features of stock open_clip, whatever form the weights have."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn.functional import normalize

import wfa
from wfa.errors import ModelError, RunError
from wfa.exports.export_run import export_run
from wfa.options.run_config import resolve
from wfa.runs.checkpoint_model import WEIGHTS
from wfa.runs.run_folder import OPEN_CLIP_CONFIG
from wfa.runs.untrained_run import evaluate_untrained

TINY: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
TEXTS = ["two red ships on the sea", "a field", "A field."]
SIZES = ((32, 32), (64, 64), (50, 41), (33, 90), (17, 20))


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small architecture that open_clip knows by its name."""
    folder = tmp_path_factory.mktemp("configs")
    (folder / "tiny-of-ours.json").write_text(json.dumps(TINY))
    wide = {**TINY, "embed_dim": 24}
    (folder / "tiny-and-wide.json").write_text(json.dumps(wide))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_clip.factory, "_MODEL_CONFIG_PATHS", [folder])
        patch.setattr(open_clip.factory, "_MODEL_CONFIGS", {})
        open_clip.factory._rescan_model_configs()
        yield "tiny-of-ours"


@pytest.fixture(scope="module")
def stock(name: str) -> Any:
    torch.manual_seed(0)
    return open_clip.create_model(name, load_weights=False).eval()


@pytest.fixture(scope="module")
def weights(stock: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same weights in each form that is published."""
    folder = tmp_path_factory.mktemp("weights")
    state = {key: value.contiguous() for key, value in stock.state_dict().items()}
    save_file(state, folder / "w.safetensors")
    torch.save(state, folder / "w.pt")
    wrapped = {f"module.{key}": value for key, value in state.items()}
    torch.save({"epoch": 3, "state_dict": wrapped}, folder / "wrapped.pt")
    hub = folder / "hub"
    hub.mkdir()
    (hub / OPEN_CLIP_CONFIG).write_text(json.dumps({"model_cfg": TINY, "preprocess_cfg": {}}))
    save_file(state, hub / WEIGHTS)
    pickled = folder / "pickled"
    pickled.mkdir()
    (pickled / OPEN_CLIP_CONFIG).write_text((hub / OPEN_CLIP_CONFIG).read_text())
    torch.save({"state_dict": state, "path": Path("x")}, pickled / "open_clip_pytorch_model.bin")
    return {path.name: path for path in folder.iterdir()}


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)) for size in SIZES]


def stock_features(stock: Any) -> tuple[torch.Tensor, torch.Tensor]:
    transform = open_clip.image_transform(32, is_train=False)
    with torch.inference_mode():
        images = stock.encode_image(torch.stack([transform(one) for one in pictures()]))
        texts = stock.encode_text(open_clip.get_tokenizer("ViT-B-32")(TEXTS, context_length=20))
    return normalize(images, dim=-1), normalize(texts, dim=-1)


@pytest.mark.parametrize("form", ["w.safetensors", "w.pt", "wrapped.pt", "hub", "hub/file"])
def test_features_are_those_of_stock_open_clip(
    name: str, stock: Any, weights: dict[str, Path], form: str
) -> None:
    if form == "hub":
        model = wfa.load(weights["hub"])
    elif form == "hub/file":
        model = wfa.load(weights["hub"] / WEIGHTS)
    else:
        model = wfa.load(name, pretrained=weights[form])
    images, texts = stock_features(stock)
    np.testing.assert_allclose(model.encode_image(pictures()), images.numpy(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(model.encode_text(TEXTS), texts.numpy(), rtol=0, atol=1e-5)
    assert model.path is None
    with pytest.raises(RunError, match="a checkpoint was loaded, not a run"):
        _ = model.metrics


@pytest.mark.slow
def test_a_checkpoint_becomes_a_run_that_exports_to_itself(
    name: str, stock: Any, weights: dict[str, Path], tmp_path: Path, cache_dir: Path
) -> None:
    words = ["encoder=open_clip", f"encoder.model={name}",
             f"encoder.pretrained={weights['w.safetensors']}", "data.train_images=4",
             "data.validation_images=4", "data.test_images=8"]  # fmt: skip
    run = evaluate_untrained(resolve(words), tmp_path / "run").path
    exported = export_run(run).weights
    images, texts = stock_features(stock)
    for model in (wfa.load(run), wfa.load(exported), wfa.load(exported.parent)):
        np.testing.assert_allclose(model.encode_image(pictures()), images, rtol=0, atol=1e-5)
        np.testing.assert_allclose(model.encode_text(TEXTS), texts, rtol=0, atol=1e-5)
    again = ["encoder=open_clip", f"encoder.model=local-dir:{exported.parent}", *words[3:]]
    other = evaluate_untrained(resolve(again), tmp_path / "again").path
    assert (other / "metrics.json").read_text() == (run / "metrics.json").read_text()


def test_what_is_no_checkpoint_of_the_model_is_named(
    name: str, weights: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"no checkpoint of tiny-and-wide: .* 32 x 16, wanted"):
        wfa.load("tiny-and-wide", pretrained=weights["w.pt"])
    with pytest.raises(ModelError) as error:
        wfa.load("tiny-and-wide", pretrained=weights["w.pt"])
    assert "take that away" not in str(error.value)  # no name has a word in front
    with pytest.raises(ModelError, match="cannot be loaded"):
        wfa.load(weights["pickled"])
    with pytest.raises(ModelError, match=r"names no weights: .*pretrained="):
        wfa.load(name)
    with pytest.raises(ModelError, match="does not say which model it is of"):
        wfa.load(weights["w.pt"])
    with pytest.raises(RunError, match=r"no run folder: .*no model of open_clip"):
        wfa.load(tmp_path)
    with pytest.raises(ModelError, match="no open_clip model 'tiny-of-our'; nearest: tiny-of-ours"):
        wfa.load("tiny-of-our")
