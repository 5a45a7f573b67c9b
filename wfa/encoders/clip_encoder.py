"""What all encoders over an open_clip model share."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from open_clip.transform import PreprocessCfg
from torch import Tensor, nn

from wfa.data.channels import Channels
from wfa.data.images import ImageSpec
from wfa.encoders.encoder import Encoder
from wfa.encoders.lora import without_adapters
from wfa.encoders.sensor_towers import SensorConfig, channel_dropout, fit_tower, sensor_spec
from wfa.encoders.spelling import Spelling
from wfa.encoders.text_compute import encode_text, tokens_computed, trims
from wfa.encoders.token_table import TokenTable
from wfa.errors import ModelError

FITS = {"shortest": "crop", "squash": "squash"}
"""open_clip's resize modes -> ours."""


class ClipEncoder(Encoder):
    """Both towers of a stock open_clip model.

    Args:
        model: `CLIP`, `CustomTextCLIP` or `CoCa` with `preprocess_cfg` set on its image tower.
        tokenizer: The open_clip tokenizer that goes with it.
        config: `model_cfg` as stock open_clip builds the model from.
        options: How the bands of sensors are taken.
        channels: What the images' channels are; None for red, green and blue.
        init: How bands start that the model's weights have not met, see `take_channels`; None where
            the weights are random.

    Attributes:
        model: The stock model, perhaps with adapters, or an image tower for the bands of sensors.
        new_stems: The layers of the image tower that were made for them.
        tokenizer: As given.

    Raises:
        ConfigError: The options for sensors are wrong, or do not go with the channels.
        ModelError: The image tower cannot be made to take the channels.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        config: Mapping[str, Any],
        options: SensorConfig,
        channels: Channels | None,
        init: str | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.width = int(config["embed_dim"])
        self.context_length = int(tokenizer.context_length)
        self._preprocess: Mapping[str, Any] = model.visual.preprocess_cfg
        self.image_spec = sensor_spec(image_spec(self._preprocess), channels)
        self.channel_dropout = channel_dropout(options, channels)
        self.new_stems: list[nn.Conv2d] = []
        if channels is not None:
            self.new_stems = fit_tower(model, channels, options, self.width, init)
        self.tokenizer = tokenizer
        self._config = config
        self.spelling = Spelling(tokenizer)
        self._tokens = TokenTable(tokenizer, _pad_id(tokenizer), self.context_length, trims(model))
        # The temperature is learned outside, and a decoder has no part in retrieval: parameters
        # that no loss reaches would stop distributed training.
        for name, parameter in model.named_parameters():
            if name.startswith(("logit_scale", "logit_bias", "text_decoder")):
                parameter.requires_grad_(False)

    @property
    def stock_model(self) -> Any:
        """The model as open_clip builds it; what was added to its layers is merged into them."""
        return without_adapters(self.model)

    @property
    def stock_config(self) -> dict[str, Any]:
        """The content of an `open_clip_config.json` that goes with `stock_model`."""
        preprocess = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in self._preprocess.items()
        }
        return {"model_cfg": dict(self._config), "preprocess_cfg": preprocess}

    def encode_image(self, images: Tensor) -> Tensor:
        """Encode images (B, C, size, size) as `normalise` leaves them; (B, D).

        Channels that are zero are those of a sensor that is missing.
        """
        return torch.as_tensor(self.model.encode_image(images, normalize=False))

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Encode tokens (U, L) as `tokenize` gives them; (U, D)."""
        return encode_text(self.model, tokens)

    def tokens_computed(self, tokens: Tensor) -> int:
        """Return the positions computed for tokens (U, L): shared beginnings count once."""
        return tokens_computed(self.model, tokens)

    def compiled_towers(self) -> Sequence[nn.Module]:
        """Return the image tower and the blocks of the text tower.

        The packed text forward, on a CPU, calls those blocks' layers by themselves: there the
        text tower stays as it is.
        """
        text = getattr(self.model, "text", self.model)
        return [self.model.visual, text.transformer]

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Return the tokens of U texts: int64 (U, L), trimmed where that changes no feature."""
        return self._tokens(texts)


def image_spec(preprocess: Mapping[str, Any]) -> ImageSpec:
    """Turn open_clip's preprocessing into what our images are brought to.

    Raises:
        ModelError: The model wants images that are not square, or a way of fitting them that we
            do not have.
    """
    options = PreprocessCfg(**preprocess)
    sides = {options.size} if isinstance(options.size, int) else set(options.size)
    if len(sides) != 1 or options.resize_mode not in FITS:
        raise ModelError(
            f"the model wants images of {options.size} pixels fitted by {options.resize_mode!r}: "
            "only square images fitted by 'shortest' or 'squash' are supported"
        )
    return ImageSpec(
        size=sides.pop(),
        mean=tuple(options.mean),
        std=tuple(options.std),
        interpolation=options.interpolation,
        fit=FITS[options.resize_mode],
    )


def _pad_id(tokenizer: Any) -> int:
    inner = getattr(tokenizer, "tokenizer", None)
    return int(getattr(inner, "pad_token_id", None) or 0)
