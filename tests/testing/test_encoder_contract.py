from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from wfa.data.images import ImageSpec
from wfa.encoders.encoder import Encoder
from wfa.errors import ConfigError
from wfa.testing import ContractError, check_encoder


@dataclass(frozen=True)
class Config:
    """Options.

    Attributes:
        width: Of the features.
    """

    width: int = 4


class Letters(Encoder):
    """An image is its mean colour, a text its first eight letters."""

    context_length = 8
    image_spec = ImageSpec(size=6, mean=(0.5,) * 3, std=(0.25,) * 3)

    def __init__(self, options: Config, channels: Any = None) -> None:
        super().__init__()
        self.width = options.width
        self.image = nn.Linear(3, options.width)
        self.text = nn.Linear(self.context_length, options.width)

    def encode_image(self, images: Tensor) -> Tensor:
        return torch.as_tensor(self.image(images.mean((2, 3))))

    def encode_text(self, tokens: Tensor) -> Tensor:
        padded = nn.functional.pad(tokens, (0, self.context_length - tokens.shape[1]))
        return torch.as_tensor(self.text(padded / 128))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        rows = [[*text.encode()][: self.context_length] for text in texts]
        return nn.utils.rnn.pad_sequence(list(map(torch.tensor, rows)), batch_first=True)


class Misspelt(Letters):
    """Has a method that is nearly one of the base."""

    def encode_texts(self, tokens: Tensor) -> Tensor:
        return tokens


class Whitened(Letters):
    """Takes the mean of the batch away."""

    def encode_image(self, images: Tensor) -> Tensor:
        found = super().encode_image(images)
        return found - found.mean(dim=0)


class Drawn(Letters):
    """Draws in evaluation mode too."""

    def encode_text(self, tokens: Tensor) -> Tensor:
        return nn.functional.dropout(super().encode_text(tokens), 0.5)


class Narrow(Letters):
    """Says another width than it gives."""

    def __init__(self, options: Config, channels: Any = None) -> None:
        super().__init__(options, channels)
        self.width += 1


class Uncut(Letters):
    """Does not cut long texts."""

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        rows = [torch.tensor([*text.encode()]) for text in texts]
        return nn.utils.rnn.pad_sequence(rows, batch_first=True)


class Blind(Letters):
    """Sees no image."""

    def encode_image(self, images: Tensor) -> Tensor:
        return super().encode_image(torch.zeros_like(images))


class Fixed(Letters):
    """Trains nothing."""

    def __init__(self, options: Config, channels: Any = None) -> None:
        super().__init__(options, channels)
        self.requires_grad_(False)


class Forgetful(Letters):
    """Keeps a weight where no file finds it."""

    def __init__(self, options: Config, channels: Any = None) -> None:
        super().__init__(options, channels)
        self.scale = torch.rand(())

    def encode_image(self, images: Tensor) -> Tensor:
        return super().encode_image(images) * self.scale


class Broken(Letters):
    """Fails."""

    def encode_image(self, images: Tensor) -> Tensor:
        raise RuntimeError("no such layer")


def test_one_that_keeps_it() -> None:
    before = torch.get_rng_state()
    check_encoder(Letters, Config, width=7)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        (Misspelt, "did you mean 'encode_text'"),
        (Whitened, "other images of the batch change features"),
        (Drawn, "the same texts give other features again"),
        (Narrow, r"image features are \(4, 4\), not \(4, 5\)"),
        (Uncut, "a long text is not cut to 8 tokens"),
        (Blind, "two different images have the same features"),
        (Fixed, "nothing of it is trained"),
        (Forgetful, "its weights, restored, give other features"),
        (Broken, "fails when it encodes images: RuntimeError: no such layer"),
    ],
)
def test_one_that_breaks_it(encoder: type[Encoder], message: str) -> None:
    with pytest.raises(ContractError, match=rf"{encoder.__name__}\b.*{message}"):
        check_encoder(encoder, Config)


def test_an_option_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no option of Letters 'depth'.*'width'"):
        check_encoder(Letters, Config, depth=3)
