"""Captions compared by what networks make of them: sentence similarity and BERTScore."""

import importlib
from collections.abc import Sequence

import torch
from torch.nn import functional

from wfa.encoders.towers import TowerConfig
from wfa.plugins.registry import plugin_class

_BATCH = 64


def sentence_similarity(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return the mean cosine of N captions and their references, -1 to 1, by MiniLM-L6.

    Raises:
        ImportError: The package with the network's weights is not installed.
    """
    tower = plugin_class("text_tower", "minilm")(TowerConfig())
    texts = [*outputs, *references]
    features = torch.cat(
        [tower.encode(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
    )
    same = functional.cosine_similarity(features[: len(outputs)], features[len(outputs) :])
    return float(same.mean())


def bert_score(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return the mean BERTScore F1 of N captions (Zhang et al. 2020), English, not rescaled.

    The package loads its network from the hub on first use.

    Raises:
        ImportError: `bert_score` is not installed.
    """
    package = importlib.import_module("bert_score")
    _, _, f1 = package.score(list(outputs), list(references), lang="en")
    return float(f1.mean())
