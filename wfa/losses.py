"""The losses: images and texts, one or several texts an image, to one scalar.

Each is a `torch.nn.Module` that takes its options as keywords:

>>> import torch, wfa
>>> loss = wfa.losses.InfoNCE()
>>> round(loss(torch.eye(3), torch.eye(3), owner=[0, 1, 2], logit_scale=5.0).item(), 4)
0.0134
"""

from wfa.model.contrast import Contrast, LossConfig
from wfa.model.losses.info_nce import InfoNCE
from wfa.model.losses.multi_positive import MultiPositive
from wfa.model.losses.sigmoid import Sigmoid

__all__ = ["Contrast", "InfoNCE", "LossConfig", "MultiPositive", "Sigmoid"]
