"""A text decoder over an image's cells: open_clip's multimodal transformer and few words.

Yu et al. 2022, "CoCa: Contrastive Captioners are Image-Text Foundation Models"
(arXiv:2205.01917): causal layers over the text, each followed by one that looks at the image. Here
the text before the answer is an instruction, and the loss is taken on the answer alone.

Shapes: B images, P cells of each, R instructions, T tokens, W width, V words.
"""

import math
from collections import Counter
from functools import cache

import torch
from open_clip.transformer import MultimodalTransformer
from torch import Tensor, nn
from torch.nn import functional

from wfa.data.instruction_tokens import ANSWER, END, FIRST_PLACE, OWN_TOKENS, PAD, PLACES, UNKNOWN
from wfa.model.cached_layers import CachedLayers

_NO_TOKEN = 2**62
"""Stands in places of the vocabulary that are not taken; larger than any token."""
_MLP_RATIO = 2.0
"""Hidden units over width: half of the usual, to spare a CPU."""
_OCTAVES = 3
"""From the slowest wave over an image's cells, half a period, to the quickest."""
_BELL = 3.0
"""Standard deviation, in per cent of a side, of the places that are nearly right."""
_FEWEST, _PARTS = 24, 8
"""Sequences of similar length go through the layers together, so that little is padding: at least
so many, in at most so many parts."""


