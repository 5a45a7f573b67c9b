"""A small untrained run whose attention is not at its start, shared by tests that read it."""

from pathlib import Path

import pytest
import torch

from tests.search.conftest import SMALL, images, index, picture, run, shared_run
from wfa.files import write_text
from wfa.options.run_config import resolve
from wfa.runs.parts import Parts, save_weights
from wfa.runs.run_folder import RunFolder

__all__ = ["images", "index", "picture", "run", "shared_run"]

TEXTS = ["two red ships on the sea", "a field", "It's 3 rivers, between FIELDS; and one more road."]


def make_run(folder: Path, *words: str, small: bool = True) -> Path:
    """Write a run of random weights: a temperature of its own, an aggregation that has learned."""
    own = [word for word in SMALL if "data=" not in word] if small else []
    config = resolve(["data=scenes", *own, *words])
    torch.manual_seed(0)
    model = Parts(config).model
    with torch.no_grad():
        model.logit_scale.fill_(3.25)
        for weight in model.aggregation.parameters():
            weight.normal_()
    write_text(folder / "config.yaml", config.as_yaml())
    save_weights(model, RunFolder(folder))
    return folder


@pytest.fixture(scope="session")
def attention_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ViT and CLIP's text tower, trained with attention; no test changes it."""
    return make_run(tmp_path_factory.mktemp("runs") / "attention", "aggregation=attention",
                    "encoder.image_size=32")  # fmt: skip
