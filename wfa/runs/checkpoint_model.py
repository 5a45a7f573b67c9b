"""A checkpoint as a model, without a run: what `encoder=open_clip` takes, found by name or path."""

from dataclasses import replace
from pathlib import Path

import open_clip
import torch

from wfa.errors import ModelError, RunError
from wfa.model.clip import MultiCaptionCLIP
from wfa.options.option_classes import read_choice
from wfa.options.run_config import resolve
from wfa.runs.parts import Parts
from wfa.runs.run_folder import OPEN_CLIP_CONFIG

WEIGHTS = "open_clip_model.safetensors"
"""What they call the weights."""
_OF_ELSEWHERE = ("local-dir:", "hf-hub:")


def checkpoint_model(given: str, pretrained: str = "") -> MultiCaptionCLIP:
    """Load a checkpoint; several captions of a query are weighed by their uniqueness.

    Args:
        given: A model that open_clip knows by name, `local-dir:DIR`, `hf-hub:OWNER/NAME`, a folder
            with `open_clip_config.json`, such as `wfa export` writes, or the weights in it.
        pretrained: The weights of a model that is named: a tag of open_clip's, or a file.

    Returns:
        The model on the CPU, in evaluation mode.

    Raises:
        RunError: There is a folder without a config of open_clip's.
        ModelError: There is no such model, its weights are not named, or they do not fit.
    """
    options = {"model": _name(given, pretrained), "pretrained": pretrained}
    config = replace(resolve(), encoder=read_choice("encoder", "open_clip", options))
    with torch.random.fork_rng(devices=[]):  # weights are drawn before they are replaced
        model = Parts(config).model
    return model.eval()


def _name(given: str, pretrained: str) -> str:
    """Return what `encoder.model` takes."""
    path = Path(given)
    if path.is_file():
        if path.name == WEIGHTS and (path.parent / OPEN_CLIP_CONFIG).is_file():
            return f"local-dir:{path.parent}"
        raise ModelError(
            f"{given} is a file, which does not say which model it is of: "
            f'wfa.load("ViT-B-32", pretrained="{given}") loads a checkpoint of that, and a run is '
            "loaded by its folder"
        )
    if path.is_dir():
        if (path / OPEN_CLIP_CONFIG).is_file():
            return f"local-dir:{given}"
        raise RunError(
            f"{given} is no run folder: it has no config.yaml; and no model of open_clip: it has "
            f"no {OPEN_CLIP_CONFIG}"
        )
    if path.parent.name and not given.startswith(_OF_ELSEWHERE):
        raise RunError(
            f"there is no run folder {given}, and no checkpoint of that name: name the folder that "
            "`wfa train` printed, or a file as pretrained="
        )
    if not pretrained and not given.startswith(_OF_ELSEWHERE) and given in open_clip.list_models():
        raise ModelError(
            f'{given} names no weights: wfa.load("{given}", pretrained=...) takes a file, or a '
            "tag of open_clip's"
        )
    return given
