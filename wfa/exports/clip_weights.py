"""The towers of an open_clip model as those of transformers' `CLIPModel`, where they are the same.

Both compute: patches and a class token, pre-normed blocks, a projection without a bias; and a
causal text tower that is pooled at its end token. What else open_clip can build is refused here,
before anything is written.
"""

from collections.abc import Iterator
from typing import Any

from open_clip.transformer import QuickGELU, ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel

from wfa.encoders.text_compute.tower import TextTower
from wfa.encoders.transformers_names import BLOCK, IMAGE, QUICK, TEXT
from wfa.errors import ModelError


def clip_model(model: Any, logit_scale: float) -> CLIPModel:
    """Build the `CLIPModel` that computes what an open_clip model does.

    Args:
        model: `open_clip.model.CLIP` or `CustomTextCLIP`.
        logit_scale: Log of the inverse temperature.

    Returns:
        The model in evaluation mode, its weights copies of the given ones.

    Raises:
        ModelError: A tower is of a kind that `CLIPModel` does not compute; the message names it.
    """
    tower = _text_tower(model)
    image, text = _image_tower(model.visual), tower.modules
    width = image.proj.shape[1]
    found = CLIPModel(
        CLIPConfig(
            projection_dim=width,
            logit_scale_init_value=logit_scale,
            vision_config={
                **_sizes(image.transformer, width),
                "image_size": image.image_size[0],
                "patch_size": image.patch_size[0],
                "num_channels": image.conv1.in_channels,
            },
            text_config={
                **_sizes(text.transformer, width),
                "vocab_size": text.token_embedding.num_embeddings,
                "max_position_embeddings": len(text.positional_embedding),
                "bos_token_id": tower.eos_id - 1,
                "eos_token_id": tower.eos_id,
                "pad_token_id": 0,
            },
        )
    )
    projection = text.text_projection
    plain = isinstance(projection, nn.Linear)
    state = {
        **_tower("vision_model", image, IMAGE),
        "vision_model.embeddings.class_embedding": image.class_embedding,
        "vision_model.embeddings.position_embedding.weight": image.positional_embedding,
        "visual_projection.weight": image.proj.T,
        **_tower("text_model", text, TEXT),
        "text_model.embeddings.position_embedding.weight": text.positional_embedding,
        "text_projection.weight": projection.weight if plain else projection.T,
        "logit_scale": found.logit_scale,
    }
    found.load_state_dict({name: tensor.detach() for name, tensor in state.items()})
    return found.eval()


def _image_tower(visual: Any) -> VisionTransformer:
    if not isinstance(visual, VisionTransformer):
        raise _refusal(f"an image tower of the kind {type(visual).__name__}")
    if isinstance(visual.ln_pre, nn.Identity):
        raise _refusal("an image tower without a norm before its blocks")
    if visual.attn_pool is not None or visual.pool_type != "tok" or visual.proj is None:
        raise _refusal("an image tower that is not pooled at its class token")
    _check_blocks("an image tower", visual.transformer)
    return visual


def _text_tower(model: Any) -> TextTower:
    modules = getattr(model, "text", model)
    if not hasattr(modules, "token_embedding"):
        raise _refusal(f"a text tower of the kind {type(modules).__name__}")
    tower = TextTower.of(model)
    if tower.has_class_token or not tower.ignores_padding or tower.pool == "first":
        raise _refusal("a text tower that is not causal and pooled at its end token")
    projection = modules.text_projection
    if projection is None or getattr(projection, "bias", None) is not None:
        raise _refusal("a text tower whose last projection is missing or has a bias")
    _check_blocks("a text tower", modules.transformer)
    return tower


def _check_blocks(what: str, transformer: Any) -> None:
    for block in transformer.resblocks:
        plain = type(block) is ResidualAttentionBlock and isinstance(block.ls_1, nn.Identity)
        if not plain or not isinstance(block.mlp.gelu, nn.GELU | QuickGELU):
            raise _refusal(f"{what} with blocks of its own kind ({type(block).__name__})")


def _refusal(what: str) -> ModelError:
    return ModelError(
        f"the run has {what}, which transformers' CLIPModel does not compute, nor does its "
        "VisionTextDualEncoder: use --to onnx, which takes any tower of open_clip's, or "
        "--to open_clip"
    )


def _sizes(transformer: Any, width: int) -> dict[str, Any]:
    first = transformer.resblocks[0]
    return {
        "hidden_size": transformer.width,
        "intermediate_size": first.mlp.c_fc.out_features,
        "num_hidden_layers": len(transformer.resblocks),
        "num_attention_heads": first.attn.num_heads,
        "hidden_act": QUICK if isinstance(first.mlp.gelu, QuickGELU) else "gelu",
        "layer_norm_eps": first.ln_1.eps,
        "projection_dim": width,
    }


def _tower(prefix: str, tower: Any, names: dict[str, str]) -> dict[str, Tensor]:
    """Rename the weights of a tower's layers and blocks."""
    state = {
        f"{prefix}.{theirs}.{kind}": tensor
        for ours, theirs in names.items()
        for kind, tensor in getattr(tower, ours).state_dict().items()
    }
    for place, block in enumerate(tower.transformer.resblocks):
        own = dict(_block(block))
        state |= {f"{prefix}.encoder.layers.{place}.{name}": own[name] for name in own}
    return state


def _block(block: Any) -> Iterator[tuple[str, Tensor]]:
    for ours, theirs in BLOCK.items():
        for kind, tensor in block.get_submodule(ours).state_dict().items():
            yield f"{theirs}.{kind}", tensor
    for kind in ("weight", "bias"):
        parts = getattr(block.attn, f"in_proj_{kind}").chunk(3)
        for letter, tensor in zip("qkv", parts, strict=True):
            yield f"self_attn.{letter}_proj.{kind}", tensor
