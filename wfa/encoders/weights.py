"""Build open_clip models and load their weights, with errors that say what to do."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip import factory
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict, set_model_preprocess_cfg
from open_clip.pretrained import (
    download_pretrained,
    get_pretrained_cfg,
    list_pretrained_tags_by_model,
)
from open_clip.transform import PreprocessCfg, merge_preprocess_dict
from open_clip.transformer import QuickGELU
from torch import Tensor

from wfa.encoders.checkpoint_file import (
    UNREADABLE,
    fit_names,
    foreign_kind,
    is_of_openai,
    read_checkpoint,
    without_notes,
)
from wfa.encoders.transformers_names import (
    QUICK,
    activation_of,
    in_names_of_open_clip,
    is_of_transformers,
)
from wfa.errors import ModelError, some_of

_POSITIONS = {
    "positional_embedding": "text positions",
    "text.positional_embedding": "text positions",
    "visual.positional_embedding": "image positions",
}
_POSITION_IDS = "text.transformer.embeddings.position_ids"  # of older versions of transformers

MOST_SHOWN = 4
"""Differing entries of a checkpoint that a message names."""


def build_model(name: str, pretrained: str, weights: bool = True) -> tuple[Any, dict[str, Any]]:
    """Build an open_clip model and load its weights.

    Args:
        name: A name that open_clip knows, `local-dir:DIR` or `hf-hub:OWNER/NAME`.
        pretrained: A tag of open_clip's, a checkpoint file, or empty for random weights. Empty
            for `local-dir:` and `hf-hub:`, which bring their own.
        weights: False leaves them out and needs no file of them; `pretrained` then only says how
            the images were normalised and which activation was used.

    Returns:
        The model on the CPU in float32, and its `model_cfg`.

    Raises:
        ModelError: There is no such model or tag, the weights cannot be had, or they belong to
            another architecture.
    """
    if name.startswith((factory.LOCAL_DIR_PREFIX, factory.HF_HUB_PREFIX)):
        return _from_folder(name, pretrained, weights)
    config = factory.get_model_config(name)
    if config is None:
        raise _unknown("model", name, open_clip.list_models(), "open_clip.list_models()")
    tag = get_pretrained_cfg(name, pretrained) if pretrained else {}
    _match_activation(name, pretrained, config, tag)
    checkpoint = _checkpoint(name, pretrained, tag) if pretrained and weights else None
    model = _create(name, quick_gelu=config.get("quick_gelu", False))
    if checkpoint is not None:
        load_checkpoint(model, checkpoint, name)
    preprocess = merge_preprocess_dict(asdict(PreprocessCfg()), tag or _common_preprocess(name))
    preprocess["size"] = model.visual.image_size
    set_model_preprocess_cfg(model, preprocess)
    return model, config


def build_tokenizer(name: str) -> Any:
    """Return the tokenizer of an open_clip model.

    Raises:
        ModelError: It has to be downloaded and cannot be.
    """
    try:
        with _quiet():
            return open_clip.get_tokenizer(name)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the tokenizer of {name} cannot be had: {error}. It is downloaded on first use: "
            "connect once, or choose a model with CLIP's own tokenizer, such as ViT-B-32"
        ) from error


def load_checkpoint(model: Any, path: Path, name: str) -> None:
    """Load a checkpoint file into a model, every weight of it, without unpickling objects.

    Raises:
        ModelError: The file is not a checkpoint of weights only, or of another architecture,
            context length, image size or activation.
    """
    wanted = model.state_dict()
    found = read_checkpoint(path)
    state = fit_names(found, wanted)
    if is_of_openai(state):
        _check_activation(model, path, name, quick=True)
    if is_of_transformers(state):
        if activation := activation_of(path):
            _check_activation(model, path, name, activation == QUICK)
        found = state = in_names_of_open_clip(state)
    try:
        state = _in_words_of(model, without_notes(state, wanted))
        _check_positions(state, wanted, path, name)
        model.load_state_dict(state, strict=True)
    except (RuntimeError, KeyError, AttributeError, AssertionError, TypeError) as error:
        kind = foreign_kind(found, wanted)
        raise ModelError(
            f"{path} is no checkpoint of {name}: {differences(wanted, state)}. "
            f"{kind or 'Set encoder.model to the architecture that it was trained with'}"
        ) from error


def _in_words_of(model: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Give entries the names and shapes of this version of open_clip, as its own loader does."""
    state = convert_state_dict(model, state)
    if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
        state = convert_to_custom_text_state_dict(state)
    for key in ("logit_scale", "logit_bias"):
        own = getattr(model, key, None)
        if own is not None and key in state and state[key].numel() == own.numel():
            state[key] = state[key].reshape(own.shape)
    if "logit_bias" not in state and getattr(model, "logit_bias", None) is not None:
        state["logit_bias"] = torch.zeros_like(model.logit_bias)
    if _POSITION_IDS not in model.state_dict():
        state.pop(_POSITION_IDS, None)
    return state


def _check_positions(
    state: Mapping[str, Any], wanted: Mapping[str, Tensor], path: Path, name: str
) -> None:
    """Refuse other numbers of positions: open_clip would squeeze or stretch them silently."""
    for key, what in _POSITIONS.items():
        sizes = [getattr(entries.get(key), "shape", (0,))[0] for entries in (state, wanted)]
        if key in state and key in wanted and sizes[0] != sizes[1]:
            raise ModelError(
                f"{path} has {sizes[0]} {what} and {name} has {sizes[1]}: set encoder.model to an "
                "architecture with as many"
            )


