"""One of two processes, each with its part of a batch; run as `gather_worker.py RANK FOLDER`.

Writes how far the loss and the gradients of DistributedDataParallel over both processes are from
those of one process with the whole batch; the processes encode their parts whole, or in parts of
two images.
"""

import json
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from wfa.aggregation.base import Aggregation
from wfa.data.batch import Batch
from wfa.encoders.encoder import Encoder
from wfa.model.cached_contrast import cached_contrast
from wfa.model.clip import MultiCaptionCLIP
from wfa.plugins import registry as plugins

WIDTH = 8
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("mean", {}, "info_nce", "keep"),
    ("attention", {}, "info_nce", "share"),
    ("pairs", {}, "info_nce", "mask"),
    ("pairs", {}, "multi_positive", "share"),
    ("max_pool", {}, "sigmoid", "share"),
    ("image_attention", {"image_dropout": 0.5}, "sigmoid", "keep"),
]
COUNTS = [3, 1, 2, 4, 2]
"""Captions of each image; the first process has three of the images, the second two."""


class LinearTowers(Encoder):
    width = WIDTH
    context_length = 1

    def __init__(self) -> None:
        super().__init__()
        self.image, self.text = nn.Linear(6, WIDTH), nn.Linear(5, WIDTH)

    def encode_image(self, images: Tensor) -> Tensor:
        features: Tensor = self.image(images)
        return features

    def encode_text(self, tokens: Tensor) -> Tensor:
        features: Tensor = self.text(tokens)
        return features

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        raise NotImplementedError


def whole_batch() -> Batch:
    random = torch.Generator().manual_seed(0)
    image_index = torch.arange(len(COUNTS)).repeat_interleave(torch.tensor(COUNTS))
    captions = len(image_index)
    ids = torch.randint(6, (captions,), generator=random)
    return Batch(
        images=torch.randn(len(COUNTS), 6, generator=random),
        tokens=torch.randn(6, 5, generator=random),
        text_index=ids,
        image_index=image_index,
        prior=1.0 / torch.tensor(COUNTS)[image_index],
        caption_ids=ids,
        all_caption_ids=torch.cat([ids, torch.tensor([0, 1, 2])]),
        all_image_index=torch.cat([image_index, torch.tensor([4, 0, 3])]),
        rows=torch.arange(len(COUNTS)),
    )


def part(batch: Batch, rank: int) -> Batch:
    first, last = [(0, 3), (3, 5)][rank]
    drawn = (batch.image_index >= first) & (batch.image_index < last)
    borne = (batch.all_image_index >= first) & (batch.all_image_index < last)
    return Batch(
        images=batch.images[first:last],
        tokens=batch.tokens,
        text_index=batch.text_index[drawn],
        image_index=batch.image_index[drawn] - first,
        prior=batch.prior[drawn],
        caption_ids=batch.caption_ids[drawn],
        all_caption_ids=batch.all_caption_ids[borne],
        all_image_index=batch.all_image_index[borne] - first,
        rows=batch.rows[first:last],
    )


def build(case: tuple[str, dict[str, Any], str, str]) -> MultiCaptionCLIP:
    name, options, loss, how = case
    torch.manual_seed(0)
    model = MultiCaptionCLIP(
        LinearTowers(),
        plugins.plugin_class("aggregation", name)(
            plugins.config_class("aggregation", name)(**options), WIDTH
        ),
        plugins.plugin_class("loss", loss)(plugins.config_class("loss", loss)(shared=how)),
    )
    with torch.no_grad():
        for parameter in model.aggregation.parameters():
            nn.init.normal_(parameter)
    return model


class Step(nn.Module):
    """A training step, as Lightning wraps one: whole, or in parts of `micro_batch` images."""

    def __init__(self, model: MultiCaptionCLIP, micro_batch: int) -> None:
        super().__init__()
        self.model = model
        self.micro_batch = micro_batch

    def forward(self, batch: Batch) -> Tensor:
        if self.micro_batch:
            return cached_contrast(self.model, batch, self.micro_batch).loss
        loss: Tensor = self.model(batch).loss
        return loss


def gradients(step: nn.Module, batch: Batch) -> dict[str, Tensor]:
    for module in step.modules():
        if isinstance(module, Aggregation):
            module.begin_step(7, batch.rows)
    loss: Tensor = step(batch)
    torch.autograd.backward(loss)
    grads = {name: p.grad for name, p in step.named_parameters() if p.grad is not None}
    return {"loss": loss.detach(), **grads}


def main(rank: int, folder: Path) -> None:
    expected = [gradients(Step(build(case), 0), whole_batch()) for case in CASES]
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2
    )
    differences = {}
    for (case, one), micro in product(zip(CASES, expected, strict=True), (0, 2)):
        step = DistributedDataParallel(Step(build(case), micro))
        two = gradients(step, part(whole_batch(), rank))
        two = {name.removeprefix("module."): value for name, value in two.items()}
        assert two.keys() == one.keys(), (two.keys(), one.keys())
        differences["/".join(map(str, (*case, micro)))] = {
            name: float((two[name] - one[name]).abs().max() / (1 + one[name].abs().max()))
            for name in one
        }
    distributed.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps(differences))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
