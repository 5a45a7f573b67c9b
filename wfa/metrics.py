"""Metrics that follow the interface of torchmetrics."""

from wfa.retrieval.retrieval_metric import CaptionRetrieval

__all__ = ["CaptionRetrieval"]