def _check_activation(model: Any, path: Path, name: str, quick: bool) -> None:
    """Refuse weights that were trained with the other of the two activations."""
    computes = any(isinstance(module, QuickGELU) for module in model.modules())
    if quick != computes:
        known, plain = ("GELU", "QuickGELU"), name.removesuffix("-quickgelu")
        raise ModelError(
            f"{path} holds weights that were trained with {known[quick]}, and {name} computes "
            f"{known[computes]}: set encoder.model={plain}{'-quickgelu' if quick else ''}"
        )


def differences(wanted: Mapping[str, Tensor], found: Mapping[str, Any]) -> str:
    """Describe the first entries in which two state dicts differ, in one line."""
    shown = [
        f"{key} is {_shape(found[key])}, wanted {_shape(wanted[key])}"
        for key in wanted
        if key in found and _shape(found[key]) != _shape(wanted[key])
    ]
    shown += [f"{key} is missing" for key in wanted if key not in found]
    shown += [f"{key} is unknown" for key in found if key not in wanted]
    return some_of(shown, MOST_SHOWN, "; ")


def _shape(value: Any) -> str:
    return (
        " x ".join(map(str, value.shape)) or "a number" if hasattr(value, "shape") else "no tensor"
    )


def _create(name: str, **options: Any) -> Any:
    try:
        with _quiet():
            return open_clip.create_model(name, load_weights=False, **_forced(options))
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"the open_clip model {name} cannot be built: {error}. If a part of it has to be "
            "downloaded, connect once or choose a model that open_clip builds itself, "
            "such as ViT-B-32"
        ) from error


def _forced(options: Mapping[str, Any]) -> dict[str, Any]:
    return {f"force_{key}": value for key, value in options.items()}


def _from_folder(name: str, pretrained: str, weights: bool) -> tuple[Any, dict[str, Any]]:
    if pretrained:
        raise ModelError(
            f"encoder.model={name} brings its own weights: leave encoder.pretrained empty, "
            f"not {pretrained!r}"
        )
    try:
        with _quiet():
            model = open_clip.create_model(name, load_weights=weights, require_pretrained=weights)
        return model, factory.get_model_config(name)
    except (*UNREADABLE, AssertionError) as error:
        raise ModelError(
            f"the open_clip model {name} cannot be loaded: {error}. A local folder holds "
            "open_clip_config.json and the weights beside it (of a CLIPModel of transformers name "
            "the architecture, and its file as encoder.pretrained); hf-hub: needs a connection"
        ) from error


def _checkpoint(name: str, pretrained: str, tag: Mapping[str, Any]) -> Path:
    """Return the file of the weights, downloaded when `pretrained` is a tag."""
    if tag:
        try:
            with _quiet():
                return Path(download_pretrained(tag))
        except Exception as error:  # whatever the network or the hub's client raises
            raise ModelError(
                f"the weights {pretrained!r} of {name} cannot be downloaded: {error}. Without a "
                "connection set encoder.pretrained=FILE to a local checkpoint"
            ) from error
    if Path(pretrained).is_file():
        return Path(pretrained)
    if Path(pretrained).is_dir():
        raise ModelError(
            f"encoder.pretrained={pretrained} is a folder: name the file of weights in it, or set "
            f"encoder.model=local-dir:{pretrained} and leave encoder.pretrained empty where it "
            "holds open_clip_config.json beside the weights"
        )
    known = list_pretrained_tags_by_model(name)
    if Path(pretrained).suffix or "/" in pretrained:
        raise ModelError(
            f"encoder.pretrained={pretrained}: there is no such file. Tags of {name} that "
            f"open_clip downloads: {', '.join(known) or 'none'}"
        )
    raise _unknown(f"tag of {name}", pretrained, known, "or the path of a checkpoint file")


def _match_activation(
    name: str, pretrained: str, config: dict[str, Any], tag: Mapping[str, Any]
) -> None:
    """Give the model the activation that its weights were trained with."""
    if not tag:
        return
    wanted = bool(tag.get("quick_gelu", False))
    if config.get("quick_gelu", False) and not wanted:
        plain = name.removesuffix("-quickgelu")
        raise ModelError(
            f"the weights {pretrained!r} were trained with GELU, and {name} computes QuickGELU: "
            f"set encoder.model={plain}"
        )
    config["quick_gelu"] = wanted


def _common_preprocess(name: str) -> Mapping[str, Any]:
    """Return the preprocessing that all published weights of a model agree on, or nothing.

    A local file does not say how its images were normalised.
    """
    tags = [get_pretrained_cfg(name, tag) for tag in list_pretrained_tags_by_model(name)]
    keys = ("mean", "std", "interpolation", "resize_mode")
    return {
        key: tags[0][key]
        for key in keys
        if tags and tags[0].get(key) is not None and all(t.get(key) == tags[0][key] for t in tags)
    }


def _unknown(what: str, given: str, known: list[str], where: str) -> ModelError:
    near = get_close_matches(given, known, n=5, cutoff=0.3) or known[:5]
    return ModelError(
        f"there is no open_clip {what} {given!r}; nearest: {', '.join(near) or 'none'} ({where})"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back warnings that our own errors replace: retries, and weights still to be loaded."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(previous)
