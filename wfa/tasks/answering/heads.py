"""Light heads on a run's features: one judges statements, one draws boxes; both share their eyes.

The run's own towers stay as they are. Shapes: B images, U texts, L words, S statements or targets,
H heads, G x G cells, W width.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.tasks.answering.image_grid import (
    MEASURES,
    RELATION,
    WAY,
    cell_centres,
    measures,
    ordered,
    relation,
    way_to,
)
from wfa.tasks.answering.reader import Read, Reader, Sizes
from wfa.tasks.answering.statement_groups import Rows
from wfa.tasks.answering.text_reading import NO_LAND

HEADS = 8
_LAYERS = 3


class Seen(NamedTuple):
    """What is seen of B images.

    Attributes:
        cells: (B, W, G, G).
        whole: (B, D).
        lands: (B, 20, G, G), how much of each cell is of each class, and of none.
    """

    cells: Tensor
    whole: Tensor
    lands: Tensor


class Judged(NamedTuple):
    """S statements.

    Attributes:
        logits: (S,), of being true.
        outside: (S,), how far the share of the image that it speaks of lies outside its bounds.
    """

    logits: Tensor
    outside: Tensor


class Located(NamedTuple):
    """S boxes.

    Attributes:
        boxes: (S, 4) x1, y1, x2, y2 in 0 to 1, with x1 < x2 and y1 < y2.
        inside: (S, G, G) logits of a cell lying in the box.
    """

    boxes: Tensor
    inside: Tensor


class Eyes(nn.Module):
    """Looks at patch tokens: standardised, with their place, and with their neighbours.

    Attributes:
        mean: (C,) of the training tokens.
        std: (C,) likewise.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.register_buffer("mean", torch.zeros(sizes.channels))
        self.register_buffer("std", torch.ones(sizes.channels))
        self.enter = nn.Conv2d(sizes.channels + 2, width, 1)
        self.near = nn.ModuleList(_Near(width) for _ in range(2))
        self.lands = nn.Conv2d(width, NO_LAND + 1, 1)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, tokens: Tensor, whole: Tensor) -> Seen:
        """Look at tokens (B, C, G, G) and at the whole images' features (B, D)."""
        tokens = (tokens.float() - self.mean[:, None, None]) / self.std[:, None, None]
        tokens = self.dropout(tokens.clamp(-5, 5))
        places = cell_centres(tokens.shape[-1]).to(tokens).expand(len(tokens), -1, -1, -1)
        cells = functional.gelu(self.enter(torch.cat([tokens, places], 1)))
        for layer in self.near:
            cells = layer(cells)
        return Seen(cells, whole, self.lands(cells).softmax(1))


