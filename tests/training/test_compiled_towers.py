"""Compiled towers give the features of plain ones; what cannot be compiled is named."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from tests.encoders import tiny_clips
from wfa.encoders.encoder import Encoder
from wfa.encoders.models.small import Config, Small
from wfa.errors import ConfigError
from wfa.training.compiled_towers import compile_towers


class Towers(Encoder):
    width, context_length = 4, 1

    def __init__(self) -> None:
        super().__init__()
        self.image, self.text = nn.Linear(3, 4), nn.Linear(2, 4)

    def encode_image(self, images: Tensor) -> Tensor:
        return self.image(images)  # type: ignore[no-any-return]

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.text(tokens)  # type: ignore[no-any-return]

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        raise NotImplementedError


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of what is its own
def test_features_and_names_stay() -> None:
    encoder = Towers()
    rows = torch.randn(5, 3)
    wanted, names = encoder.encode_image(rows), list(encoder.state_dict())
    compile_towers(encoder)
    torch.testing.assert_close(encoder.encode_image(rows), wanted)
    assert list(encoder.state_dict()) == names


def test_both_towers_of_a_clip_are_compiled() -> None:
    small = Small(Config(image_tower="vit", image_width=32, text_width=32, embed_dim=16))
    assert small.compiled_towers() == [small.model.visual, small.model.transformer]
    assert tiny_clips.custom_text_clip().text.transformer is not None


def test_without_a_compiler_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("no g++ here\nand much more")

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.raises(ConfigError, match=r"train\.compile=true .*\(no g\+\+ here\).*C\+\+"):
        compile_towers(Towers())


def test_an_encoder_without_towers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Towers()
    monkeypatch.setattr(encoder, "compiled_towers", lambda: ())
    with pytest.raises(ConfigError, match="features cached"):
        compile_towers(encoder)
