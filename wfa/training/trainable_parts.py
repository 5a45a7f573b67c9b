"""Which parts of a model are trained, in words, before any time is spent on it."""

from collections.abc import Iterator, Mapping

from torch import nn

IMAGE, TEXT, TEMPERATURE = "image tower", "text tower", "temperature"
FINE_TUNING_RATE = 1e-4
"""Highest learning rate at which pretrained weights are usually trained on."""
Counts = Mapping[str, tuple[int, int]]
"""Part -> numbers in it that are trained, and all of them."""


def count_trainable(model: nn.Module) -> Counts:
    """Count the parameters of a multi-caption CLIP, part by part.

    Args:
        model: The model; in its encoder what is called `image` or `visual` is the image tower and
            the rest the text tower. Its other parts go by their own names.

    Returns:
        The parts with parameters, in the model's order.
    """
    counts: dict[str, tuple[int, int]] = {}
    for name, parameter in model.named_parameters():
        part = _part(name)
        if part is None:
            continue
        trained, all_of_it = counts.get(part, (0, 0))
        size = parameter.numel()
        counts[part] = (trained + size * parameter.requires_grad, all_of_it + size)
    return counts


def describe_trainable(counts: Counts) -> Iterator[str]:
    """Say what is trained; a second line warns where that is the temperature alone."""
    parts = ", ".join(
        f"{part} {trained:,}" + (f" of {size:,}" if trained < size else "")
        for part, (trained, size) in counts.items()
    )
    yield f"trained parameters: {parts}"
    if not any(trained for part, (trained, _) in counts.items() if part != TEMPERATURE):
        yield (
            "warning: nothing but the temperature is trained, so every epoch gives the same "
            "ranking: leave a tower unlocked, unlock its last blocks, or take an aggregation that "
            "learns"
        )


def warn_of_rate(fine_tunes: str, lr: float) -> Iterator[str]:
    """Warn where pretrained weights meet a learning rate that would soon have forgotten them.

    Args:
        fine_tunes: The pretrained weights that are trained as they are; empty for none.
        lr: The highest learning rate.
    """
    if fine_tunes and lr > FINE_TUNING_RATE:
        yield (
            f"warning: train.lr={lr:g} is a rate for training from scratch, and the weights of "
            f"encoder.pretrained={fine_tunes} are trained on: rates up to {FINE_TUNING_RATE:g} are "
            "usual there; run=clip_finetune takes 1e-05 with a warm-up, or train adapters with "
            "encoder.lora.rank=8"
        )


def _part(name: str) -> str | None:
    first, _, rest = name.partition(".")
    if first == "logit_scale":
        return TEMPERATURE
    if first != "encoder":
        return first
    if rest.startswith(("model.logit_", "model.text_decoder")):
        return None  # the model brings its own, which are outside of training
    return IMAGE if "visual" in rest or rest.startswith("image") else TEXT
