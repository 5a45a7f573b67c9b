"""Weights of transformers' `CLIPModel` under the names of open_clip's `CLIP`, its equal."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wfa.errors import ModelError

BLOCK = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}
"""open_clip's name of a layer in a block -> that of transformers."""
IMAGE = {
    "conv1": "embeddings.patch_embedding",
    "ln_pre": "pre_layrnorm",
    "ln_post": "post_layernorm",
}
TEXT = {"token_embedding": "embeddings.token_embedding", "ln_final": "final_layer_norm"}
_WHOLE = {
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "visual_projection.weight": "visual.proj",
    "text_projection.weight": "text_projection",
}
_TOWERS = (("vision_model.", "visual.", IMAGE), ("text_model.", "", TEXT))
_LAYER = re.compile(r"encoder\.layers\.(\d+)\.(.+)")
_ATTENDED = re.compile(r"(.+\.attn)\.([qkv])_proj\.(weight|bias)")
_COUNTED = ".position_ids"  # of older versions: no weights
QUICK = "quick_gelu"
"""The activation of a `CLIPModel` whose config names none."""


def is_of_transformers(found: Mapping[str, Any]) -> bool:
    """Say whether a state dict is a whole `CLIPModel`'s."""
    return all(isinstance(found.get(name), Tensor) for name in _WHOLE)


def in_names_of_open_clip(found: Mapping[str, Any]) -> dict[str, Any]:
    """Rename a `CLIPModel`'s weights; query, key and value of an attention become one matrix.

    Args:
        found: Its state dict.

    Returns:
        That of a `CLIP` of open_clip's; what has no name there keeps its own.
    """
    state: dict[str, Any] = {}
    letters: dict[str, dict[str, Any]] = {}
    for name, value in found.items():
        if name in _WHOLE:
            turned = name.endswith("projection.weight")
            state[_WHOLE[name]] = value.T.contiguous() if turned else value
        elif not name.endswith(_COUNTED):
            ours = _renamed(name)
            if part := _ATTENDED.fullmatch(ours):
                letters.setdefault(f"{part[1]}.in_proj_{part[3]}", {})[part[2]] = value
            else:
                state[ours] = value
    whole = {name: own for name, own in letters.items() if len(own) == len("qkv")}
    return state | {name: torch.cat([own[x] for x in "qkv"]) for name, own in whole.items()}


def activation_of(path: Path) -> str:
    """Return the activation that the `config.json` beside weights names; empty where none does.

    Raises:
        ModelError: It cannot be read, is of no CLIPModel, or names another activation or two.
    """
    config = path.parent / "config.json"
    if not config.is_file():
        return ""
    try:
        said = json.loads(config.read_bytes())
        towers = [said[f"{tower}_config"] for tower in ("text", "vision")]
        found = {str(tower.get("hidden_act", QUICK)) for tower in towers}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{config} is not that of a CLIPModel of transformers ({error!r}): put the right one "
            "there, which says which activation the weights were trained with, or take it away"
        ) from error
    if len(found) > 1 or not found <= {QUICK, "gelu"}:
        raise ModelError(
            f"{config} names the activation {' and '.join(sorted(found))}: open_clip computes "
            f"{QUICK} or gelu, one in both towers"
        )
    return found.pop()


def _renamed(name: str) -> str:
    for theirs, ours, layers in _TOWERS:
        rest = name.removeprefix(theirs)
        if rest == name:
            continue
        layer, _, kind = rest.rpartition(".")
        if block := _LAYER.fullmatch(layer):
            known = {theirs: ours for ours, theirs in BLOCK.items()}
            own = known.get(block[2], block[2].replace("self_attn.", "attn."))
            return f"{ours}transformer.resblocks.{block[1]}.{own}.{kind}"
        known = {theirs: ours for ours, theirs in layers.items()}
        if layer in known:
            return f"{ours}{known[layer]}.{kind}"
    return name
