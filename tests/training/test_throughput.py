"""What counts as a caption, a token and a wait; by hand, without training."""

import time
from typing import Any

import numpy as np
import pytest
import torch

from wfa.data.batch import Batch
from wfa.encoders.models.small import Config, Small
from wfa.training.throughput import Throughput


@pytest.fixture(scope="module")
def encoder() -> Small:
    return Small(Config(image_tower="vit", image_size=16, image_width=32, context_length=20))


def batch(encoder: Small, drawn: list[str], borne: int) -> Batch:
    """Two images; `drawn` captions, all distinct, of `borne` in all."""
    texts = torch.arange(len(drawn))
    return Batch(
        images=torch.zeros(2, 3, 16, 16),
        tokens=encoder.tokenize(drawn),
        text_index=texts,
        image_index=torch.from_numpy(np.sort(np.arange(len(drawn)) % 2)),
        prior=torch.ones(len(drawn)),
        caption_ids=texts,
        all_caption_ids=torch.arange(borne),
        all_image_index=torch.zeros(borne, dtype=torch.int64),
        rows=torch.arange(2),
    )


def figures(encoder: Small, monkeypatch: pytest.MonkeyPatch, drawn: list[str]) -> dict[str, Any]:
    clock = iter([10.0, 12.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    throughput = Throughput(encoder)
    trainer: Any = type("Trainer", (), {"world_size": 1})
    throughput.on_train_epoch_start(trainer, trainer)
    throughput.count(batch(encoder, drawn, borne=10), waited=0.5)
    return throughput.figures()


def test_only_drawn_captions_count(encoder: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    found = figures(encoder, monkeypatch, ["a river", "a bridge"])
    assert found["images_per_second"] == 2 / 2.0
    assert found["captions_per_second"] == 2 / 2.0
    assert found["texts_per_caption"] == 1.0
    assert found["data_wait_share"] == 0.5 / 2.0
    # start, a, river, end and bridge, end: start and a are computed once.
    assert found["text_tokens"] == 6
    assert found["text_tokens_share"] == 6 / (2 * 20)


def test_counts_go_on_after_an_interruption(encoder: Small) -> None:
    first, second = Throughput(encoder), Throughput(encoder)
    first.count(batch(encoder, ["a river"], borne=5), waited=0.0)
    second.load_state_dict(first.state_dict())
    second.count(batch(encoder, ["a river", "two"], borne=5), waited=0.0)
    assert second.figures()["texts"] == 3
    assert second.figures()["resumed"] == 1
