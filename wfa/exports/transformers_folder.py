"""Weights for transformers: a folder that `CLIPModel` and `CLIPProcessor` load."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPProcessor
from transformers.utils import logging

from wfa.encoders.clip_encoder import ClipEncoder
from wfa.errors import ModelError
from wfa.exports.clip_weights import clip_model
from wfa.exports.export_source import Source, Written
from wfa.exports.hub_processors import clip_tokenizer, image_processor

WEIGHTS = "model.safetensors"
CLOSE = 1e-5
"""The largest difference between features of length 1 that an export may make."""
_TEXTS = ["two ships near a harbour", "a field"]
_USAGE = """\
from transformers import CLIPModel, CLIPProcessor
model = CLIPModel.from_pretrained("{folder}")
processor = CLIPProcessor.from_pretrained("{folder}")
texts = processor(text=["two ships", "a field"], padding=True, truncation=True, return_tensors="pt")
features = model.get_text_features(**texts).pooler_output"""
NOTES = (
    "Features are not of length 1: divide them by their norm, as the loss did.",
    "A picture of the tower's size comes out the same; another is scaled by the package's own "
    "resampling, which may differ by a grey level, and by a column where it is not square.",
    "Texts with broken encodings, HTML entities or curly quotes are not mended before they become "
    "tokens, as open_clip's tokenizer does.",
)
"""What a reader of a folder with the hub's processors must know."""


def write(source: Source, folder: Path) -> Written:
    """Write the towers of a run as a `CLIPModel` with its processor; features stay the same.

    Raises:
        ModelError: The towers are of a kind that `CLIPModel` does not compute.
    """
    save_clip(source, folder)
    return Written(
        main=WEIGHTS,
        usage=_USAGE,
        library="transformers",
        task="zero-shot-image-classification",
        notes=(*NOTES, several_captions(source)),
        left_out=source.left_out(),
    )


def save_clip(source: Source, folder: Path) -> None:
    """Write model and processor into a folder.

    Raises:
        ModelError: As `write`.
    """
    encoder = source.picture_clip("--to sentence-transformers takes the text side of some; ")
    with quiet():
        model = clip_model(encoder.stock_model, float(source.model.logit_scale.detach()))
        tokenizer = clip_tokenizer(encoder)
        _check(encoder, model, tokenizer)
        model.save_pretrained(folder)
        CLIPProcessor(image_processor(encoder.image_spec), tokenizer).save_pretrained(folder)


def several_captions(source: Source) -> str:
    """Say how one text feature is made of several captions with a tower alone."""
    name = source.technique
    if name in ("mean", "single", "pairs"):
        return (
            "Several captions that describe one image: normalise the feature of each, take their "
            f"mean, normalise it. That is what a query is after training with {name}."
        )
    return (
        f"The run was trained with aggregation={name}, which has no place here. Several captions "
        "that describe one image are aggregated by their plain mean instead: normalise the feature "
        "of each, take their mean, normalise it. Scores of aggregated queries below are those of "
        f"{name}; the run folder itself, or --to onnx, gives it as it was trained."
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep progress bars of the package off the terminal."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@torch.inference_mode()
def _check(encoder: ClipEncoder, model: Any, tokenizer: Any) -> None:
    """Compare features of both on texts and noise."""
    size = encoder.image_spec.size
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    tokens = tokenizer(_TEXTS, padding=True, truncation=True, return_tensors="pt")
    pairs = (
        (encoder.encode_image(images), model.get_image_features(images).pooler_output),
        (
            encoder.encode_text(encoder.tokenize(_TEXTS)),
            model.get_text_features(**tokens).pooler_output,
        ),
    )
    apart = max(map(_apart, *zip(*pairs, strict=True)))
    if not apart <= CLOSE:
        raise ModelError(
            f"transformers' CLIPModel gives other features than the run, by {apart:.2g}: this "
            "version of the package computes another model; use --to open_clip or --to onnx"
        )


def _apart(ours: Tensor, theirs: Tensor) -> float:
    return float((torch.nn.functional.normalize(ours, dim=-1) -
                  torch.nn.functional.normalize(theirs, dim=-1)).abs().max())  # fmt: skip
