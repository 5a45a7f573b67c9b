"""Batches in parts: memory and time of a step against batch size, and against two peers.

    python experiments/benchmarks/cached_contrast.py

A step is forward and backward of CLIP's symmetric loss on noise, in a process of its own. Memory is
the most that the process held during its first step above what it held before it, gradients
included; time is the faster one of two more steps. The peers are the same step on the whole batch,
open_clip's `--accum-freq` (features of all parts first, then a loss of the whole batch for every
part), and sentence-transformers' cached loss on pairs of texts, both sides through one tower. The
agreement is the largest difference of any gradient of a tower's weights, as a share of the largest
gradient. That of the temperature is left out: it stands still in sentence-transformers, and
open_clip adds it up once a part.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from _record import Row, record
from numpy.typing import NDArray
from open_clip.loss import ClipLoss
from torch import Tensor, nn
from torch.autograd import backward
from torch.nn import functional

from wfa.aggregation.techniques.mean import Mean
from wfa.comparing.peak_memory import forget_peak, peak_bytes
from wfa.data.batch import Batch
from wfa.encoders.encoder import Encoder
from wfa.encoders.models.small import Config, Small
from wfa.model.cached_contrast import cached_contrast
from wfa.model.clip import MultiCaptionCLIP
from wfa.model.losses.info_nce import InfoNCE

BATCHES = (64, 128, 256)
LARGEST = BATCHES[-1]
PART = 16
SCALE = 20.0
TOKENS = 32
WHOLE = "the second forward pass; whole batches keep every activation instead"
TOWERS = "the towers' matrix products, which both sides share"


class Measured(NamedTuple):
    """One way of making a step: bytes, seconds, the towers' gradients as one vector."""

    memory: float
    seconds: float
    gradients: NDArray[np.float32]


class Pairs(Encoder):
    """One tower for both sides, texts of `TOKENS` tokens."""

    width, context_length = 128, TOKENS

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, self.width)
        block = nn.TransformerEncoderLayer(self.width, 4, 4 * self.width, 0.0, batch_first=True)
        self.blocks = nn.TransformerEncoder(block, 4, enable_nested_tensor=False)

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Encode tokens (U, L) to (U, D)."""
        states: Tensor = self.blocks(self.embedding(tokens))
        return states.mean(dim=1)

    def encode_image(self, images: Tensor) -> Tensor:
        """Encode the other side's tokens, (B, L) to (B, D)."""
        return self.encode_text(images)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Nothing is read here."""
        raise NotImplementedError


def main() -> None:
    """Measure every batch size and peer, and write `cached_contrast.json`."""
    rows = []
    for images in BATCHES:
        ours, whole = measured(clip_in_parts, images), measured(clip_whole, images)
        rows += compared(f"{images} images in parts of {PART}; peer: whole", ours, whole, WHOLE)
    case = f"{LARGEST} images in parts of {PART}; peer: open_clip's accum-freq"
    rows += compared(case, ours, measured(clip_accumulated, LARGEST), TOWERS)
    case = f"{LARGEST} pairs of texts in parts of {PART}; peer: sentence-transformers' cached loss"
    ours, peer = measured(pairs_in_parts, LARGEST), measured(pairs_of_peer, LARGEST)
    record(Path(__file__).stem, [*rows, *compared(case, ours, peer, TOWERS)])


def compared(case: str, ours: Measured, peer: Measured, bound_by: str) -> list[Row]:
    """Make the rows of memory and time."""
    apart = float(abs(ours.gradients - peer.gradients).max() / abs(peer.gradients).max())
    memory = Row(f"memory, {case}", ours.memory / 2**20, peer.memory / 2**20,
                 peer.memory / ours.memory, None, apart, "MiB", bound_by)  # fmt: skip
    seconds = Row(f"time, {case}", ours.seconds, peer.seconds, peer.seconds / ours.seconds, None,
                  apart, "s", bound_by)  # fmt: skip
    return [memory, seconds]


def measured(make: Callable[[int], tuple[nn.Module, Callable[[], None]]], rows: int) -> Measured:
    """Make steps in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (make, rows))


def _measure(make: Callable[[int], tuple[nn.Module, Callable[[], None]]], rows: int) -> Measured:
    torch.manual_seed(0)
    towers, step = make(rows)
    forget_peak()
    before = peak_bytes() or 0
    step()
    memory = (peak_bytes() or 0) - before
    grads = [p.grad.flatten() for p in towers.parameters() if p.grad is not None]
    gradients = torch.cat(grads).numpy().copy()
    seconds = []
    for _ in range(2):
        towers.zero_grad()
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return Measured(memory, min(seconds), gradients)


