"""Boxes: how well they fit, and how they are written."""

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.rows import Box

THRESHOLDS = (25, 50, 75, 90)
"""Percent; Acc@50 is the share of boxes with an IoU of at least 0.5."""

_ROUNDING = 1e-9  # a box on the 0.01 grid may miss its threshold by the last bit of a float64


def box_iou(first: Box, second: Box) -> float:
    """Return intersection over union of two boxes with an area, 0 to 1."""
    width = min(first.x2, second.x2) - max(first.x1, second.x1)
    height = min(first.y2, second.y2) - max(first.y1, second.y1)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (_area(first) + _area(second) - shared)


def summarise_ious(ious: NDArray[np.float64]) -> dict[str, float]:
    """Return mIoU and Acc@25/50/75/90 of (N,) IoUs; an answer without a box counts as 0."""
    shares = {
        f"Acc@{percent}": float((ious >= percent / 100 - _ROUNDING).mean())
        for percent in THRESHOLDS
    }
    return {"mIoU": float(ious.mean()), **shares}


def box_text(box: Box) -> str:
    """Write a box on the 0.01 grid, in the image and with an area.

    Args:
        box: Any corners with x1 < x2 and y1 < y2, in 0 to 1.
    """
    low = [min(round(100 * value), 99) for value in (box.x1, box.y1)]
    high = [round(100 * value) for value in (box.x2, box.y2)]
    high = [max(low[k] + 1, min(high[k], 100)) for k in range(2)]
    x1, y1, x2, y2 = (value / 100 for value in (*low, *high))
    return f"[{x1} {y1}, {x2} {y2}]"


def _area(box: Box) -> float:
    return (box.x2 - box.x1) * (box.y2 - box.y1)