class Judge(nn.Module):
    """Judges statements: how true is each of its image?"""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.gate_query, self.gate_key = nn.Linear(width, width), nn.Linear(width, width)
        self.gate_bias = nn.Parameter(torch.full((HEADS, 1), -1.0))
        self.whole = nn.Linear(sizes.features, width)
        known = 4 * width + MEASURES * HEADS + RELATION
        self.out = nn.Sequential(
            nn.LayerNorm(known), nn.Linear(known, 2 * width), nn.GELU(),
            nn.Dropout(sizes.dropout), nn.Linear(2 * width, width), nn.GELU(),
            nn.Linear(width, 1),
        )  # fmt: skip
        self.lies = nn.Parameter(torch.tensor(2.0))
        self.matters = nn.Linear(width, 1)
        self.similarity = nn.Parameter(torch.tensor(5.0))

    def forward(self, seen: Seen, read: Read, image: Tensor) -> Judged:
        """Judge S statements.

        Args:
            seen: B images.
            read: S statements.
            image: (S,) statement -> image, ascending.
        """
        attended, gates = self._look(seen.cells, read.meaning, image)
        whole = self.whole(seen.whole * seen.whole.shape[1] ** 0.5)[image]
        first, second = (seen.lands[image, land] for land in read.lands.unbind(1))
        told = relation(first, second, read.way)
        known = [read.meaning, whole, read.meaning * whole, attended, measures(gates), told]
        near = (seen.whole[image] * read.features).sum(1)
        logits = self.out(torch.cat(known, 1))[:, 0] + self.similarity * near
        logits = logits + self.lies * told[:, 0]
        share = first.mean((1, 2))
        within = torch.minimum(share - read.bounds[:, 0], read.bounds[:, 1] - share)
        matters = functional.softplus(self.matters(read.meaning)[:, 0])
        logits = logits + matters * torch.tanh(_SHARPNESS * within)
        return Judged(logits, functional.relu(-within))

    def _look(self, cells: Tensor, meaning: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return what attention finds (S, W), and how far cells are meant (S, H, G, G)."""
        grid = cells.shape[-1]
        flat = cells.flatten(2).transpose(1, 2)  # (B, J, W)
        rows = Rows(image, len(cells))
        query, gate_query = (_split(rows.pad(layer(meaning)))
                             for layer in (self.query, self.gate_query))  # fmt: skip
        key, value, gate_key = (
            _split(layer(flat)) for layer in (self.key, self.value, self.gate_key)
        )
        attended = functional.scaled_dot_product_attention(query, key, value)
        scale = key.shape[-1] ** -0.5
        gates = torch.sigmoid(gate_query @ gate_key.transpose(2, 3) * scale * 4
                              + self.gate_bias[:, :, None])  # fmt: skip
        attended = rows.take(attended.transpose(1, 2).flatten(2))
        return attended, rows.take(gates.transpose(1, 2)).reshape(-1, HEADS, grid, grid)


class Locator(nn.Module):
    """Draws a box around what a phrase or a point means: each side is a place among the cells."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, half = sizes.width, sizes.width // 2
        self.enter = nn.Conv2d(width, half, 1)
        self.meaning = nn.Linear(width, 2 * half)
        self.point = nn.Conv2d(WAY + 1, half, 1)
        self.near = nn.ModuleList(_Near(half) for _ in range(_LAYERS))
        # Where each side is, how far off the cell's centre, and whether the cell is inside.
        self.sides = nn.Conv2d(half, 9, 1)

    def forward(self, seen: Seen, read: Read, point: Tensor, image: Tensor) -> Located:
        """Draw S boxes.

        Args:
            seen: B images.
            read: S phrases; texts without a word for points.
            point: (S, 3): x, y and 1, or zeros for a phrase.
            image: (S,) target -> image.

        Returns:
            The boxes, and which cells are taken to lie in them.
        """
        grid = seen.cells.shape[-1]
        centres = cell_centres(grid).to(seen.cells)
        meant = seen.lands[image, read.lands[:, 0]][:, None] * (1 - point[:, 2, None, None, None])
        away = torch.cat([way_to(point, centres), meant], 1)
        gain, shift = self.meaning(read.meaning)[:, :, None, None].chunk(2, 1)
        cells = (self.enter(seen.cells)[image] + self.point(away)) * (1 + gain) + shift
        for layer in self.near:
            cells = layer(cells)
        found, offset, inside = self.sides(cells).flatten(2).split((4, 4, 1), 1)  # (S, ., J)
        places = centres.flatten(1)[[0, 1, 0, 1]] + _OFF_CENTRE * offset.tanh()
        start = places.new_tensor(_START)
        sides = start + (found.softmax(2) * places).sum(2)
        return Located(ordered(sides), inside.reshape(-1, grid, grid))


class _Near(nn.Module):
    """Adds to each cell (B, W, G, G) what its neighbours tell."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(HEADS, width)
        self.mix = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, cells: Tensor) -> Tensor:
        """Return the cells with what is near."""
        return cells + functional.gelu(self.mix(self.norm(cells)))


class Heads(nn.Module):
    """Reader, eyes, judge and locator, trained together."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.reader, self.eyes = Reader(sizes), Eyes(sizes)
        self.judge, self.locator = Judge(sizes), Locator(sizes)


_OFF_CENTRE = 0.3
_SHARPNESS = 8.0
_START = (-0.25, -0.25, 0.25, 0.25)  # before anything is learned, half the image around its centre


def _split(values: Tensor) -> Tensor:
    """Split the width among the heads: (B, N, W) -> (B, H, N, W / H)."""
    return values.reshape(*values.shape[:2], HEADS, -1).transpose(1, 2)
