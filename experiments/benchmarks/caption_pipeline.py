"""Captions a second that one loader process prepares: weights, tokens, collation.

    WFA_DATA_DIR=... python experiments/benchmarks/caption_pipeline.py

RSICD's training split, batches of 128 images with all their captions, images left out. The first
epoch computes the weights and tokenises every distinct caption; the later ones find both in
memory, as every epoch but the first does. The peer tokenises each caption with open_clip's
tokenizer and stacks the rows: what a loop over stock open_clip does, without weights.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import open_clip
import torch
from _record import Row, record
from torch import Tensor

from wfa.aggregation.text_half import TextHalf
from wfa.data.loader import EpochBatches, TrainingBatches
from wfa.data.weighted_captions import WeightedCaptions
from wfa.encoders.token_table import TokenTable
from wfa.options.run_config import resolve
from wfa.runs.parts import open_split

MODEL = "ViT-B-32"
BATCH = 128
GOAL = 20_000
PEER_BATCHES = 20


class TextsOnly:
    """Inputs whose images cost nothing."""

    def __init__(self, tokens: TokenTable) -> None:
        self._tokens = tokens

    def image(self, index: int, rng: np.random.Generator | None) -> Tensor:
        """Return an empty image."""
        del index, rng
        return torch.empty(0)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the tokens of the texts."""
        return self._tokens(texts)


def main() -> None:
    """Measure the first epoch, a later one and the peer; write `caption_pipeline.json`."""
    torch.set_num_threads(1)
    root = Path(os.environ["WFA_DATA_DIR"]) / "rsicd"
    config = resolve(["data=rsicd", f"data.root={root}", "aggregation=uniqueness",
                      "aggregation.caption_dropout=0.0"])  # fmt: skip
    present = config.data.plugin().splits(config.data.options)
    dataset = open_split(config.data, "train", present)
    tokenizer = open_clip.get_tokenizer(MODEL)
    tokenizer(["warm up"])

    start = time.perf_counter()
    aggregation = config.aggregation.plugin()(config.aggregation.options, 1)
    texts = WeightedCaptions(dataset, TextHalf.of(aggregation))
    inputs = TextsOnly(TokenTable(tokenizer, 0, tokenizer.context_length, trim=True))
    batches = TrainingBatches(inputs, texts, seed=0)
    sampler = EpochBatches(len(dataset), BATCH, seed=0, rank=0, ranks=1)
    captions = sum(len(batches[keys].text_index) for keys in sampler)
    first = captions / (time.perf_counter() - start)

    start = time.perf_counter()
    sampler.set_epoch(1)
    later = sum(len(batches[keys].text_index) for keys in sampler) / (time.perf_counter() - start)

    plain = [text for own in dataset.captions[: PEER_BATCHES * BATCH] for text in own]
    start = time.perf_counter()
    stock = torch.cat([tokenizer(plain[k : k + BATCH]) for k in range(0, len(plain), BATCH)])
    peer = len(plain) / (time.perf_counter() - start)
    ours = inputs.texts(plain)
    apart = float((stock[:, : ours.shape[1]] - ours).abs().max())

    bound = "Python: drawing, numbering and joining short lists of strings"
    record("caption_pipeline", [
        Row(f"RSICD train, first epoch: weights, tokens, collation; peer: {what}", first, figure,
            first / figure, goal, agreement, "captions/s",
            "open_clip's tokenizer, once for each distinct caption")
        for what, figure, goal, agreement in (
            ("the rate wanted", GOAL, 1.0, None),
            ("open_clip's tokenizer alone", peer, None, apart),
        )
    ] + [
        Row("RSICD train, a later epoch; peer: the rate wanted", later, GOAL, later / GOAL, 1.0,
            None, "captions/s", bound)
    ])  # fmt: skip


if __name__ == "__main__":
    main()
