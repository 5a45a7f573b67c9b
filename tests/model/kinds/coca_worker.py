"""One of two processes with its part of a batch; run as `coca_worker.py RANK FOLDER`.

Writes how far loss and gradients over both are from those of one process with the whole batch.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, distributed
from torch.nn.parallel import DistributedDataParallel

from wfa.data.batch import Batch
from wfa.data.instruction_tokens import ANSWER, END, stacked
from wfa.encoders.models.small import Config as SmallConfig
from wfa.encoders.models.small import Small
from wfa.model.kinds.coca import CoCa, Config
from wfa.plugins import registry as plugins

LESSONS = [[9, ANSWER, 7, END], [9, 8, ANSWER, 8, 7, 9, END], [ANSWER, 9, END], [8, ANSWER, 8, END]]
LESSON_IMAGE = [0, 0, 1, 2]
"""The first process has two of the three images and three of the four instructions."""


def build(**options: int) -> CoCa:
    torch.manual_seed(0)
    small = SmallConfig(
        image_size=16, image_tower="vit", patch_size=8, image_width=32, image_layers=3,
        text_width=32, text_layers=1, context_length=8, embed_dim=16,
    )  # fmt: skip
    sizes = {"width": 16, "layers": 1, "heads": 2, "context_length": 16, "vocabulary": 256}
    model = CoCa(
        Config(**{**sizes, **options}),
        Small(small),
        plugins.plugin_class("aggregation", "mean")(
            plugins.config_class("aggregation", "mean")(), 16
        ),
        plugins.plugin_class("loss", "info_nce")(plugins.config_class("loss", "info_nce")()),
    )
    model.decoder.known[4:10] = torch.arange(4, 10)
    return model


def whole_batch() -> Batch:
    random = torch.Generator().manual_seed(0)
    image_index = torch.tensor([0, 0, 1, 2])
    return Batch(
        images=torch.randn(3, 3, 16, 16, generator=random),
        tokens=torch.tensor([[5, 6, 49407], [7, 8, 49407], [9, 3, 49407], [4, 6, 49407]]),
        text_index=torch.arange(4),
        image_index=image_index,
        prior=torch.tensor([0.5, 0.5, 1.0, 1.0]),
        caption_ids=torch.arange(4),
        all_caption_ids=torch.arange(4),
        all_image_index=image_index,
        rows=torch.arange(3),
        instructions=stacked(LESSONS),
        instruction_image=torch.tensor(LESSON_IMAGE),
    )


def part(batch: Batch, rank: int) -> Batch:
    first, last = [(0, 2), (2, 3)][rank]
    drawn = (batch.image_index >= first) & (batch.image_index < last)
    taught = (batch.instruction_image >= first) & (batch.instruction_image < last)
    return replace(
        batch,
        images=batch.images[first:last],
        text_index=batch.text_index[drawn],
        image_index=batch.image_index[drawn] - first,
        prior=batch.prior[drawn],
        caption_ids=batch.caption_ids[drawn],
        all_caption_ids=batch.all_caption_ids[drawn],
        all_image_index=batch.all_image_index[drawn] - first,
        rows=batch.rows[first:last],
        instructions=batch.instructions[taught],
        instruction_image=batch.instruction_image[taught] - first,
    )


def gradients(model: torch.nn.Module, batch: Batch) -> dict[str, Tensor]:
    output = model(batch)
    torch.autograd.backward(output.loss)
    grads = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {"loss": output.loss.detach(), "captioning": output.captioning, **grads}


def main(rank: int, folder: Path) -> None:
    one = gradients(build(), whole_batch())
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2
    )
    two = gradients(DistributedDataParallel(build()), part(whole_batch(), rank))
    distributed.destroy_process_group()
    two = {name.removeprefix("module."): value for name, value in two.items()}
    assert two.keys() == one.keys(), (two.keys(), one.keys())
    differences = {
        name: float((two[name] - one[name]).abs().max() / (1 + one[name].abs().max()))
        for name in one
    }
    (folder / f"{rank}.json").write_text(json.dumps(differences))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
