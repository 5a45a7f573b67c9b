"""Large batches on little memory: the towers see a batch in parts, the loss sees it whole.

Gradient caching (Gao et al. 2021, arXiv:2101.06983). A contrastive loss needs the features of the
whole batch, but the activations of one part at a time: first every part is encoded and only its
features are kept; once their gradients are known, each part is encoded again and the gradient goes
on through it. Here torch's checkpoints do both within one backward pass, so that several processes,
mixed precision, clipping and accumulation work as they do without parts.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from wfa.data.batch import Batch
from wfa.errors import ConfigError
from wfa.model.clip import MultiCaptionCLIP, Output


def cached_contrast(model: MultiCaptionCLIP, batch: Batch, micro_batch: int) -> Output:
    """Compute what `model(batch)` does, with the activations of `micro_batch` images at a time.

    The batch's distinct texts are encoded in as many parts as its images, each of them once.
    Aggregation and loss see all features at once. Loss and gradients are those of the whole batch
    up to the order of summation; the price is a second forward pass through the towers. What a
    tower draws at random, such as dropout, is drawn again alike in that pass.

    Args:
        model: The model; one that `check_cached` takes.
        batch: The batch of this process.
        micro_batch: Images encoded at once, at least 1.

    Returns:
        As `MultiCaptionCLIP.forward`.
    """
    parts = -(-len(batch.images) // micro_batch)
    image_features = encode_in_parts(model.encode_image, batch.images, parts)
    text_features = encode_in_parts(model.encode_text, batch.tokens, parts)
    return model.contrast(batch, image_features, text_features)


def encode_in_parts(encode: Callable[[Tensor], Tensor], inputs: Tensor, parts: int) -> Tensor:
    """Encode inputs in parts of about one size, keeping no activations.

    Each part is encoded again when gradients go back through it, with torch's generators as they
    were, on the CPU and on the inputs' device.

    Args:
        encode: One side, rows independent of each other: (n, ...) -> (n, D).
        inputs: (N, ...), N at least 1.
        parts: How many; at most N are made.

    Returns:
        (N, D), with gradients where they are enabled.
    """
    chunks = inputs.tensor_split(min(parts, len(inputs)))
    encoded: list[Tensor] = [checkpoint(encode, chunk, use_reentrant=False) for chunk in chunks]
    return torch.cat(encoded)


def check_cached(model: MultiCaptionCLIP) -> None:
    """Refuse a model whose loss is another one when its batch is encoded in parts.

    Raises:
        ConfigError: It learns of more than features, or a batch norm sees the batch.
    """
    if not model.contrast_alone:
        raise ConfigError(
            "train.micro_batch encodes a batch in parts and keeps their features alone, and the "
            "chosen model, such as coca, learns of more than these: set train.micro_batch=0, or "
            "model=clip"
        )
    for name, module in model.encoder.named_modules():
        if isinstance(module, _BatchNorm):
            raise ConfigError(
                f"train.micro_batch encodes a batch in parts, and the batch norm {name} would see "
                "the statistics of a part for those of the batch: choose a tower without batch "
                "norms (encoder.image_tower=vit, or a ViT of encoder=open_clip), lock the tower, "
                "or set train.micro_batch=0"
            )
