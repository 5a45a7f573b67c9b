"""Weights for stock open_clip: a folder with its config and a safetensors file."""

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor

from wfa.encoders.clip_encoder import ClipEncoder
from wfa.exports.export_source import Source, Written
from wfa.files import write_text
from wfa.model.clip import MultiCaptionCLIP
from wfa.runs.checkpoint_model import WEIGHTS
from wfa.runs.run_folder import OPEN_CLIP_CONFIG


def write(source: Source, folder: Path) -> Written:
    """Write the towers of a run as an open_clip checkpoint; aggregation and decoder are left out.

    `open_clip.create_model_and_transforms("local-dir:<folder>")` then gives the same features as
    the run. A model that open_clip knows by name takes the file as `pretrained` too.

    Raises:
        ModelError: The run's towers are no open_clip model, or take the bands of sensors.
    """
    encoder = source.picture_clip("")
    save_file(_state(source.model, encoder), folder / WEIGHTS)
    write_text(folder / OPEN_CLIP_CONFIG, json.dumps(encoder.stock_config, indent=1) + "\n")
    name = getattr(source.parts.config.encoder.options, "model", "")
    stock = name in open_clip.list_models()
    given = f'"{name}", pretrained="{{folder}}/{WEIGHTS}"' if stock else '"local-dir:{folder}"'
    return Written(
        main=WEIGHTS,
        usage=f"open_clip.create_model_and_transforms({given})",
        library="open_clip",
        task="zero-shot-image-classification",
        left_out=source.left_out(),
    )


def _state(model: MultiCaptionCLIP, encoder: ClipEncoder) -> dict[str, Tensor]:
    """Return the stock model's state with the temperature and bias that were learned beside it."""
    state = {key: value.detach().clone().contiguous() for key, value in
             encoder.stock_model.state_dict().items()}  # fmt: skip
    for name, learned in (("logit_scale", model.logit_scale), ("logit_bias", model.logit_bias)):
        if name in state and learned is not None:
            state[name] = torch.reshape(learned.detach().clone(), state[name].shape)
    return state
