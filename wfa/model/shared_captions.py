"""Captions that several images bear: how much of a text also describes another image."""

import torch
from torch import Tensor

CHUNK = 1 << 22
"""Matches of a caption with a bearing image that are held at once."""


@torch.no_grad()
def shared_share(
    caption_ids: Tensor,
    weights: Tensor,
    text_of: Tensor,
    all_caption_ids: Tensor,
    all_image_index: Tensor,
    owner: Tensor,
    images: int,
) -> Tensor:
    """Return the share of each text's weight that stands on captions another image bears.

    A sorted join: time and memory go with the matches (held in chunks) and the result, never with
    N x K. The number of matches is read from the device, which makes a GPU wait.

    Args:
        caption_ids: (N,) int64, identity of each caption encoded; below 0 matches nothing.
        weights: (N,), >= 0, sum 1 over the captions of each text.
        text_of: (N,) int64, caption -> text.
        all_caption_ids: (K,) int64, identities of all captions of the images.
        all_image_index: (K,) int64, each of them -> image.
        owner: (T,) int64, text -> image that owns it.
        images: B.

    Returns:
        (T, B) float32 in [0, 1], without gradient; 0 for a text's own image.
    """
    # One entry for each caption and image that bears it, sorted by caption. The identities are
    # numbered first, because as they are they leave no room for the images beside them.
    known, number = torch.unique(all_caption_ids, return_inverse=True)
    bearing = torch.unique(number * images + all_image_index)
    number = bearing.div(images, rounding_mode="floor")
    ids, image = known[number], bearing - number * images
    first = torch.searchsorted(ids, caption_ids)
    matches = torch.searchsorted(ids, caption_ids, right=True) - first
    matches = matches.masked_fill(caption_ids < 0, 0)
    flat = weights.new_zeros(len(owner) * images, dtype=torch.float32)
    for part in _chunks(matches):
        counts = matches[part]
        caption = torch.repeat_interleave(counts)
        before = counts.cumsum(0) - counts
        place = torch.arange(len(caption), device=caption.device) - before[caption]
        place += first[part][caption]
        cell = text_of[part][caption] * images + image[place]
        flat.index_add_(0, cell, weights[part][caption].float())
    share = flat.view(len(owner), images)
    share.scatter_(1, owner.unsqueeze(1), 0.0)
    # Weights sum to 1 up to rounding.
    return share.clamp_(max=1.0)


def _chunks(matches: Tensor) -> list[slice]:
    """Cut the captions so that each part has at most `CHUNK` matches, or is one caption."""
    total = matches.cumsum(0)
    if not len(matches) or int(total[-1]) <= CHUNK:
        return [slice(0, len(matches))]
    ends = total.tolist()
    parts, start, done = [], 0, 0
    for end, reached in enumerate(ends):
        if reached - done > CHUNK and end > start:
            parts.append(slice(start, end))
            start, done = end, ends[end - 1]
    return [*parts, slice(start, len(ends))]
