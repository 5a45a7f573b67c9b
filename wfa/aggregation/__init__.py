"""The techniques: caption features and importance weights to one text feature an image.

Each is a `torch.nn.Module` that takes its options as keywords:

>>> import torch, wfa
>>> pool = wfa.aggregation.Mean()
>>> found = pool(torch.eye(4)[:3], image_index=[0, 0, 1])
>>> found.text_features.shape, found.owner.tolist(), found.weights.tolist()
(torch.Size([2, 4]), [0, 1], [0.5, 0.5, 1.0])
"""

from typing import TYPE_CHECKING

from wfa.lazy_names import lazy_names

if TYPE_CHECKING:
    from wfa.aggregation.base import Aggregated, Aggregation
    from wfa.aggregation.caption_draws import AggregationConfig
    from wfa.aggregation.techniques.attention import Attention
    from wfa.aggregation.techniques.concat import Concat
    from wfa.aggregation.techniques.image_attention import ImageAttention
    from wfa.aggregation.techniques.max_pool import MaxPool
    from wfa.aggregation.techniques.mean import Mean
    from wfa.aggregation.techniques.pairs import Pairs
    from wfa.aggregation.techniques.single import Single
    from wfa.aggregation.techniques.uniqueness import Uniqueness
    from wfa.aggregation.techniques.uniqueness_sampling import UniquenessSampling

__all__ = [
    "Aggregated", "Aggregation", "AggregationConfig", "Attention", "Concat", "ImageAttention",
    "MaxPool", "Mean", "Pairs", "Single", "Uniqueness", "UniquenessSampling",
]  # fmt: skip

_TECHNIQUES = "wfa.aggregation.techniques"
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Aggregated": "wfa.aggregation.base:Aggregated",
        "Aggregation": "wfa.aggregation.base:Aggregation",
        "AggregationConfig": "wfa.aggregation.caption_draws:AggregationConfig",
        "Attention": f"{_TECHNIQUES}.attention:Attention",
        "Concat": f"{_TECHNIQUES}.concat:Concat",
        "ImageAttention": f"{_TECHNIQUES}.image_attention:ImageAttention",
        "MaxPool": f"{_TECHNIQUES}.max_pool:MaxPool",
        "Mean": f"{_TECHNIQUES}.mean:Mean",
        "Pairs": f"{_TECHNIQUES}.pairs:Pairs",
        "Single": f"{_TECHNIQUES}.single:Single",
        "Uniqueness": f"{_TECHNIQUES}.uniqueness:Uniqueness",
        "UniquenessSampling": f"{_TECHNIQUES}.uniqueness_sampling:UniquenessSampling",
    },
)
