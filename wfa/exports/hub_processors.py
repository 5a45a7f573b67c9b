"""What turns pictures and texts into a tower's inputs, in the forms of the Hugging Face hub."""

from pathlib import Path
from typing import Any

from transformers import CLIPImageProcessor, CLIPTokenizer

from wfa.data.images import ImageSpec
from wfa.encoders.clip_encoder import ClipEncoder


def save_tokenizer(encoder: ClipEncoder, folder: Path) -> None:
    """Write `tokenizer.json` with its config: tokens equal those of the encoder.

    CLIP's own tokenizer first mends broken encodings and HTML entities; the hub's form does not.
    """
    inner = getattr(encoder.tokenizer, "tokenizer", None)
    (clip_tokenizer(encoder) if inner is None else inner).save_pretrained(folder)


def clip_tokenizer(encoder: ClipEncoder) -> Any:
    """Build the hub's CLIP tokenizer from the words of open_clip's."""
    own = encoder.tokenizer
    names = {own.sot_token_id: "<|startoftext|>", own.eot_token_id: "<|endoftext|>"}
    return CLIPTokenizer(
        vocab={names.get(place, word): place for word, place in own.encoder.items()},
        merges=sorted(own.bpe_ranks, key=own.bpe_ranks.get),
        model_max_length=encoder.context_length,
    )


def image_processor(spec: ImageSpec) -> CLIPImageProcessor:
    """Build the processor that scales, cuts and standardises pictures as `spec` says."""
    square = {"height": spec.size, "width": spec.size}
    return CLIPImageProcessor(
        size={"shortest_edge": spec.size} if spec.fit.endswith("crop") else square,
        do_center_crop=spec.fit.endswith("crop"),
        crop_size=square,
        resample={"nearest": 0, "bilinear": 2, "bicubic": 3}[spec.interpolation],
        image_mean=list(spec.mean),
        image_std=list(spec.std),
        rescale_factor=spec.scale,
    )
