"""Light heads on a run's features: one judges statements, one draws boxes; both share their eyes.

The run's own towers stay as they are. Shapes: B images, U texts, L words, S statements or targets,
H heads, G x G cells, W width.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from wfa.tasks.own.reading import PADDING, QUANTITY

HEADS = 8
_KERNEL = 5
_LAYERS = 3


class Sizes(NamedTuple):
    """What the heads are built for.

    Attributes:
        words: Size of the vocabulary.
        features: D, width of the run's features.
        channels: C, channels of its patch tokens.
        width: W.
        dropout: Share of units dropped in training.
    """

    words: int
    features: int
    channels: int
    width: int
    dropout: float


class Seen(NamedTuple):
    """What is seen of B images: `cells` (B, W, G, G) and `whole` (B, D)."""

    cells: Tensor
    whole: Tensor


class Read(NamedTuple):
    """What is read in U texts: `meaning` (U, W), and the run's own `features` (U, D)."""

    meaning: Tensor
    features: Tensor


class Reader(nn.Module):
    """Reads texts: words in their order, quantities, and the run's own text features."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.words = nn.Embedding(sizes.words, width, padding_idx=PADDING)
        self.quantities = nn.Linear(QUANTITY, width, bias=False)
        self.near = nn.ModuleList(
            nn.Conv1d(width, width, _KERNEL, padding=_KERNEL // 2) for _ in range(2)
        )
        self.features = nn.Linear(sizes.features, width)
        self.out = nn.Sequential(nn.Linear(3 * width, width), nn.LayerNorm(width))

    def forward(self, words: Tensor, quantities: Tensor, features: Tensor) -> Read:
        """Read words (U, L), quantities (U, L, 4) and features (U, D)."""
        there = (words != PADDING)[:, None].float()
        states = (self.words(words) + self.quantities(quantities)).transpose(1, 2)
        for layer in self.near:
            states = (states + functional.gelu(layer(states))) * there
        mean = states.sum(2) / there.sum(2).clamp(min=1)
        most = (states - 1e4 * (1 - there)).amax(2)
        own = self.features(functional.normalize(features, dim=-1) * features.shape[1] ** 0.5)
        return Read(self.out(torch.cat([mean, most, own], 1)), features)


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
        self.near = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, tokens: Tensor, whole: Tensor) -> Seen:
        """Look at tokens (B, C, G, G) and at the whole images' features (B, D)."""
        tokens = (tokens.float() - self.mean[:, None, None]) / self.std[:, None, None]
        tokens = self.dropout(tokens.clamp(-5, 5))
        places = cell_centres(tokens.shape[-1]).to(tokens).expand(len(tokens), -1, -1, -1)
        cells = functional.gelu(self.enter(torch.cat([tokens, places], 1)))
        for layer in self.near:
            cells = cells + functional.gelu(layer(cells))
        return Seen(cells, whole)


class Judge(nn.Module):
    """Judges statements: how true is each of its image?"""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.gate_query, self.gate_key = nn.Linear(width, width), nn.Linear(width, width)
        self.gate_bias = nn.Parameter(torch.full((HEADS, 1), -1.0))
        self.whole = nn.Linear(sizes.features, width)
        self.out = nn.Sequential(
            nn.Linear(4 * width + _MEASURES * HEADS, 2 * width), nn.GELU(),
            nn.Dropout(sizes.dropout), nn.Linear(2 * width, width), nn.GELU(),
            nn.Linear(width, 1),
        )  # fmt: skip
        self.similarity = nn.Parameter(torch.tensor(5.0))

    def forward(self, seen: Seen, read: Read, image: Tensor) -> Tensor:
        """Judge S statements.

        Args:
            seen: B images.
            read: S statements.
            image: (S,) statement -> image, ascending.

        Returns:
            (S,) logits.
        """
        attended, gates = self._look(seen.cells, read.meaning, image)
        whole = self.whole(seen.whole * seen.whole.shape[1] ** 0.5)[image]
        known = [read.meaning, whole, read.meaning * whole, attended, measures(gates)]
        near = (seen.whole[image] * read.features).sum(1)
        logits: Tensor = self.out(torch.cat(known, 1))[:, 0] + self.similarity * near
        return logits

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
        width = sizes.width
        self.meaning = nn.Linear(width, width)
        self.point = nn.Conv2d(_POINT, width, 1)
        self.near = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(_LAYERS))
        self.sides = nn.Conv2d(width, 8, 1)  # where each side is, and how far off the centre

    def forward(self, seen: Seen, read: Read, point: Tensor, image: Tensor) -> Tensor:
        """Draw S boxes.

        Args:
            seen: B images.
            read: S phrases; texts without a word for points.
            point: (S, 3): x, y and 1, or zeros for a phrase.
            image: (S,) target -> image.

        Returns:
            (S, 4) x1, y1, x2, y2 in 0 to 1, with x1 < x2 and y1 < y2.
        """
        grid = seen.cells.shape[-1]
        centres = cell_centres(grid).to(seen.cells)
        away = _away(point, centres)
        cells = seen.cells[image] + self.point(away)
        cells = cells * (1 + self.meaning(read.meaning)[:, :, None, None])
        for layer in self.near:
            cells = cells + functional.gelu(layer(cells))
        found, offset = self.sides(functional.gelu(cells)).flatten(2).split(4, 1)  # (S, 4, J)
        share = found.softmax(2)
        places = centres.flatten(1)[[0, 1, 0, 1]] + offset.tanh() / grid
        return ordered((share * places).sum(2))


