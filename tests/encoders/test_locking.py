"""Which weights a locked tower still trains."""

from pathlib import Path
from typing import Any

import pytest
import torch
from open_clip.model import CLIP

from tests.encoders.tiny_clips import TEXT, VISION, clip, custom_text_clip, hugging_face
from wfa.encoders.locking import lock_image, lock_text
from wfa.encoders.models.open_clip import Config, OpenClip
from wfa.errors import ConfigError


def trained(model: Any) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def is_text(name: str) -> bool:
    return not name.startswith(("visual", "logit"))


def test_a_locked_image_tower_trains_nothing() -> None:
    model = clip()
    everything = trained(model)
    lock_image(model, 0)
    assert trained(model) == {name for name in everything if not name.startswith("visual")}


@pytest.mark.parametrize("name", ["efficientnet_lite0", "resnet10t"])
def test_locking_changes_no_feature(name: str) -> None:
    """A timm tower's norms may have an activation in them, which must outlive the lock."""
    torch.manual_seed(0)
    model = CLIP(16, {"timm_model_name": name, "timm_pool": "avg", "image_size": 32}, TEXT)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        before = model.eval().encode_image(images)
        lock_image(model, 0)
        torch.testing.assert_close(model.encode_image(images), before)
        torch.testing.assert_close(model.train().encode_image(images), before)


def test_the_last_image_block_stays_free() -> None:
    model = CLIP(16, {**VISION, "layers": 3}, TEXT)
    lock_image(model, 1)
    free = {name.removeprefix("visual.") for name in trained(model) if name.startswith("visual")}
    assert {name.split(".")[0] for name in free} == {"transformer", "ln_post", "proj"}
    assert all("resblocks.2" in name for name in free if name.startswith("transformer"))
    lock_image(model, 9)
    assert "visual.conv1.weight" not in trained(model)


@pytest.mark.parametrize("build", [clip, custom_text_clip])
def test_text_towers_are_locked_up_to_their_last_blocks(build: Any) -> None:
    model = build()
    lock_text(model, 0)
    assert not {name for name in trained(model) if is_text(name)}
    lock_text(model, 2)
    free = {name.removeprefix("text.") for name in trained(model) if is_text(name)}
    assert {name.split(".")[0] for name in free} == {"transformer", "ln_final", "text_projection"}
    blocks = {name.split(".")[2] for name in free if name.startswith("transformer")}
    assert blocks == {"1", "2"}


def test_towers_without_open_clips_blocks_are_locked_whole(tmp_path: Path) -> None:
    model = hugging_face(tmp_path)
    with pytest.raises(ConfigError, match=r"unlock_text_blocks .* this text tower is bert"):
        lock_text(model, 1)
    lock_text(model, 0)
    assert not {name for name in trained(model) if name.startswith("text")}

    resnet = CLIP(16, {"image_size": 32, "layers": (1, 1, 1, 1), "width": 8}, TEXT)
    with pytest.raises(ConfigError, match="this image tower is ModifiedResNet"):
        lock_image(resnet, 1)
    lock_image(resnet, 0)
    assert not {name for name in trained(resnet) if name.startswith("visual")}
    assert "BatchNorm2d" not in {type(module).__name__ for module in resnet.visual.modules()}


@pytest.mark.parametrize("side", ["image", "text"])
def test_blocks_of_a_tower_that_is_not_locked_are_refused(side: str) -> None:
    options: dict[str, Any] = {f"unlock_{side}_blocks": 2, "model": "no model is built"}
    with pytest.raises(ConfigError, match=f"add encoder.lock_{side}=true"):
        OpenClip(Config(**options))
