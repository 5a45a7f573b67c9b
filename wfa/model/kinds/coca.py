"""The towers and a decoder trained along: instructions answered in words, all tasks by one model.

Yu et al. 2022 (arXiv:2205.01917), with an instruction before each answer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from wfa.aggregation.base import Aggregation
from wfa.data.batch import Batch
from wfa.data.dataset import ImageTextDataset
from wfa.data.instruction_draws import InstructionDraws
from wfa.data.instruction_tokens import text_of
from wfa.encoders.encoder import Encoder
from wfa.encoders.feature_maps import cells_shape, encode_with_cells
from wfa.encoders.spelling import Spelling
from wfa.errors import ConfigError
from wfa.model.clip import MultiCaptionCLIP, Output
from wfa.model.contrast import Contrast
from wfa.model.decoder import Decoder
from wfa.model.gather import Gather
from wfa.model.texts import normalised
from wfa.options.limits import Options


@dataclass(frozen=True)
class Config(Options):
    """Options of the decoder.

    What it learns are the rows of a data set that has rows, of the types that `data.texts` takes
    texts from; else the captions, at the instruction "Describe the image.".

    Attributes:
        width: Width of the decoder, a multiple of `heads`.
        layers: Layers over the text, and as many over the image.
        heads: Attention heads.
        context_length: Most tokens of an instruction and its answer. An instruction has half of
            them at most and loses its beginning if it is longer; an answer loses its end.
        vocabulary: Most different tokens that it reads and writes: the 101 places of boxes where
            there are boxes, and the encoder's that are the most frequent in the training split.
        grid: Most cells of an image along a side.
        instructions: Instructions with answers that a step takes of each image.
        caption_loss_weight: What the decoder's loss is multiplied by before it is added.
        max_answer_tokens: Where an answer ends that has found no end.
    """

    section: ClassVar[str] = "model"

    width: int = field(default=128, metadata={"at_least": 1})
    layers: int = field(default=2, metadata={"at_least": 1})
    heads: int = field(default=4, metadata={"at_least": 1})
    context_length: int = field(default=384, metadata={"at_least": 16})
    vocabulary: int = field(default=4096, metadata={"at_least": 128})
    grid: int = field(default=8, metadata={"at_least": 1})
    instructions: int = field(default=2, metadata={"at_least": 1})
    caption_loss_weight: float = field(
        default=2.0,
        metadata={"above": 0, "below": math.inf, "why": "model=clip trains no decoder"},
    )
    max_answer_tokens: int = field(default=256, metadata={"at_least": 1})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise ConfigError(
                f"model.width={self.width} must be a multiple of model.heads={self.heads}"
            )


class CoCa(MultiCaptionCLIP):
    """A multi-caption CLIP with a decoder that looks at the image tower's cells.

    Attributes:
        decoder: Reads and writes.
        spelling: The encoder's tokens.

    Raises:
        ConfigError: The encoder takes features of locked towers: no cells and no tokens.
    """

    def __init__(
        self, options: Config, encoder: Encoder, aggregation: Aggregation, loss: Contrast
    ) -> None:
        super().__init__(encoder, aggregation, loss)
        if encoder.spelling is None:
            raise ConfigError(
                "model=coca needs the image tower's cells and the text tower's tokens, and this "
                "encoder has features of locked towers only: use encoder=open_clip (with "
                "encoder.lock_image=true for a locked tower) or encoder=small, or model=clip"
            )
        self.options = options
        self.spelling: Spelling = encoder.spelling
        channels, side = cells_shape(encoder, options.grid)
        self.decoder = Decoder(
            channels, side**2, options.width, options.layers, options.heads,
            options.context_length, options.vocabulary,
        )  # fmt: skip

    def instructions(self, dataset: ImageTextDataset, seed: int) -> InstructionDraws:
        """Return the split's instructions and answers; the decoder takes in their words."""
        options = self.options
        found = InstructionDraws(
            dataset, self.spelling.ids, options.instructions, options.context_length, seed
        )  # fmt: skip
        self.decoder.learn_words(found.tokens())
        return found

    def look(self, images: Tensor) -> Tensor:
        """Return what the decoder sees of images (B, C, H, W): (B, P, W)."""
        return self.decoder.look(encode_with_cells(self.encoder, images, self.options.grid).cells)

    def read(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens that the decoder wrote."""
        return text_of(self.spelling.text, tokens)

    def forward(self, batch: Batch) -> Output:
        """Compute both losses from one pass through the image tower.

        The decoder's is the mean over the answers of all processes, each the sum over its tokens
        divided by the root of how many they are. By their mean, a caption's 150 tokens would be
        worth no more than one word, and language learned slowly; by their sum they would drown it.
        """
        seen = encode_with_cells(self.encoder, batch.images, self.options.grid)
        contrast = self.contrast(batch, normalised(seen.features), self.encode_text(batch.tokens))
        sums, counts = self.decoder.losses(
            self.decoder.look(seen.cells), batch.instructions, batch.instruction_image
        )
        gather = Gather(sums.device, {"instructions": len(sums)})
        captioning = gather.rows(sums / counts.clamp(min=1).sqrt(), "instructions").mean()
        loss = contrast.loss + self.options.caption_loss_weight * captioning
        return contrast._replace(loss=loss, captioning=captioning.detach())
