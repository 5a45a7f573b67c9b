from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoProcessor, AutoTokenizer, CLIPModel

from tests.exports.conftest import TEXTS, make_run, picture
from wfa.errors import ModelError
from wfa.exports.export_run import export_run
from wfa.runs.parts import load_run


def agrees(run: Path, folder: Path) -> None:
    encoder = load_run(run).model.encoder
    model = CLIPModel.from_pretrained(folder).eval()
    processor = AutoProcessor.from_pretrained(folder)
    size = encoder.image_spec.size
    image = picture(3, (size, size))
    inputs = processor(text=TEXTS, images=image, padding=True, truncation=True, return_tensors="pt")
    ours = encoder.image_input(np.asarray(image))[None]
    with torch.inference_mode():
        found = model(**inputs)
        texts, images = encoder.encode_text(encoder.tokenize(TEXTS)), encoder.encode_image(ours)
    for theirs, own in ((found.text_embeds, texts), (found.image_embeds, images)):
        unit = torch.nn.functional.normalize(own, dim=-1)
        torch.testing.assert_close(theirs, unit, atol=1e-5, rtol=0)
    assert float(model.logit_scale.detach()) == 3.25


def test_features_are_those_of_the_run(attention_run: Path, tmp_path: Path) -> None:
    done = export_run(attention_run, "transformers", tmp_path / "out")
    agrees(attention_run, tmp_path / "out")
    assert done.left_out == ("aggregation",)
    assert done.weights == tmp_path / "out" / "model.safetensors"
    compile(done.call, "the call", "exec")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ViT-S-32-alt", "ViT-B-32-quickgelu"])
def test_stock_models_too(tmp_path: Path, name: str) -> None:
    run = make_run(tmp_path / "run", "encoder=open_clip", f"encoder.model={name}", small=False)
    export_run(run, "transformers")
    agrees(run, run / "transformers")


def test_tokens_are_open_clips(attention_run: Path, tmp_path: Path) -> None:
    export_run(attention_run, "transformers", tmp_path / "out")
    theirs = AutoTokenizer.from_pretrained(tmp_path / "out")
    encoder = load_run(attention_run).model.encoder
    texts = [*TEXTS, "x<y 3.14!!'s \t tab", "ÉTÉ in İstanbul 100m²", "word " * 40]
    for text in texts:
        ours = encoder.tokenize([text])[0].tolist()
        assert theirs([text], truncation=True)["input_ids"][0] == ours


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["encoder.image_tower=resnet"], "an image tower of the kind ModifiedResNet"),
        (["encoder.image_tower=resnet18"], "an image tower of the kind TimmModel"),
        (["model=coca", "model.vocabulary=128", "encoder.image_tower=resnet"], "ModifiedResNet"),
    ],
)
def test_other_towers_are_named(tmp_path: Path, words: list[str], what: str) -> None:
    run = make_run(tmp_path / "run", *words, "encoder.image_size=32")
    with pytest.raises(ModelError, match=f"{what}.*use --to onnx"):
        export_run(run, "transformers")
    assert sorted(path.name for path in run.iterdir()) == ["config.yaml", "model.safetensors"]
