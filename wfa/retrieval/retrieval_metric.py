"""Retrieval as a torchmetrics metric: fed batch by batch, right over several processes."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from wfa.errors import ArgumentError, check_known
from wfa.retrieval.evaluate import mean_recall
from wfa.retrieval.metrics import KS
from wfa.retrieval.own_features import (
    Captions,
    OwnFeatures,
    checked_features,
    embeddings_of,
    ids_of,
)
from wfa.retrieval.protocols import is_defined
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES, check_ks
from wfa.retrieval.ties import TIES, WORST

_STATES = {
    "images": torch.float32,
    "captions": torch.float32,
    "counts": torch.int64,
    "aggregated": torch.float32,
    "ids": torch.int64,
}
"""What is kept of each batch, flat, so that a process without any batch has an empty vector."""


class CaptionRetrieval(Metric):
    """R@K, MedR, mAP and mR of images and their captions, both ways, by exact counts of ranks.

    `wfa.retrieval.protocols` defines every figure. All images of all batches, and in a distributed
    run of all processes, are one gallery. The order of batches never decides.

    Args:
        protocol: `strict`, `duplicate_aware` or `unique_query`; all but strict need the texts.
        queries: `single` captions, or `aggregated` texts, which `update` is then given.
        ks: The K of R@K.
        ties: `worst`, `expected` or `best`, see `wfa.retrieval.ranks`.
        keywords: Those of `torchmetrics.Metric`.

    Raises:
        ConfigError: A protocol, kind of query or rule of ties is not known, or a K is below 1.
        ArgumentError: The protocol knows no aggregated queries.

    >>> import torch, wfa
    >>> metric = wfa.metrics.CaptionRetrieval(ks=(1,))
    >>> metric.update(torch.eye(3), torch.eye(3)[[0, 0, 1, 1]], image_index=[0, 0, 1, 2])
    >>> {name: round(value.item(), 2) for name, value in metric.compute().items() if "R@" in name}
    {'text_to_image/R@1': 0.75, 'image_to_text/R@1': 0.33}
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    images: list[Tensor] | Tensor
    counts: list[Tensor] | Tensor

    def __init__(
        self,
        protocol: str = "strict",
        queries: str = "single",
        ks: Sequence[int] = KS,
        ties: str = WORST,
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        check_known("protocol", [protocol], PROTOCOLS)
        check_known("kind of queries", [queries], QUERIES)
        check_known("rule of ties", [ties], TIES)
        check_ks(ks)
        if not is_defined(protocol, queries):
            raise ArgumentError(f"protocol={protocol} asks single captions, not {queries} texts")
        self.protocol, self.queries, self.ks, self.ties = protocol, queries, tuple(ks), ties
        for name in _STATES:
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(
        self,
        image_features: Tensor,
        caption_features: Tensor,
        image_index: Any,
        captions: Captions | None = None,
        aggregated: Tensor | None = None,
    ) -> None:
        """Add a batch of B images and their N captions.

        Args:
            image_features: (B, D) floating, any length.
            caption_features: (N, D) floating, any length.
            image_index: (N,) integers ascending from 0, caption -> image of this batch.
            captions: Texts of each image, or of all N captions in order, or (N,) int64 ids that
                are equal for equal captions; None where no two captions are equal.
            aggregated: (B, D), one aggregated text an image, for `queries="aggregated"`.

        Raises:
            ArgumentError: A shape, width, order, device or value does not fit, or texts or
                aggregated features are needed and not given.
        """
        found = checked_features(image_features, caption_features, image_index, aggregated)
        width = found.images.shape[1]
        before = sum(map(len, self.images)) // max(1, sum(map(len, self.counts)))
        if before not in (0, width):
            raise ArgumentError(f"image_features is {width} wide, and those before {before}")
        if captions is None and self.protocol != "strict":
            raise ArgumentError(f"protocol={self.protocol} needs the captions' texts: captions=")
        if (aggregated is None) != (self.queries == "single"):
            raise ArgumentError("queries=aggregated needs aggregated=, and single takes none")
        ids = ids_of(captions, found.counts.tolist())
        for name, values in {**found._asdict(), "ids": torch.from_numpy(ids)}.items():
            getattr(self, name).append(values.flatten().to(self.device))

    def sync(self, *arguments: Any, **keywords: Any) -> None:
        """Gather the batches of all processes; one that has none takes part with nothing."""
        for name, dtype in _STATES.items():
            if isinstance(getattr(self, name), list) and not getattr(self, name):
                setattr(self, name, [torch.empty(0, dtype=dtype, device=self.device)])
        super().sync(*arguments, **keywords)

    def compute(self) -> dict[str, Tensor]:
        """Measure all batches.

        Returns:
            `text_to_image/R@1` and so on, `image_to_text/...`, MedR and mAP of each direction, and
            `mR`, the mean of all R@K: float64 scalars on the CPU, fractions but for MedR.

        Raises:
            ArgumentError: There was no batch.
        """
        empty = torch.empty(0)
        kept = {name: dim_zero_cat([*getattr(self, name)] or empty) for name in _STATES}
        counts, ids = kept["counts"], kept.pop("ids")
        if not len(counts):
            raise ArgumentError("there is nothing to measure: call update(...) with a batch first")
        width = len(kept["images"]) // len(counts)
        shaped = {name: kept[name].view(-1, width) for name in kept if name != "counts"}
        embeddings = embeddings_of(OwnFeatures(**shaped, counts=counts), ids.cpu().numpy())
        found = mean_recall(embeddings, self.queries, self.ties, self.protocol, self.ks)
        return {name: torch.tensor(value, dtype=torch.float64) for name, value in found.items()}
