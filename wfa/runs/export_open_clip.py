"""Hand a run's weights to stock open_clip: a folder with its config and a safetensors file."""

import json
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor

from wfa.encoders.clip_encoder import ClipEncoder
from wfa.errors import ModelError, unknown
from wfa.files import atomic_write, write_text
from wfa.model.clip import MultiCaptionCLIP
from wfa.runs.checkpoint_model import CONFIG, WEIGHTS
from wfa.runs.parts import load_run

FORMS = ("open_clip",)


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        weights: The checkpoint; beside it lies its config.
        call: The line of Python that loads it.
        left_out: Parts of the model that open_clip has no place for, which stay in the run folder.
    """

    weights: Path
    call: str
    left_out: tuple[str, ...] = ()


def export_run(run: Path, to: str = "open_clip", out: Path | None = None) -> Exported:
    """Write the towers of a run as an open_clip checkpoint; aggregation and decoder are left out.

    `open_clip.create_model_and_transforms("local-dir:<folder>")` then gives the same features as
    the run. A model that open_clip knows by name takes the file as `pretrained` too.

    Args:
        run: A finished run's folder.
        to: The form, one of `FORMS`.
        out: The folder to write; `RUN/open_clip` for None.

    Raises:
        ConfigError: There is no such form.
        RunError: The folder holds no finished run.
        ModelError: The run's towers are no open_clip model, or take the bands of sensors.
        UserError: The folder cannot be written.
    """
    if to not in FORMS:
        raise unknown("form of export", to, list(FORMS))
    parts = load_run(run)
    encoder = parts.model.encoder
    if not isinstance(encoder, ClipEncoder):
        raise ModelError(
            f"{run} was trained with encoder={parts.config.encoder.name}: heads on locked towers "
            "are no open_clip model; train with encoder=open_clip or encoder=small to export"
        )
    if encoder.image_spec.bands:
        raise ModelError(
            f"{run} was trained on the bands {', '.join(encoder.image_spec.bands)}: open_clip's "
            "own image towers take red, green and blue pictures only; use the run folder itself, "
            "or export a run that was trained on pictures"
        )
    folder = out or run / "open_clip"
    with atomic_write(folder / WEIGHTS) as temporary:
        save_file(_state(parts.model, encoder), temporary)
    write_text(folder / CONFIG, json.dumps(encoder.stock_config, indent=1) + "\n")
    name = getattr(parts.config.encoder.options, "model", "")
    stock = name in open_clip.list_models()
    given = f'"{name}", pretrained="{folder / WEIGHTS}"' if stock else f'"local-dir:{folder}"'
    call = f"open_clip.create_model_and_transforms({given})"
    return Exported(folder / WEIGHTS, call, _left_out(parts.model))


def _left_out(model: MultiCaptionCLIP) -> tuple[str, ...]:
    """Name what the model has learned beside its towers."""
    learned = {"aggregation": any(True for _ in model.aggregation.parameters()),
               "decoder": hasattr(model, "decoder")}  # fmt: skip
    return tuple(name for name, there in learned.items() if there)


def _state(model: MultiCaptionCLIP, encoder: ClipEncoder) -> dict[str, Tensor]:
    """Return the stock model's state with the temperature and bias that were learned beside it."""
    state = {key: value.detach().clone().contiguous() for key, value in
             encoder.model.state_dict().items()}  # fmt: skip
    for name, learned in (("logit_scale", model.logit_scale), ("logit_bias", model.logit_bias)):
        if name in state and learned is not None:
            state[name] = torch.reshape(learned.detach().clone(), state[name].shape)
    return state
