"""RSICD from locked towers to a validation mR: our loop against two stock losses in a plain loop.

    WFA_DATA_DIR=... python experiments/benchmarks/to_validation_mr.py

Every side trains the same heads on the same features with the same optimiser, schedule, batches of
128 and budget (the images of 12 epochs), and is validated by the same code after every epoch. They
differ in the loop and the loss: ours is `wfa train` with all it writes; the peers are a bare loop
over tensors in memory with open_clip's `ClipLoss` and one random caption an image, and with
sentence-transformers' `MultipleNegativesRankingLoss` in both directions over all pairs of image and
caption, its scale fixed at 20. Seconds are processor time of training on one thread, validation
left out: the epochs to the target times the median of an epoch's. Texts encoded are ours after
merging copies within a batch, and the peers' as they are drawn.
"""

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pandas as pd
import torch
from _record import Row, record
from open_clip.loss import ClipLoss
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR

from wfa.model.clip import MultiCaptionCLIP
from wfa.numbering import distinct
from wfa.options.run_config import resolve
from wfa.retrieval.retrieval_metric import CaptionRetrieval
from wfa.runs.embed import embed_split
from wfa.runs.parts import Parts
from wfa.training import validation
from wfa.training.fit import fit
from wfa.training.optimiser import adamw, decayed, warmup_cosine

TARGET = 0.15
EPOCHS, SEEDS = 12, (0, 1, 2)
SCALE = 20.0
PEERS = {
    "open_clip": "open_clip's ClipLoss in a plain loop",
    "pairs": "sentence-transformers' MultipleNegativesRankingLoss on all pairs",
}

Batches = Iterator[tuple[Tensor, Tensor]]
"""Rows of images and of texts, pairs."""


class Course(NamedTuple):
    """One training: validation mR after each epoch, seconds and texts of one epoch."""

    scores: list[float]
    seconds: float
    texts: float

    @property
    def epochs(self) -> float:
        """Epochs to the target; infinite where it is not reached."""
        reached = [place for place, score in enumerate(self.scores, 1) if score >= TARGET]
        return reached[0] if reached else float("inf")


def main() -> None:
    """Train every side with every seed, and write `to_validation_mr.json`."""
    torch.set_num_threads(1)
    sides: dict[str, Callable[[int], Course]] = {
        "single": partial(ours, "single"),
        "uniqueness": partial(ours, "uniqueness"),
        "open_clip": partial(peer, "open_clip"),
        "pairs": partial(peer, "pairs"),
    }
    # Seed by seed, so that what else the machine does falls on all sides alike.
    courses = [{name: train(seed) for name, train in sides.items()} for seed in SEEDS]
    found = {name: [one[name] for one in courses] for name in sides}
    for name, own in found.items():
        last = [f"{100 * course.scores[-1]:.1f}" for course in own]
        print(f"{name}: {[course.epochs for course in own]} epochs, in the end {', '.join(last)}")
    record(
        Path(__file__).stem,
        [
            row
            for name in ("single", "uniqueness")
            for other, words in PEERS.items()
            for row in compared(f"{name}; peer: {words}", found[name], found[other])
        ],
    )


def compared(case: str, own: Sequence[Course], others: Sequence[Course]) -> list[Row]:
    """Make the rows of seconds, epochs and texts, means over seeds."""
    figures: dict[str, Callable[[Course], float]] = {
        "s of processor time": lambda course: course.epochs * course.seconds,
        "epochs": lambda course: course.epochs,
        "texts encoded": lambda course: course.epochs * course.texts,
    }
    rows = []
    for unit, figure in figures.items():
        means = [statistics.mean(map(figure, side)) for side in (own, others)]
        # JSON has no infinity: null where a seed does not reach the target.
        mine, peers = (mean if math.isfinite(mean) else None for mean in means)
        ratio = None if mine is None or peers is None else peers / mine
        what = f"{unit} to {100 * TARGET:g} validation mR of RSICD, {case}"
        bound = "heads, and drawing captions and dropout by image and seed"
        rows.append(Row(what, mine, peers, ratio, None, None, unit, bound))
    return rows


def ours(technique: str, seed: int) -> Course:
    """Train as `wfa train run=rsicd_frozen` does."""
    config = resolve([*_words(seed), f"aggregation={technique}"])
    with tempfile.TemporaryDirectory() as folder, _validation_marked() as marks:
        made = fit(config, Path(folder) / "run", show_training=False)
        assert made is not None  # this is the first process
        history = pd.read_csv(made.path / "history.csv")
        texts = made.read_run()["throughput"]["texts"] / EPOCHS
    ended, begun = marks[1::2], marks[2::2]
    epochs = [after - before for before, after in zip(ended, begun, strict=False)]
    return Course(history["validation/mR"].dropna().tolist(), statistics.median(epochs), texts)


