"""Any open_clip model: pretrained weights, towers locked in whole or in part."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch

from wfa.data.channels import Channels
from wfa.encoders.clip_encoder import ClipEncoder
from wfa.encoders.locking import lock_image, lock_text
from wfa.encoders.lora import LoraOptions, add_adapters, check_adapters_used
from wfa.encoders.sensor_towers import SensorConfig
from wfa.encoders.stem import INITS
from wfa.encoders.weights import build_model, build_tokenizer
from wfa.errors import ConfigError


@dataclass(frozen=True)
class Config(SensorConfig):
    """Which model, which weights, what is trained, and the options for sensors.

    Attributes:
        model: A name that open_clip knows, `local-dir:DIR` or `hf-hub:OWNER/NAME`.
        pretrained: A tag of open_clip's, a checkpoint file (safetensors, or a torch file of
            tensors only; of open_clip's names, or those of a CLIPModel of transformers), or empty
            for random weights. A file does not say which activation its weights were trained with,
            but for a config.json of transformers beside it: those that began at OpenAI's need a
            model in `-quickgelu`.
        lock_image: Leave the image tower as it is.
        lock_text: Leave the text tower as it is.
        unlock_image_blocks: The last blocks of a locked image tower that are trained all the
            same, with what stands behind them.
        unlock_text_blocks: The same for the text tower.
        grad_checkpointing: Recompute activations in the backward pass: less memory, slower.
        init: How the bands of a sensor start that the weights have not met, beside those that show
            red, green and blue: `zero`, the `mean` of the three colours, or `copies` of them.
            Random weights are drawn for all bands.
        lora: Adapters that are trained in place of a tower's own weights, in each tower that is not
            locked.
    """

    model: str = "ViT-B-32"
    pretrained: str = ""
    lock_image: bool = False
    lock_text: bool = False
    unlock_image_blocks: int = field(default=0, metadata={"at_least": 0})
    unlock_text_blocks: int = field(default=0, metadata={"at_least": 0})
    grad_checkpointing: bool = False
    init: str = field(default="mean", metadata={"one_of": INITS})
    lora: LoraOptions = field(default_factory=LoraOptions)


class OpenClip(ClipEncoder):
    """The towers of an open_clip model."""

    @classmethod
    def restore(cls, options: Config, channels: Channels | None = None) -> Self:
        """Build the model without its pretrained weights, which a run's own replace."""
        return cls(options, channels, weights=False)

    def __init__(
        self, options: Config, channels: Channels | None = None, weights: bool = True
    ) -> None:
        """Build the model, load its weights and lock what is to stay.

        Of a locked image tower the layer is trained all the same that was made for other bands.
        A tower that gets adapters is locked but for them.

        Raises:
            ModelError: There is no such model or weights, or they do not go together.
            ConfigError: The tower cannot be locked as asked, or an option for sensors is wrong.
        """
        if weights:  # a run that was trained so before is restored as it is
            _check_locks(options)
        model, config = build_model(options.model, options.pretrained, weights)
        trained = weights and bool(options.pretrained or ":" in options.model)
        super().__init__(
            model,
            build_tokenizer(options.model),
            config,
            options,
            channels,
            options.init if trained else None,
        )
        if channels is None:  # published weights have seen pictures that Pillow scaled
            self.image_spec = replace(self.image_spec, fit=f"pillow_{self.image_spec.fit}")
        if trained:
            self.initial_logit_scale = _number(model.logit_scale)
        adapts = options.lora.rank > 0
        if options.lock_image or adapts:
            lock_image(model, options.unlock_image_blocks)
        if options.lock_text or adapts:
            lock_text(model, options.unlock_text_blocks)
        if trained and _trains(model):
            self.fine_tunes = options.pretrained or options.model
        for stem in self.new_stems:
            stem.requires_grad_(True)
        if adapts:
            add_adapters(model, options.lora, not options.lock_image, not options.lock_text)
            if weights:
                self._check_adapters()
        if options.grad_checkpointing:
            model.set_grad_checkpointing(True)

    def _check_adapters(self) -> None:
        """Encode a blank image and a word, to find adapters that nothing depends on."""
        spec = self.image_spec
        blank = torch.zeros(1, len(spec.mean), spec.size, spec.size)
        features = [self.encode_image(blank), self.encode_text(self.tokenize(["field"]))]
        check_adapters_used(self.model, features)


def _check_locks(options: Config) -> None:
    for side in ("image", "text"):
        blocks = getattr(options, f"unlock_{side}_blocks")
        if blocks and not getattr(options, f"lock_{side}"):
            raise ConfigError(
                f"encoder.unlock_{side}_blocks={blocks} frees the last blocks of a locked tower, "
                f"and the {side} tower is not locked: add encoder.lock_{side}=true, or leave it "
                "out to train the whole tower"
            )


def _trains(model: Any) -> bool:
    """Say whether weights of the towers are trained, those beside that fuse sensors left out."""
    return any(
        parameter.requires_grad
        for name, parameter in model.named_parameters()
        if not name.startswith("visual.fuse.")
    )


def _number(parameter: Any) -> float:
    return float(parameter.detach().reshape(-1)[0])
