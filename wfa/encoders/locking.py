"""Leave towers as they are, or all but their last blocks."""

from typing import Any

from open_clip.hf_model import HFTextEncoder
from open_clip.transformer import VisionTransformer, lock_text_tower
from timm.layers.norm_act import freeze_batch_norm_2d

from wfa.encoders.fusion import LateFusion
from wfa.errors import ConfigError


def lock_image(model: Any, trained_blocks: int) -> None:
    """Stop training a model's image tower except for its last blocks.

    Args:
        model: An open_clip model.
        trained_blocks: The last blocks that stay free, with the norm and the projection behind
            them; 0 locks all, batch statistics included.

    Raises:
        ConfigError: Blocks are to be freed and the tower is no vision transformer of open_clip's.
    """
    visual = model.visual
    for tower in visual.towers.values() if isinstance(visual, LateFusion) else (visual,):
        _lock_tower(tower, trained_blocks)


def _lock_tower(visual: Any, trained_blocks: int) -> None:
    if trained_blocks and not isinstance(visual, VisionTransformer):
        raise _no_blocks("image", type(visual).__name__)
    visual.requires_grad_(False)
    freeze_batch_norm_2d(visual)  # timm's: it keeps the activation behind a norm
    if trained_blocks:
        visual.lock(unlocked_groups=_groups(trained_blocks, visual))


def lock_text(model: Any, trained_blocks: int) -> None:
    """Stop training a model's text tower except for its last blocks.

    Args:
        model: An open_clip model.
        trained_blocks: The last blocks that stay free, with the norm and the projection behind
            them; 0 locks all.

    Raises:
        ConfigError: Blocks are to be freed and the tower is a Hugging Face model.
    """
    tower = getattr(model, "text", model)
    if isinstance(tower, HFTextEncoder):
        if trained_blocks:
            raise _no_blocks("text", tower.config.model_type)
        tower.requires_grad_(False)
    else:
        lock_text_tower(model, _groups(trained_blocks, tower) if trained_blocks else 0)


def _groups(trained_blocks: int, tower: Any) -> int:
    """Return open_clip's number of groups: it counts the projection as one, the stem as another."""
    return min(trained_blocks, len(tower.transformer.resblocks)) + 1


def _no_blocks(side: str, kind: str) -> ConfigError:
    return ConfigError(
        f"encoder.unlock_{side}_blocks frees blocks of open_clip's own transformers; this {side} "
        f"tower is {kind}: set it to 0, or encoder.lock_{side}=false to train all of it"
    )
