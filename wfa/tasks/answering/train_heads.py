"""Train the heads on the training images' questions; the best epoch on validation is kept."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from wfa.bigearthnet.rows import Box
from wfa.progress import track
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.heads import Heads
from wfa.tasks.answering.image_grid import cover, generalised_iou
from wfa.tasks.answering.question_arrays import Floats, Ints
from wfa.tasks.answering.question_batches import Answers, Asked
from wfa.tasks.box_overlap import box_iou

_WARMUP = 0.1
_CLIP = 1.0
_AMOUNT = 5.0
_AT_ONCE = 64  # images answered together outside training


def train_heads(
    heads: Heads, train: Asked, validation: Asked, options: Config
) -> list[dict[str, float]]:
    """Train the heads in place.

    Args:
        heads: New heads; they hold the weights of the best epoch afterwards.
        train: The questions to learn from.
        validation: The questions that choose the epoch: the mean of the accuracies of both kinds
            of question and of mIoU, where there are such questions.
        options: `task` options.

    Returns:
        One dict an epoch: epoch, loss, and the validation figures.
    """
    steps = options.epochs * math.ceil(train.material.images / options.batch_size)
    optimiser = torch.optim.AdamW(
        heads.parameters(), lr=options.lr, weight_decay=options.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / steps))
    best, chosen = -1.0, heads.state_dict()
    history: list[dict[str, float]] = []
    losses: list[float] = []
    for epoch, images in track(list(_order(train.material.images, options)), "training heads"):
        heads.train()
        loss = loss_of(train, train.answer(heads, images))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(heads.parameters(), _CLIP)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if len(losses) * options.epochs == steps:
            figures = measure(heads, validation)
            history.append({"epoch": epoch, "loss": float(np.mean(losses)), **figures})
            losses = []
            reached = float(np.mean([*figures.values()])) if figures else float(epoch)
            if reached >= best:
                best = reached
                chosen = {key: value.clone() for key, value in heads.state_dict().items()}
    heads.load_state_dict(chosen)
    heads.eval()
    return history


def loss_of(asked: Asked, answers: Answers) -> Tensor:
    """Return the loss of one batch: both kinds of question and the boxes, each a mean."""
    claims, choices, targets = answers.rows
    device = answers.claims.device
    loss = answers.claims.sum() * 0.0
    if len(claims):
        right = torch.from_numpy(asked.material.claims.right[claims]).to(device)
        loss = loss + functional.binary_cross_entropy_with_logits(answers.claims, right)
        # A true statement about an area tells how much of the image it speaks of.
        loss = loss + _AMOUNT * (answers.outside[0] * right).mean()
    if len(choices):
        place = torch.from_numpy(asked.material.choices.right[choices]).to(device)
        loss = loss + functional.cross_entropy(answers.choices, place)
        loss = loss + _AMOUNT * answers.outside[1].gather(1, place[:, None]).mean()
    if len(targets):
        box = torch.from_numpy(asked.material.targets.box[targets]).to(device)
        boxes, inside = answers.located
        apart = 1 - generalised_iou(boxes, box)
        covered = cover(box, inside.shape[-1])
        loss = loss + apart.mean() + 2 * functional.l1_loss(boxes, box)
        loss = loss + functional.binary_cross_entropy_with_logits(inside, covered)
    return loss


@torch.no_grad()
def answer_all(heads: Heads, asked: Asked) -> tuple[Floats, Floats, Floats]:
    """Answer every question.

    Returns:
        Logits of yes (N,), of the options (R, K), and boxes (T, 4).
    """
    heads.eval()
    claims = np.zeros(len(asked.material.claims.ids), np.float32)
    choices = np.zeros(asked.material.choices.texts.shape, np.float32)
    boxes = np.zeros((len(asked.material.targets.ids), 4), np.float32)
    for start in range(0, asked.material.images, _AT_ONCE):
        images = np.arange(start, min(start + _AT_ONCE, asked.material.images))
        found = asked.answer(heads, images)
        claims[found.rows[0]] = found.claims.cpu().numpy()
        choices[found.rows[1]] = found.choices.cpu().numpy()
        boxes[found.rows[2]] = found.located.boxes.cpu().numpy()
    return claims, choices, boxes


def measure(heads: Heads, asked: Asked) -> dict[str, float]:
    """Return accuracy of both kinds of question and mIoU, of those that are asked."""
    material = asked.material
    claims, choices, boxes = answer_all(heads, asked)
    found: dict[str, float] = {}
    if len(claims):
        found["binary"] = float(((claims > 0) == (material.claims.right > 0.5)).mean())
    if len(choices):
        found["mcq"] = float((choices.argmax(1) == material.choices.right).mean())
    if len(boxes):
        pairs = zip(boxes.tolist(), material.targets.box.tolist(), strict=True)
        found["mIoU"] = float(np.mean([box_iou(Box(*one), Box(*two)) for one, two in pairs]))
    return found


def _order(images: int, options: Config) -> Iterator[tuple[int, Ints]]:
    """Give (epoch, images of a step), each image once an epoch."""
    for epoch in range(options.epochs):
        order = np.random.default_rng((options.seed, epoch)).permutation(images)
        for start in range(0, images, options.batch_size):
            yield epoch, np.sort(order[start : start + options.batch_size])


def _rate(done: float) -> float:
    """Return the learning rate's share: a short rise, then a cosine."""
    if done < _WARMUP:
        return (done + 0.01) / (_WARMUP + 0.01)
    return 0.5 * (1 + math.cos(math.pi * (done - _WARMUP) / (1 - _WARMUP)))