@contextmanager
def _validation_marked() -> Iterator[list[float]]:
    """Note the processor time before and after each validation of `fit`."""
    marks: list[float] = []

    def embed(*arguments: Any, **keywords: Any) -> Any:
        marks.append(time.process_time())
        return embed_split(*arguments, **keywords)

    class Metric(CaptionRetrieval):
        def compute(self) -> dict[str, Tensor]:
            found = super().compute()
            marks.append(time.process_time())
            return found

    with (
        mock.patch.object(validation, "embed_split", embed),
        mock.patch.object(validation, "CaptionRetrieval", Metric),
    ):
        yield marks


def peer(loss: str, seed: int) -> Course:
    """Train the same model in a bare loop with a stock loss."""
    torch.manual_seed(seed)
    parts = Parts(resolve([*_words(seed), "aggregation=single"]))
    model, options = parts.model, parts.config.train
    captions = parts.dataset("train").captions
    texts, text_of = distinct([text for own in captions for text in own])
    owner = torch.repeat_interleave(torch.tensor([len(own) for own in captions]))
    inputs = parts.split("train").inputs
    images = torch.stack([inputs.image(row, None) for row in range(len(captions))])
    table = inputs.texts(texts)
    steps = len(captions) // options.batch_size
    optimiser = adamw(model, decayed(model), options)
    schedule = LambdaLR(optimiser, warmup_cosine(EPOCHS * steps, options))
    batches = BATCHES[loss](owner, torch.as_tensor(text_of), options.batch_size)
    scores, seconds = [], []
    for _ in range(EPOCHS):
        model.train()
        begun = time.process_time()
        for _ in range(steps):
            rows, places = next(batches)
            value = LOSSES[loss](model, images[rows], table[places])
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), options.clip_norm)
            optimiser.step()
            schedule.step()
            model.clamp_logit_scale()
        seconds.append(time.process_time() - begun)
        scores.append(validated(parts))
    return Course(scores, statistics.median(seconds), steps * options.batch_size)


def single_batches(owner: Tensor, text_of: Tensor, size: int) -> Batches:
    """Give every image once an epoch, with one of its captions."""
    counts = torch.bincount(owner)
    starts = counts.cumsum(0) - counts
    while True:
        for rows in _shuffled(len(counts), size):
            drawn = (torch.rand(size) * counts[rows]).long()
            yield rows, text_of[starts[rows] + drawn]


def pair_batches(owner: Tensor, text_of: Tensor, size: int) -> Batches:
    """Give every pair of image and caption once before any comes again."""
    while True:
        for pairs in _shuffled(len(owner), size):
            yield owner[pairs], text_of[pairs]


def _shuffled(rows: int, size: int) -> Iterator[Tensor]:
    """Yield all rows in random order, so many at once, but for the few of the last batch."""
    return iter(torch.randperm(rows)[: rows // size * size].view(-1, size))


def clip_loss(model: MultiCaptionCLIP, images: Tensor, texts: Tensor) -> Tensor:
    """Return open_clip's loss with the temperature that is learnt."""
    loss: Tensor = CLIP_LOSS(*encoded(model, images, texts), model.logit_scale.exp())
    return loss


def ranking_loss(model: MultiCaptionCLIP, images: Tensor, texts: Tensor) -> Tensor:
    """Return sentence-transformers' loss, texts for queries and images for documents."""
    image_features, text_features = encoded(model, images, texts)
    loss: Tensor = RANKING.compute_loss_from_embeddings([text_features, image_features], None)
    return loss


def encoded(model: MultiCaptionCLIP, images: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the normalised features of both sides."""
    image_features = functional.normalize(model.encoder.encode_image(images), dim=-1)
    return image_features, functional.normalize(model.encoder.encode_text(texts), dim=-1)


def validated(parts: Parts) -> float:
    """Return strict mR of single captions on validation, as training does."""
    found = embed_split(parts, parts.split("validation"))
    metric = CaptionRetrieval(sync_on_compute=False)
    metric.update(
        torch.from_numpy(found.images),
        torch.from_numpy(found.captions),
        found.image_index,
        captions=torch.from_numpy(found.caption_ids),
    )
    return metric.compute()["mR"].item()


def _words(seed: int) -> list[str]:
    return ["run=rsicd_frozen", f"train.epochs={EPOCHS}", f"train.seed={seed}", "train.loggers=[]"]


CLIP_LOSS = ClipLoss()
RANKING = MultipleNegativesRankingLoss(
    nn.Identity(), SCALE, directions=("query_to_doc", "doc_to_query"),
    partition_mode="per_direction",
)  # fmt: skip
LOSSES = {"open_clip": clip_loss, "pairs": ranking_loss}
BATCHES = {"open_clip": single_batches, "pairs": pair_batches}


if __name__ == "__main__":
    main()
