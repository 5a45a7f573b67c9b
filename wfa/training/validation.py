"""Measure a run on validation while it trains: what selects its checkpoint."""

from collections.abc import Mapping
from contextlib import nullcontext

import numpy as np
import torch
from numpy.typing import NDArray

from wfa.model.clip import MultiCaptionCLIP
from wfa.progress import shown_by
from wfa.retrieval.retrieval_metric import CaptionRetrieval
from wfa.runs.embed import embed_split
from wfa.runs.parts import Parts, SplitParts
from wfa.training.history import History


class Validation:
    """Embeds the images that select the checkpoint, those of each data set, and measures them.

    Args:
        parts: The run's parts.
        history: Hears every measurement.
        show_training: Whether training shows a bar of its own.

    Attributes:
        images: How many images select.
    """

    def __init__(self, parts: Parts, history: History, show_training: bool) -> None:
        options = parts.config.train
        self._parts, self._history, self._show_training = parts, history, show_training
        self._members = {
            name: (part, _selecting(len(part.dataset), options.validation_images))
            for name, part in parts.members("validation").items()
        }
        self.images = sum(
            len(part.dataset) if places is None else len(places)
            for part, places in self._members.values()
        )
        # Every process embeds all images and gets the same value, so nothing is gathered.
        self._metric = CaptionRetrieval(
            queries=options.select_on, ties=parts.config.retrieval.ties, sync_on_compute=False
        )

    def __call__(self, model: MultiCaptionCLIP) -> dict[str, float]:
        """Measure the run's model; metric name -> value in [0, 1]."""
        del model  # the one of the parts
        # Two bars at once would write over each other.
        with shown_by(None) if self._show_training else nullcontext():
            measured = {name: self._measure(*own) for name, own in self._members.items()}
        metrics = mean_metrics(measured)
        self._history.validated(metrics)
        return metrics

    def _measure(self, part: SplitParts, places: NDArray[np.int64] | None) -> dict[str, float]:
        found, metric = embed_split(self._parts, part, places=places), self._metric
        metric.reset()
        metric.update(
            torch.from_numpy(found.images),
            torch.from_numpy(found.captions),
            found.image_index,
            captions=torch.from_numpy(found.caption_ids),
            aggregated=None if metric.queries == "single" else torch.from_numpy(found.aggregated),
        )
        return {key: value.item() for key, value in metric.compute().items()}


def mean_metrics(measured: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the means over what was measured; of several also each, as `name/metric`."""
    first, *others = measured.values()
    if not others:
        return dict(first)
    means = {key: sum(one[key] for one in measured.values()) / len(measured) for key in first}
    return means | {f"{name}/{key}": v for name, own in measured.items() for key, v in own.items()}


def _selecting(images: int, most: int) -> NDArray[np.int64] | None:
    """Draw the validation images that select the checkpoint, the same for every seed."""
    if not most or images <= most:
        return None
    return np.sort(np.random.default_rng(0).choice(images, most, replace=False))