class Decoder(nn.Module):
    """Reads instructions and writes answers.

    It knows the most frequent tokens of the training split's instructions and no others: a small
    table in place of a tokenizer's, whose words are both read and written by the same weights.

    Args:
        channels: C of the cells.
        cells: P, cells of an image.
        width: W.
        layers: Layers over the text, and as many over the image.
        heads: Attention heads.
        context_length: Most tokens that are read.
        vocabulary: V, room for tokens, those of our own included.
    """

    known: Tensor

    def __init__(
        self,
        channels: int,
        cells: int,
        width: int,
        layers: int,
        heads: int,
        context_length: int,
        vocabulary: int,
    ) -> None:
        super().__init__()
        self.context_length = context_length
        self.eye = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, width))
        # As large as what the layers add, or words and places would be lost in it for long.
        self.cells = nn.Parameter(0.7 * _waves(math.isqrt(cells), width))
        self.words = nn.Parameter(torch.randn(vocabulary, width) * width**-0.5)
        self.positions = nn.Parameter(torch.randn(context_length, width) * 0.5)
        self.layers = MultimodalTransformer(width, layers, heads, context_length, _MLP_RATIO)
        self.layers.text_projection = None  # words are written by the weights that read them
        self.register_buffer("known", torch.full((vocabulary,), _NO_TOKEN))
        self.known[:OWN_TOKENS] = torch.arange(OWN_TOKENS)

    @torch.no_grad()
    def learn_words(self, counts: Counter[int]) -> None:
        """Take the most frequent tokens into the vocabulary, as many as there is room for.

        Where places are among them, all are taken first, those never counted as well: a box has
        any of them. They begin as the waves that tell the decoder where a cell lies, so that places
        beside each other are written alike; what is known already is left as it has been learned.
        """
        counted = [token for token in counts if token < FIRST_PLACE]
        places = [*range(FIRST_PLACE, FIRST_PLACE + PLACES)] if len(counted) < len(counts) else []
        counted.sort(key=lambda token: (-counts[token], token))
        kept = [*sorted(counted[: len(self.known) - OWN_TOKENS - len(places)]), *places]
        before = self.known.clone()
        self.known[OWN_TOKENS:] = _NO_TOKEN
        self.known[OWN_TOKENS : OWN_TOKENS + len(kept)] = torch.tensor(kept, dtype=torch.int64)
        new = (self.known >= FIRST_PLACE) & (self.known != _NO_TOKEN) & (self.known != before)
        width = self.words.shape[1]
        along = _wave((self.known[new] - FIRST_PLACE) / 100, width)
        self.words[new] = (torch.cat([along, along], 1)[:, :width] * width**-0.5).to(self.words)

    def look(self, cells: Tensor) -> Tensor:
        """Turn cells (B, C, G, G) into what the layers look at, (B, P, W)."""
        seen: Tensor = self.eye(cells.flatten(2).transpose(1, 2))
        return seen + self.cells

    def losses(self, seen: Tensor, instructions: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return how badly each answer is foreseen, each token from those before it.

        Args:
            seen: (B, P, W) as `look` gives it.
            instructions: (R, T) int64, tokens of `wfa.data.instruction`.
            image: (R,) int64, instruction -> row of `seen`.

        Returns:
            (R,) float32, the sum of the cross-entropies over the answer's tokens and its end, in
            nats, and (R,), how many they are; a token that is not known counts in neither. Of a
            place those beside it are nearly right: its cross-entropy is against all of them.
        """
        order = (instructions != PAD).sum(1).argsort(stable=True)
        parts = torch.split(order, max(_FEWEST, -(-len(order) // _PARTS)))
        found = [self._losses(seen, instructions[part], image[part]) for part in parts]
        sums, counts = (torch.cat(both) for both in zip(*found, strict=True))
        back = order.argsort()
        return sums[back], counts[back]

    def next_words(self, seen: Tensor, instructions: Tensor, at: Tensor) -> Tensor:
        """Return log-probabilities of the words after chosen places.

        Args:
            seen: (R, P, W), of each instruction's image.
            instructions: (R, T) int64.
            at: (R, T) bool, the places.

        Returns:
            (places, V) float32 in the order of the places; -inf for what is no word.
        """
        return self._likelihoods(self._read(seen, self._text(instructions), at))

    @torch.no_grad()
    def write(self, seen: Tensor, prompts: Tensor, most: int) -> list[list[int]]:
        """Write answers greedily: the likeliest word each time, until the end.

        Where that is a place, the median of all places is written: it lies nearest to where the
        place may be, while the likeliest one is one of many that are about as likely.

        Args:
            seen: (R, P, W), of each prompt's image.
            prompts: (R, T) int64, all of one length, so none is padded.
            most: Most tokens of an answer; the context ends one as well.

        Returns:
            The tokens of each answer, without the end.
        """
        answers: list[list[int]] = [[] for _ in range(len(prompts))]
        going = torch.arange(len(prompts), device=prompts.device)
        layers, tokens, length = CachedLayers(self.layers, seen), prompts, 0
        for _ in range(min(most, self.context_length - prompts.shape[1] + 1)):
            read = layers.read(self._text(tokens, length))
            length += tokens.shape[1]
            words = self._chosen(self._likelihoods(read))
            more = words != END
            going, words = going[more], words[more]
            if not len(going):
                break
            for row, token in zip(going.tolist(), words.tolist(), strict=True):
                answers[row].append(token)
            if not bool(more.all()):
                layers.keep(more)
            tokens = words[:, None]
        return answers

    def _text(self, tokens: Tensor, start: int = 0) -> Tensor:
        """Return what the layers read of tokens (R, T) that begin at a place of the text."""
        places = torch.arange(start, start + tokens.shape[1], device=tokens.device)
        # Not by indexing: its gradient is added up in an order that threads decide.
        # Read times the root of the width, written as they are (Vaswani et al. 2017, section 3.4).
        words: Tensor = functional.embedding(self._places(tokens), self.words)
        text: Tensor = words * self.words.shape[1] ** 0.5
        return text + functional.embedding(places, self.positions)

    def _likelihoods(self, read: Tensor) -> Tensor:
        """Return log-probabilities of the words after what was read (N, W), (N, V)."""
        silent = self.known == _NO_TOKEN
        silent[[PAD, ANSWER, UNKNOWN]] = True
        logits = (read @ self.words.T).float().masked_fill(silent, -torch.inf)
        return functional.log_softmax(logits, dim=-1)

    def _losses(self, seen: Tensor, instructions: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        instructions = instructions[:, : int((instructions != PAD).sum(1).max())]
        given, wanted = instructions[:, :-1], self._places(instructions[:, 1:])
        answer = (given == ANSWER).cumsum(1) > 0
        asked = answer & (wanted != PAD) & (wanted != UNKNOWN)
        # Not `seen[image]`, as above; the gradient of a lookup is summed in a fixed order.
        own = functional.embedding(image, seen.flatten(1)).view(len(image), *seen.shape[1:])
        words = self.next_words(own, given, asked)
        nats = self._nats(words, wanted[asked])
        each = torch.zeros_like(wanted, dtype=nats.dtype).masked_scatter(asked, nats)
        return each.sum(1), asked.sum(1)

    def _nats(self, words: Tensor, wanted: Tensor) -> Tensor:
        """Return the cross-entropies (N,) of log-probabilities (N, V) against places of `known`."""
        nats = -words.gather(1, wanted[:, None])[:, 0]
        percent = self.known[wanted] - FIRST_PLACE
        are_places = percent >= 0
        if not bool(are_places.any()):
            return nats
        places = self._of_places(words[are_places])
        near = _nearness(places.device)[percent[are_places]]
        return nats.masked_scatter(are_places, -(near * places).sum(1))

    def _chosen(self, words: Tensor) -> Tensor:
        """Return the token to be written by log-probabilities (R, V)."""
        likeliest, tokens = words.max(1)
        places = self._of_places(words)
        if not places.shape[1]:
            return self.known[tokens]
        # A place is one of many that are about as likely: all of them stand against other words.
        are_places = (places.logsumexp(1) > likeliest) | (self.known[tokens] >= FIRST_PLACE)
        below = places.softmax(1).cumsum(1)
        median = FIRST_PLACE + (below < 0.5).sum(1).clamp(max=PLACES - 1)
        return torch.where(are_places, median, self.known[tokens])

    def _of_places(self, words: Tensor) -> Tensor:
        """Return the columns (N, 101) of the places among those of all words (N, V)."""
        first, last = (int((self.known < end).sum()) for end in (FIRST_PLACE, _NO_TOKEN))
        return words[:, first:last]

    def _read(self, seen: Tensor, text: Tensor, at: Tensor) -> Tensor:
        """Return the layers' output at chosen places alone, (places, W).

        As `self.layers(seen, text)[at]`, but the last layers are computed at these places only:
        none of an instruction's.
        """
        rows, length, _ = text.shape
        causal = self.layers.attn_mask[:length, :length]
        *early, (last, look) = zip(self.layers.resblocks, self.layers.cross_attn, strict=True)
        for block, cross in early:
            text = cross(block(text, attn_mask=causal), k_x=seen, v_x=seen)
        counts = at.sum(1, keepdim=True)
        # Each row's chosen places first and in order; rows with fewer are filled with others.
        places = at.int().argsort(dim=1, descending=True, stable=True)[
            :, : max(1, int(counts.max()))
        ]
        chosen = torch.arange(places.shape[1], device=at.device) < counts
        starts = torch.arange(rows, device=at.device)[:, None] * length
        asked = functional.embedding(places + starts, text.flatten(0, 1))  # not by indexing
        before = causal[places].repeat_interleave(last.attn.num_heads, 0)
        normed = last.ln_1(text)
        asked = asked + last.attention(last.ln_1(asked), normed, normed, before)
        asked = asked + last.mlp(last.ln_2(asked))
        read: Tensor = self.layers.ln_final(look(asked, k_x=seen, v_x=seen))
        return read[chosen]

    def _places(self, tokens: Tensor) -> Tensor:
        """Return the tokens' places among those known; `UNKNOWN`'s for others."""
        places = torch.searchsorted(self.known, tokens.contiguous()).clamp(max=len(self.known) - 1)
        return torch.where(self.known[places] == tokens, places, UNKNOWN)


@cache
def _nearness(device: torch.device) -> Tensor:
    """Return how right each place is for each, (101, 101): a bell around it, of sum 1.

    It grows narrow towards the edges of the image, which are met exactly: its median is the place.
    """
    places = torch.arange(PLACES, device=device)
    wide = (torch.minimum(places, PLACES - 1 - places) / 2).clamp(1e-3, _BELL)[:, None]
    near = torch.exp(-((places[:, None] - places) / wide).square() / 2)
    return near / near.sum(1, keepdim=True)


def _waves(side: int, width: int) -> Tensor:
    """Return where each of side² cells lies as sines and cosines of x and of y, (side², width)."""
    middles = (torch.arange(side) + 0.5) / side
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return torch.cat([_wave(along.flatten(), width) for along in (x, y)], 1)[:, :width]


def _wave(shares: Tensor, width: int) -> Tensor:
    """Return shares (N,) of a side as sines and cosines, (N, half of the width or a bit more)."""
    octaves = torch.linspace(0, _OCTAVES, -(-width // 4), device=shares.device)
    phases = shares[:, None] * math.pi * 2**octaves
    return torch.cat([torch.sin(phases), torch.cos(phases)], 1)
