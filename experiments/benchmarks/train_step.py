"""A whole training step of ViT-B-32, five captions an image: ours against stock open_clip with one.

    WFA_DATA_DIR=... python experiments/benchmarks/train_step.py
    WFA_DATA_DIR=... python experiments/benchmarks/train_step.py --device cuda --images 1024

Both sides encode the same images (noise: what they show changes no time) and the captions of real
images, compute the symmetric InfoNCE loss, go backward and make one AdamW step. Ours aggregates
all five captions of an image by BLEU uniqueness; stock takes one caption of 77 tokens. The
agreement is that of both losses when ours is given that one caption alone.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from _arguments import parse_arguments
from _record import Row, record
from open_clip.loss import ClipLoss
from text_step import draw_captions, precision, synchronise
from torch import Tensor, nn

from wfa.aggregation.techniques import uniqueness
from wfa.captions.options import UniquenessOptions
from wfa.captions.weights import caption_weights
from wfa.data.batch import Batch, Sample, collate
from wfa.encoders.models.open_clip import Config, OpenClip
from wfa.model.clip import MultiCaptionCLIP
from wfa.model.losses import info_nce

MODEL = "ViT-B-32"
DATA_SETS = ("ucm_captions", "rsicd")
GOAL = 1 / 0.8
REPEATS = 3


class Noise:
    """Inputs of the model: images of noise, real captions."""

    def __init__(self, encoder: OpenClip) -> None:
        self._encoder = encoder

    def image(self, index: int, rng: np.random.Generator | None) -> Tensor:
        """Return an image, the same for an index every time."""
        del rng
        size = self._encoder.image_spec.size
        return torch.randn(3, size, size, generator=torch.Generator().manual_seed(index))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the tokens of the texts."""
        return self._encoder.tokenize(texts)


def main() -> None:
    """Measure both data sets and write `train_step.json`, or `train_step_cuda.json`."""
    arguments = parse_arguments(__doc__)
    device = torch.device(arguments.device)
    torch.manual_seed(0)
    encoder = OpenClip(Config(model=MODEL))
    loss = info_nce.InfoNCE(info_nce.Config())
    technique = uniqueness.Uniqueness(uniqueness.Config(), encoder.width)
    model = MultiCaptionCLIP(encoder, technique, loss).to(device).train()
    rows = [compare(model, encoder, data, arguments.images, device) for data in DATA_SETS]
    record("train_step" if device.type == "cpu" else f"train_step_{device.type}", rows)


def compare(
    model: MultiCaptionCLIP, encoder: OpenClip, data: str, images: int, device: torch.device
) -> Row:
    """Time both sides on the same images in turns, and compare their losses on one caption."""
    captions = draw_captions(data, images)
    five = make_batch(encoder, captions).to(device)
    one = make_batch(encoder, [own[:1] for own in captions]).to(device)
    context = encoder.context_length
    full = torch.zeros(images, context, dtype=torch.int64, device=device)
    full[:, : one.tokens.shape[1]] = one.tokens[one.text_index]
    stock_loss = ClipLoss()

    def ours(batch: Batch) -> Tensor:
        loss: Tensor = model(batch).loss
        return loss

    def stock() -> Tensor:
        clip: Any = encoder.model
        features = (
            clip.encode_image(five.images, normalize=True),
            clip.encode_text(full, normalize=True),
        )
        loss: Tensor = stock_loss(*features, model.logit_scale.exp())
        return loss

    with torch.no_grad(), precision(device):
        apart = float((ours(one) - stock()).abs())
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6)
    times: dict[str, list[float]] = {"ours": [], "stock": []}
    for _ in range(REPEATS):
        times["ours"].append(step(model, optimiser, lambda: ours(five), device))
        times["stock"].append(step(model, optimiser, stock, device))
    mine, peer = (statistics.median(times[side]) for side in ("ours", "stock"))
    counts = f"{len(five.tokens)} distinct texts, {five.tokens.shape[1]} tokens at most"
    return Row(
        case=f"{data}, {images} images x 5 captions ({counts}); stock: 1 caption x {context}",
        ours=mine,
        peer=peer,
        ratio=peer / mine,
        goal=GOAL if device.type == "cpu" else None,
        agreement=apart,
        unit="s",
        bound_by="the image tower's matrix products, which both sides share",
    )


def make_batch(encoder: OpenClip, captions: list[list[str]]) -> Batch:
    """Collate images of noise and all their captions, weighted by uniqueness."""
    inputs = Noise(encoder)
    weights = caption_weights(captions, UniquenessOptions())
    start = np.cumsum([0, *map(len, captions)])
    return collate(
        [
            Sample(
                row=row,
                image=inputs.image(row, None),
                drawn=(own, weights[start[row] : start[row + 1]]),
                drawn_ids=[-1] * len(own),
                caption_ids=np.full(len(own), -1),
            )
            for row, own in enumerate(captions)
        ],
        inputs,
    )


def step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    loss: Callable[[], Tensor],
    device: torch.device,
) -> float:
    """Return the seconds of one step: forward, backward, AdamW."""
    synchronise(device)
    start = time.perf_counter()
    model.zero_grad()
    with precision(device):
        value = loss()
    torch.autograd.backward(value)
    optimiser.step()
    synchronise(device)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
