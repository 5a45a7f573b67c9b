"""Any open_clip model: pretrained weights, towers locked in whole or in part."""

from dataclasses import dataclass
from typing import Any, Self

from wfa.encoders._clip import ClipEncoder
from wfa.encoders._locking import lock_image, lock_text
from wfa.encoders._weights import build_model, build_tokenizer


@dataclass(frozen=True)
class Config:
    """Which model, which weights, what is trained.

    Attributes:
        model: A name that open_clip knows, `local-dir:DIR` or `hf-hub:OWNER/NAME`.
        pretrained: A tag of open_clip's, a checkpoint file (safetensors, or a torch file of
            tensors only), or empty for random weights.
        lock_image: Leave the image tower as it is.
        lock_text: Leave the text tower as it is.
        unlock_image_blocks: The last blocks of a locked image tower that are trained all the
            same, with what stands behind them.
        unlock_text_blocks: The same for the text tower.
        grad_checkpointing: Recompute activations in the backward pass: less memory, slower.
    """

    model: str = "ViT-B-32"
    pretrained: str = ""
    lock_image: bool = False
    lock_text: bool = False
    unlock_image_blocks: int = 0
    unlock_text_blocks: int = 0
    grad_checkpointing: bool = False


class OpenClip(ClipEncoder):
    """The towers of an open_clip model."""

    @classmethod
    def restore(cls, options: Config) -> Self:
        """Build the model without its pretrained weights, which a run's own replace."""
        return cls(options, weights=False)

    def __init__(self, options: Config, weights: bool = True) -> None:
        """Build the model, load its weights and lock what is to stay.

        Raises:
            ModelError: There is no such model or weights, or they do not go together.
            ConfigError: The tower cannot be locked as asked.
        """
        model, config = build_model(options.model, options.pretrained, weights)
        super().__init__(model, build_tokenizer(options.model), config)
        if weights and (options.pretrained or ":" in options.model):
            self.initial_logit_scale = _number(model.logit_scale)
        if options.lock_image:
            lock_image(model, options.unlock_image_blocks)
        if options.lock_text:
            lock_text(model, options.unlock_text_blocks)
        if options.grad_checkpointing:
            model.set_grad_checkpointing(True)


def _number(parameter: Any) -> float:
    return float(parameter.detach().reshape(-1)[0])