def clip_in_parts(images: int) -> tuple[nn.Module, Callable[[], None]]:
    """Return the towers and a step of ours in parts."""
    model, batch = clip_model(images)
    return model.encoder, lambda: backward(cached_contrast(model, batch, PART).loss)


def clip_whole(images: int) -> tuple[nn.Module, Callable[[], None]]:
    """Return the towers and a step of ours on the whole batch."""
    model, batch = clip_model(images)
    return model.encoder, lambda: backward(model(batch).loss)


def clip_accumulated(images: int) -> tuple[nn.Module, Callable[[], None]]:
    """Return the towers and a step as open_clip makes it with `--accum-freq`."""
    model, batch = clip_model(images)
    parts = images // PART
    sides = list(
        zip(batch.images.tensor_split(parts), batch.tokens.tensor_split(parts), strict=True)
    )
    loss = ClipLoss()

    def step() -> None:
        with torch.no_grad():
            kept = [(model.encode_image(one), model.encode_text(other)) for one, other in sides]
        for place, (one, other) in enumerate(sides):
            features = list(kept)
            features[place] = (model.encode_image(one), model.encode_text(other))
            image, text = (torch.cat(side) for side in zip(*features, strict=True))
            loss(image, text, model.logit_scale.exp()).backward()

    return model.encoder, step


def pairs_in_parts(pairs: int) -> tuple[nn.Module, Callable[[], None]]:
    """Return the tower and a step of ours on pairs of texts."""
    model, batch = pairs_model(pairs)
    return model.encoder, lambda: backward(cached_contrast(model, batch, PART).loss)


def pairs_of_peer(pairs: int) -> tuple[nn.Module, Callable[[], None]]:
    """Return the tower and a step of sentence-transformers on the same pairs."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import (
        CachedMultipleNegativesSymmetricRankingLoss,
    )

    model, batch = pairs_model(pairs)

    class Tower(nn.Module):
        """The tower as sentence-transformers calls one."""

        def __init__(self) -> None:
            super().__init__()
            self.tower = model.encoder

        def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
            """Add the normalised feature of each text."""
            made = functional.normalize(self.tower.encode_text(features["input_ids"]), dim=-1)
            return {**features, "sentence_embedding": made}

    transformer = SentenceTransformer(modules=[Tower()], device="cpu")
    loss = CachedMultipleNegativesSymmetricRankingLoss(
        transformer, scale=SCALE, mini_batch_size=PART
    )
    seen = torch.ones_like(batch.images)
    sides = [
        {"input_ids": tokens, "attention_mask": seen} for tokens in (batch.tokens, batch.images)
    ]
    return model.encoder, lambda: loss(sides, None).backward()


def clip_model(images: int) -> tuple[MultiCaptionCLIP, Batch]:
    """Build a small CLIP and a batch of noise, a text of its own for each image."""
    sizes = Config(
        image_size=64, image_tower="vit", patch_size=8, image_width=128, image_layers=4,
        text_width=128, text_layers=4, context_length=TOKENS,
    )  # fmt: skip
    tokens = torch.randint(1, 40_000, (images, TOKENS))
    tokens[:, -1] = 49_407
    return _model(Small(sizes)), _batch(torch.randn(images, 3, 64, 64), tokens)


def pairs_model(pairs: int) -> tuple[MultiCaptionCLIP, Batch]:
    """Build the one tower and a batch of pairs."""
    model = _model(Pairs())
    model.logit_scale.data.fill_(float(np.log(SCALE)))
    draw = partial(torch.randint, 1000, (pairs, TOKENS))
    return model, _batch(draw(), draw())


def _model(encoder: Encoder) -> MultiCaptionCLIP:
    return MultiCaptionCLIP(encoder, Mean(), InfoNCE()).train()


def _batch(images: Tensor, tokens: Tensor) -> Batch:
    rows = torch.arange(len(images))
    return Batch(images=images, tokens=tokens, text_index=rows, image_index=rows,
                 prior=torch.ones(len(rows)), caption_ids=rows, all_caption_ids=rows,
                 all_image_index=rows, rows=rows)  # fmt: skip


if __name__ == "__main__":
    main()
