"""The small encoder: what it is, and that stock open_clip takes it over."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from wfa.encoders.models import open_clip as plugin
from wfa.encoders.models.small import Config, Small
from wfa.errors import ConfigError
from wfa.testing import check_encoder

TINY = Config(
    image_size=16, image_tower="vit", image_width=32, image_layers=1, text_width=32, text_layers=1
)
TEXTS = ["a river", "many boats in a harbor", "!"]


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Small, Path]:
    """A small encoder and a folder that holds it as open_clip wants it."""
    torch.manual_seed(0)
    encoder = Small(TINY)
    config = json.dumps(encoder.stock_config)
    (tmp_path / "open_clip_config.json").write_text(config, encoding="utf-8")
    save_file(encoder.model.state_dict(), tmp_path / "open_clip_model.safetensors")
    return encoder, tmp_path


@pytest.mark.slow
def test_stock_open_clip_loads_it(exported: tuple[Small, Path]) -> None:
    encoder, folder = exported
    stock = open_clip.create_model(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        ours, theirs = encoder.encode_image(images), stock.encode_image(images)
        torch.testing.assert_close(ours, theirs)
        ours, theirs = (
            encoder.encode_text(encoder.tokenize(TEXTS)),
            stock.encode_text(tokenizer(TEXTS)),
        )
        torch.testing.assert_close(ours, theirs)
    assert stock.visual.preprocess_cfg["size"] in (16, (16, 16), [16, 16])


def test_the_export_is_an_encoder_again(exported: tuple[Small, Path]) -> None:
    encoder, folder = exported
    again = plugin.OpenClip(plugin.Config(model=f"local-dir:{folder}", lock_text=True))
    # A checkpoint's pictures are scaled as the published code of such models does.
    assert again.image_spec == replace(encoder.image_spec, fit="pillow_crop")
    assert again.context_length == encoder.context_length == 40
    assert again.initial_logit_scale == pytest.approx(encoder.model.logit_scale.item())
    assert not again.model.token_embedding.weight.requires_grad
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(again.encode_image(images), encoder.encode_image(images))


@pytest.mark.slow
def test_features_do_not_depend_on_the_batch() -> None:
    encoder = Small(Config()).eval()
    images = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        together = encoder.encode_image(images)
        alone = torch.cat([encoder.encode_image(image[None]) for image in images])
        torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
        texts = encoder.encode_text(encoder.tokenize(TEXTS))
        each = torch.cat([encoder.encode_text(encoder.tokenize([text])) for text in TEXTS])
        torch.testing.assert_close(texts, each, rtol=1e-4, atol=1e-5)


def test_gradients_reach_all_that_is_trained() -> None:
    encoder = Small(TINY)
    features = encoder.encode_image(torch.randn(2, 3, 16, 16))
    texts = encoder.encode_text(encoder.tokenize(TEXTS[:2]))
    torch.autograd.backward((features * texts).sum())
    without = {n for n, p in encoder.named_parameters() if p.requires_grad and p.grad is None}
    assert not without
    assert encoder.initial_logit_scale is None


@pytest.mark.parametrize("image_tower", ["vit", "resnet"])
def test_it_keeps_the_contract_of_encoders(image_tower: str) -> None:
    options = {**asdict(TINY), "image_tower": image_tower, "image_size": 32}
    check_encoder(Small, Config, **options)


def test_sizes_that_do_not_fit() -> None:
    with pytest.raises(ConfigError, match="encoder=small cannot be built"):
        Small(Config(image_tower="no_such_architecture"))
    with pytest.raises(ConfigError, match="text_width"):
        Small(Config(text_width=100))
