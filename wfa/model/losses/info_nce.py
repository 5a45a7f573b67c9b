"""Symmetric InfoNCE, CLIP's loss."""

import torch
from torch import Tensor

from wfa.model.contrast import (
    Contrast,
    LossConfig,
    own_logits,
    own_pairs,
    text_to_image,
    without,
)

Config = LossConfig


class InfoNCE(Contrast):
    """Half text to image, half image to text (CLIP, arXiv 2103.00020).

    With one text an image this is CLIP's loss. With several, every text is a pair of its own:
    text to image over the B images; image to text over the T texts, where the other texts of the
    same image are left out of the denominator. Both halves are means over the T pairs.
    """

    def contrast(
        self, logits: Tensor, owner: Tensor, left_out: Tensor | None, shared: Tensor | None
    ) -> Tensor:
        """Compute the mean of the two directions."""
        forth = text_to_image(logits, owner, left_out, shared)
        back = self._image_to_text(logits, owner, left_out, shared)
        return 0.5 * (forth.mean() + back.mean())

    def _image_to_text(
        self, logits: Tensor, owner: Tensor, left_out: Tensor | None, shared: Tensor | None
    ) -> Tensor:
        """Cross entropy of each pair's image against its text and all texts of other images."""
        own = own_pairs(owner, logits.shape[1])
        rivals = without(logits, own if left_out is None else own | left_out).logsumexp(dim=0)
        aim = own_logits(logits, owner)
        total = torch.logaddexp(aim, rivals.index_select(0, owner))
        if shared is not None:
            also = (shared * logits).sum(dim=0).index_select(0, owner)
            aim = (aim + also) / (1.0 + shared.sum(dim=0).index_select(0, owner))
        return total - aim
