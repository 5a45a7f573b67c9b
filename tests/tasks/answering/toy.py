"""Images of four cells with a lake or a wood in some, and questions about them."""

from typing import Any

import numpy as np
import torch

from tests.bigearthnet.made import row
from wfa.bigearthnet.rows import Row
from wfa.tasks.answering.heads import Heads
from wfa.tasks.answering.image_tokens import ImageTokens
from wfa.tasks.answering.question_arrays import Material, gather
from wfa.tasks.answering.question_batches import Asked
from wfa.tasks.answering.reader import Sizes
from wfa.tasks.answering.text_reading import Vocabulary

GRID, CHANNELS, WIDTH = 4, 3, 16
_COLUMNS = ("ID", "patch_id", "s1_name", "input", "output", "type", "category")
_NAMES = ("inland waters", "mixed forest")


def as_row(made: dict[str, Any]) -> Row:
    return Row(*(made[name] for name in _COLUMNS))


def toy(images: int, seed: int = 0) -> tuple[Material, ImageTokens]:
    """Make images with a rectangle of one class, and one question of each kind about it."""
    rng = np.random.default_rng(seed)
    tokens = np.zeros((images, CHANNELS, GRID, GRID), np.float32)
    rows = []
    for image in range(images):
        kind = int(rng.integers(2))
        x, y = (sorted(rng.choice(GRID + 1, 2, replace=False).tolist()) for _ in range(2))
        tokens[image, kind, y[0] : y[1], x[0] : x[1]] = 3.0
        box = "[{} {}, {} {}]".format(*(value / GRID for value in (x[0], y[0], x[1], y[1])))
        asked = int(rng.integers(2))
        answer, number = "yes" if asked == kind else "no", 10 * image
        options = "Which land cover class is present? a) Inland waters, b) Mixed forest"
        point = f"({(x[0] + 0.5) / GRID}, {(y[0] + 0.5) / GRID})"
        made = [
            row(number, 0, "binary", "presence", f"Are {_NAMES[asked]} there?", answer),
            row(number + 1, 0, "mcq", "presence", options, "ab"[kind]),
            row(number + 2, 0, "bounding box", "reference", f"<ref>{_NAMES[kind]}</ref>", box),
            row(number + 3, 0, "bounding box", "point", f"<point>{point}</point>", box),
            row(number + 4, 0, "captioning", "None", "Describe it.", f"There is {_NAMES[kind]}."),
        ]
        rows.append([as_row(one) for one in made])
    whole = torch.nn.functional.normalize(torch.from_numpy(tokens).mean((2, 3)), dim=-1)
    return gather(rows), ImageTokens(whole, torch.from_numpy(tokens).half())


def sizes(vocabulary: Vocabulary) -> Sizes:
    return Sizes(len(vocabulary), CHANNELS, CHANNELS, WIDTH, 0.0)


def asked_of(images: int, seed: int = 0) -> tuple[Asked, Heads]:
    """Give toy questions, and new heads for them."""
    material, seen = toy(images, seed)
    vocabulary = Vocabulary.of(material.texts)
    torch.manual_seed(0)
    features = torch.nn.functional.normalize(torch.randn(len(material.texts), CHANNELS), dim=-1)
    heads = Heads(sizes(vocabulary)).eval()
    return Asked(material, seen, features, vocabulary, torch.device("cpu")), heads
