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
    from wfa.auditing.caption_audit import audit_captions as audit
    from wfa.captions.uniqueness import uniqueness
    from wfa.captions.weights import caption_weights, image_index
    from wfa.data.torch_dataset import collate
    from wfa.encoders.own_towers import encoder_of
    from wfa.errors import UserError
    from wfa.face.comparison import Comparison, compare
    from wfa.face.loaded_model import load
    from wfa.face.train_run import train
    from wfa.plugins.registry import register
    from wfa.retrieval.evaluate_features import evaluate
    from wfa.runs.load_dataset import load_dataset
    from wfa.tables import Table

__version__ = "0.2.0"
__all__ = [
    "Comparison",
    "Table",
    "UserError",
    "aggregation",
    "audit",
    "caption_weights",
    "collate",
    "compare",
    "encoder_of",
    "evaluate",
    "image_index",
    "load",
    "load_dataset",
    "losses",
    "metrics",
    "register",
    "train",
    "uniqueness",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Comparison": "wfa.face.comparison:Comparison",
        "Table": "wfa.tables:Table",
        "UserError": "wfa.errors:UserError",
        "aggregation": "wfa.aggregation",
        "audit": "wfa.auditing.caption_audit:audit_captions",
        "caption_weights": "wfa.captions.weights:caption_weights",
        "collate": "wfa.data.torch_dataset:collate",
        "compare": "wfa.face.comparison:compare",
        "encoder_of": "wfa.encoders.own_towers:encoder_of",
        "evaluate": "wfa.retrieval.evaluate_features:evaluate",
        "image_index": "wfa.captions.weights:image_index",
        "load": "wfa.face.loaded_model:load",
        "load_dataset": "wfa.runs.load_dataset:load_dataset",
        "losses": "wfa.losses",
        "metrics": "wfa.metrics",
        "register": "wfa.plugins.registry:register",
        "train": "wfa.face.train_run:train",
        "uniqueness": "wfa.captions.uniqueness:uniqueness",
    },
)