class Heads(nn.Module):
    """Reader, eyes, judge and locator, trained together."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.reader, self.eyes = Reader(sizes), Eyes(sizes)
        self.judge, self.locator = Judge(sizes), Locator(sizes)


class Rows:
    """Statements of B images, put in a table with a row an image, and taken out again.

    Args:
        image: (S,) ascending, statement -> image.
        images: B.
    """

    def __init__(self, image: Tensor, images: int) -> None:
        counts = torch.bincount(image, minlength=images)
        starts = counts.cumsum(0) - counts
        self._image = image
        self._place = torch.arange(len(image), device=image.device) - starts[image]
        self._shape = (images, int(counts.max()))

    def pad(self, values: Tensor) -> Tensor:
        """Put (S, ...) in a table (B, most, ...)."""
        table = values.new_zeros((*self._shape, *values.shape[1:]))
        return table.index_put((self._image, self._place), values)

    def take(self, table: Tensor) -> Tensor:
        """Take (S, ...) out of a table (B, most, ...)."""
        return table[self._image, self._place]


_MEASURES = 6
_POINT = 4


def measures(gates: Tensor) -> Tensor:
    """Measure where gates (S, H, G, G) in 0 to 1 are open.

    Returns:
        (S, 6 H): the share that is open, its centre (x, y), its spread (x, y), and how far it lies
        beside what the next head means.
    """
    share = gates.mean((2, 3))
    centres = cell_centres(gates.shape[-1]).to(gates)
    part = gates / gates.sum((2, 3), keepdim=True).clamp(min=1e-6)
    centre = torch.einsum("shyx,pyx->psh", part, centres)
    spread = torch.einsum("shyx,pyx->psh", part, centres**2) - centre**2
    wide = functional.max_pool2d(gates.roll(1, 1), 3, 1, 1)
    beside = (gates * wide).amax((2, 3))
    return torch.cat([share, *centre, *spread.clamp(min=0).add(1e-6).sqrt(), beside], 1)


def cell_centres(grid: int) -> Tensor:
    """Return (2, G, G): x and y of each cell's centre in shares of the image."""
    centres = (torch.arange(grid) + 0.5) / grid
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y])


def ordered(corners: Tensor) -> Tensor:
    """Turn any two corners (S, 4) in 0 to 1 into boxes with an area."""
    first, second = corners[:, :2], corners[:, 2:]
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    low = low.clamp(0, 0.98)
    return torch.cat([low, torch.maximum(high.clamp(0.02, 1), low + 0.01)], 1)


def _away(point: Tensor, centres: Tensor) -> Tensor:
    """Return (S, 4, G, G): each cell's way to the point, how near it is, whether there is one."""
    there = point[:, 2, None, None, None]
    way = (centres - point[:, :2, None, None]) * there
    near = torch.exp(-way.square().sum(1, keepdim=True) * 50) * there
    return torch.cat([way, near, there.expand_as(near)], 1)


def _split(values: Tensor) -> Tensor:
    """Split the width among the heads: (B, N, W) -> (B, H, N, W / H)."""
    return values.reshape(*values.shape[:2], HEADS, -1).transpose(1, 2)
