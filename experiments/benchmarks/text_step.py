"""Text tower, forward and backward, of 64 images with five captions: ours against open_clip.

    WFA_DATA_DIR=... python experiments/benchmarks/text_step.py
    WFA_DATA_DIR=... python experiments/benchmarks/text_step.py --device cuda --images 1024

ViT-B-32 with random weights. Both sides take the same captions and the same gradient of each
caption's feature; compared are the features and the gradients of all weights. Stock open_clip
encodes 77 tokens of every caption. Its five captions an image go through in parts of one caption
an image each, because the activations of all at once need more memory than a laptop has.
"""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from _arguments import parse_arguments
from _record import Row, record
from torch import Tensor

from wfa.encoders.models.open_clip import Config, OpenClip
from wfa.numbering import distinct

MODEL = "ViT-B-32"
GOALS = {"ucm_captions": (10.0, 1 / 0.6), "rsicd": (15.0, 1 / 0.4)}
"""Data set -> goals against five captions and against one caption of stock open_clip."""
REPEATS = 3


@dataclass(frozen=True)
class Captions:
    """Five captions of each of B images as both sides take them.

    Attributes:
        tokens: (U, L), each distinct caption once, as our tokenizer gives it.
        text_index: (5 B,), caption -> row of `tokens`, the first captions of all images first.
        full: (5, B, 77), every caption as stock open_clip takes it.
        gradient: (5 B, D), the gradient of each caption's feature.
    """

    tokens: Tensor
    text_index: Tensor
    full: Tensor
    gradient: Tensor


def main() -> None:
    """Measure both data sets and write `text_step.json`, or `text_step_cuda.json`."""
    arguments = parse_arguments(__doc__)
    device = torch.device(arguments.device)
    torch.manual_seed(0)
    encoder = OpenClip(Config(model=MODEL)).to(device)
    rows = []
    for data in GOALS:
        rows += compare(encoder, data, draw(encoder, data, arguments.images, device), device)
    record("text_step" if device.type == "cpu" else f"text_step_{device.type}", rows)


def draw_captions(data: str, images: int) -> list[list[str]]:
    """Draw images of a training split; return the five captions of each."""
    root = os.environ.get("WFA_DATA_DIR")
    if root is None:
        sys.exit(f"set WFA_DATA_DIR to the folder that holds {data}/captions.json")
    text = (Path(root) / data / "captions.json").read_text(encoding="utf-8")
    annotations = [i["sentences"] for i in json.loads(text)["images"] if i["split"] == "train"]
    drawn = random.Random(0).sample(annotations, images)
    return [[sentence["raw"] for sentence in sentences[:5]] for sentences in drawn]


def draw(encoder: OpenClip, data: str, images: int, device: torch.device) -> Captions:
    """Draw images of a training split and tokenise their captions for both sides."""
    drawn = draw_captions(data, images)
    captions = [own[place] for place in range(5) for own in drawn]
    unique, text_index = distinct(captions)
    tokens = encoder.tokenize(unique)
    full = torch.zeros(len(captions), encoder.context_length, dtype=torch.int64)
    full[:, : tokens.shape[1]] = tokens[torch.from_numpy(text_index)]
    gradient = torch.randn(len(captions), encoder.width)
    return Captions(
        tokens.to(device),
        torch.from_numpy(text_index).to(device),
        full.view(5, images, -1).to(device),
        gradient.to(device),
    )


def compare(encoder: OpenClip, data: str, captions: Captions, device: torch.device) -> list[Row]:
    """Run ours, stock with five captions and stock with one, and compare the first two."""

    def ours() -> Tensor:
        features = encoder.encode_text(captions.tokens)[captions.text_index]
        torch.autograd.backward(features, captions.gradient.to(features.dtype))
        return features.detach()

    def stock(parts: int) -> Tensor:
        features = []
        gradients = captions.gradient.chunk(5)
        for full, gradient in zip(captions.full[:parts], gradients, strict=False):
            part = encoder.model.encode_text(full)
            torch.autograd.backward(part, gradient.to(part.dtype))
            features.append(part.detach())
        return torch.cat(features)

    images = captions.full.shape[1]
    seconds, found, gradients = measure(encoder, ours, REPEATS, device)
    five, expected, wanted = measure(encoder, lambda: stock(5), REPEATS, device)
    one, _, _ = measure(encoder, lambda: stock(1), REPEATS, device)
    agreement = max(apart(found, expected), *(map(apart, gradients, wanted)))
    counts = f"{len(captions.tokens)} distinct, {captions.tokens.shape[1]} tokens at most"
    case = f"{data}, {images} images x 5 captions ({counts})"
    bound = f"{'float32' if device.type == 'cpu' else 'bfloat16'} matrix products"
    goals = GOALS[data] if device.type == "cpu" else (None, None)
    return [
        Row(f"{case}; stock: {what}", seconds, peer, peer / seconds, goal, same, "s", bound)
        for what, peer, goal, same in (
            ("5 captions x 77", five, goals[0], agreement),
            ("1 caption x 77", one, goals[1], None),
        )
    ]


def measure(
    encoder: OpenClip, step: Callable[[], Tensor], repeats: int, device: torch.device
) -> tuple[float, Tensor, list[Tensor]]:
    """Give the median wall time of a step in seconds, its features, and all text gradients."""
    seconds = []
    for _ in range(repeats):
        encoder.zero_grad()
        synchronise(device)
        start = time.perf_counter()
        with precision(device):
            features = step()
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    gradients = [p.grad.clone() for p in encoder.parameters() if p.grad is not None]
    return statistics.median(seconds), features, gradients


def apart(found: Tensor, expected: Tensor) -> float:
    """Give the largest difference, as a share of the largest expected value."""
    return float((found - expected).abs().max() / expected.abs().max())


def precision(device: torch.device) -> AbstractContextManager[object]:
    """Compute in float32 on a CPU and in bfloat16 on a GPU."""
    if device.type == "cpu":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def synchronise(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
