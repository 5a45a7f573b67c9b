"""The model with a decoder: both losses from one pass, alike on two processes, and its options."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.data.tiny import TinyDataset
from tests.model.kinds.coca_worker import build, whole_batch
from tests.model.two_processes import run_two
from wfa.data.instruction import DESCRIBE
from wfa.data.instruction_tokens import OWN_TOKENS, prompt
from wfa.encoders.encoder import Encoder
from wfa.encoders.models.frozen import Frozen
from wfa.errors import ConfigError
from wfa.model.clip import MultiCaptionCLIP
from wfa.model.kinds import clip
from wfa.model.kinds.coca import CoCa, Config
from wfa.plugins import registry as plugins

WORKER = Path(__file__).with_name("coca_worker.py")


def test_the_loss_is_the_contrast_and_the_weighted_answers() -> None:
    model, batch = build(), whole_batch()
    output = model(batch)
    alone = MultiCaptionCLIP.forward(model, batch)
    assert alone.captioning is None
    seen = model.look(batch.images)
    answers = []
    for instruction, image in zip(batch.instructions, batch.instruction_image, strict=True):
        own, count = model.decoder.losses(seen, instruction[None], image[None])
        answers.append((float(own.detach()), int(count)))
    assert [count for _, count in answers] == [2, 4, 2, 2]
    captioning = sum(nats / count**0.5 for nats, count in answers) / 4
    assert float(output.captioning) == pytest.approx(captioning, rel=1e-5)
    weight = model.options.caption_loss_weight
    expected = float(alone.loss.detach()) + weight * captioning
    assert float(output.loss.detach()) == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(output.image_features, alone.image_features)


def test_a_step_encodes_its_images_once() -> None:
    model = build()
    passes: list[int] = []
    encoder: Any = model.encoder
    encoder.model.visual.transformer.resblocks[0].register_forward_hook(
        lambda module, given, output: passes.append(len(output))
    )
    model(whole_batch())
    assert passes == [3]


@pytest.mark.slow
def test_every_parameter_that_trains_is_reached() -> None:
    model = build()
    torch.autograd.backward(model(whole_batch()).loss)
    for name, parameter in model.named_parameters():
        assert not parameter.requires_grad or parameter.grad is not None, name


@pytest.mark.slow
def test_two_processes_give_the_loss_and_gradients_of_one(tmp_path: Path) -> None:
    for found in run_two(WORKER, tmp_path):
        assert {"loss", "captioning", "decoder.words", "decoder.cells"} <= found.keys()
        assert max(found.values()) < 1e-5, max(found, key=lambda name: found[name])


@pytest.mark.slow
def test_a_handful_of_captions_is_learned_by_heart() -> None:
    captions = [["a red roof."], ["two rivers."], ["a road, a field."]]
    model = build(context_length=32, instructions=1)
    instructions = model.instructions(TinyDataset(captions), 0)
    own = [instructions.draw(0, image)[0] for image in range(3)]
    batch = replace(
        whole_batch(),
        instructions=torch.tensor([row + [0] * (max(map(len, own)) - len(row)) for row in own]),
        instruction_image=torch.arange(3),
    )
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(60):
        optimiser.zero_grad()
        torch.autograd.backward(model(batch).loss)
        optimiser.step()
    model.eval()
    with torch.no_grad():
        start = torch.tensor([prompt(model.spelling.ids, DESCRIBE, 32)] * 3)
        answers = model.decoder.write(model.look(batch.images), start, 20)
    assert [[model.read(answer)] for answer in answers] == captions


def test_the_words_are_those_of_the_instructions() -> None:
    model = build()
    model.instructions(TinyDataset([["a red roof"]]), 0)
    words = Counter(model.spelling.ids(DESCRIBE) + model.spelling.ids("a red roof"))
    known = model.decoder.known[model.decoder.known < 2**62].tolist()
    assert known == [0, 1, 2, 3, *sorted(word + OWN_TOKENS for word in words)]


def test_the_plain_model_takes_no_instructions() -> None:
    parts = build()
    model = clip.Clip(clip.Config(), parts.encoder, parts.aggregation, parts.loss)
    assert model.instructions(TinyDataset([["a"]]), 0) is None
    assert model(whole_batch()).captioning is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 30, "heads": 4}, "multiple of model.heads=4"),
        ({"layers": 0}, "model.layers=0 must be at least 1"),
        ({"instructions": 0}, "model.instructions=0 must be at least 1"),
        ({"context_length": 8}, "model.context_length=8 must be at least 16"),
        ({"vocabulary": 4}, "model.vocabulary=4 must be at least 128"),
        ({"caption_loss_weight": 0.0}, "model=clip trains no decoder"),
        ({"caption_loss_weight": float("nan")}, "must be above 0"),
    ],
)
def test_options_that_mean_nothing(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Config(**options)
    assert message in str(error.value)


def test_locked_features_have_nothing_to_look_at() -> None:
    encoder: Encoder = Frozen.__new__(Frozen)
    nn.Module.__init__(encoder)
    encoder.width = 16
    aggregation = plugins.plugin_class("aggregation", "mean")(
        plugins.config_class("aggregation", "mean")(), 16
    )
    loss = plugins.plugin_class("loss", "info_nce")(plugins.config_class("loss", "info_nce")())
    with pytest.raises(ConfigError, match="model=coca needs the image tower's cells"):
        CoCa(Config(), encoder, aggregation, loss)
