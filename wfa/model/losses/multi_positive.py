"""InfoNCE with all texts of an image as its positives."""

from torch import Tensor

from wfa.model.contrast import Contrast, LossConfig, own_pairs, text_to_image, without

Config = LossConfig


class MultiPositive(Contrast):
    """SupCon and UniCL over image ids (arXiv 2004.11362, 2204.03610).

    Image to text: softmax over all T texts, the log-probabilities of the image's own texts
    averaged (SupCon's L_out), mean over the B images. Text to image: InfoNCE, mean over the T
    texts. With one text an image this is InfoNCE.
    """

    def contrast(
        self, logits: Tensor, owner: Tensor, left_out: Tensor | None, shared: Tensor | None
    ) -> Tensor:
        """Compute the mean of the two directions."""
        forth = text_to_image(logits, owner, left_out, shared)
        positive = own_pairs(owner, logits.shape[1]).to(logits.dtype)
        if shared is not None:
            positive = positive + shared
        aim = (positive * logits).sum(dim=0) / positive.sum(dim=0)
        back = without(logits, left_out).logsumexp(dim=0) - aim
        return 0.5 * (forth.mean() + back.mean())
