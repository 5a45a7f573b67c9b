"""Redundancy-aware contrastive pretraining on remote-sensing images with several captions each.

The names below are imported when they are first used, so that `import wfa` stays quick and free of
torch.

>>> import wfa
>>> captions = [["a red roof", "a red roof", "two cars on a road"], ["a river", "a bridge"]]
>>> wfa.caption_weights(captions).round(3).tolist()
[0.245, 0.245, 0.51, 0.5, 0.5]
"""

from typing import TYPE_CHECKING

from wfa.lazy_names import lazy_names

if TYPE_CHECKING:
    from wfa import aggregation, losses, metrics
    from wfa.captions.uniqueness import uniqueness
    from wfa.captions.weights import caption_weights, image_index
    from wfa.errors import UserError
    from wfa.retrieval.evaluate_features import evaluate
    from wfa.tables import Table

__version__ = "0.2.0"
__all__ = [
    "Table",
    "UserError",
    "aggregation",
    "caption_weights",
    "evaluate",
    "image_index",
    "losses",
    "metrics",
    "uniqueness",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Table": "wfa.tables:Table",
        "UserError": "wfa.errors:UserError",
        "aggregation": "wfa.aggregation",
        "caption_weights": "wfa.captions.weights:caption_weights",
        "evaluate": "wfa.retrieval.evaluate_features:evaluate",
        "image_index": "wfa.captions.weights:image_index",
        "losses": "wfa.losses",
        "metrics": "wfa.metrics",
        "uniqueness": "wfa.captions.uniqueness:uniqueness",
    },
)
