"""A comparison.json of whole cloth: two techniques, one of them measurably better."""

from itertools import product
from typing import Any

FIELDS = ("protocol", "queries", "direction", "metric")
KEYS = [
    *product(("text_to_image", "image_to_text"), ("R@1", "R@5", "R@10")),
    ("both", "mR"),
]
NAMES = ("plain_way", "<b>other</b>")


def one_set() -> dict[str, Any]:
    kinds = [("strict", "single"), ("strict", "aggregated"), ("duplicate_aware", "single")]
    scores = [
        {
            **dict(zip(FIELDS, (*kind, *key), strict=True)),
            "label": label, "mean": 0.25 + 0.5 * place, "sd": 0.0125, "values": [0.2, 0.3],
            "ceiling": 0.875,
        }
        for kind in kinds
        for key in KEYS
        for place, label in enumerate(NAMES)
    ]  # fmt: skip
    pairs = [
        {
            "protocol": protocol, "queries": queries, "metric": "mR", "one": NAMES[1],
            "other": NAMES[0], "difference": 0.5, "low": 0.4, "high": 0.6, "p_images": 0.0001,
            "p_seeds": 0.01, "p_holm": 0.01, "measurable": queries == "single",
        }
        for protocol, queries in kinds
    ]  # fmt: skip
    cost = {
        "train_seconds": 8.0, "total_seconds": 10.0, "texts": 12345, "text_tokens": None,
        "images_per_second": 10.0, "peak_memory_bytes": 2**30, "memory_of": "process",
        "image_vectors": 1.0, "text_vectors_single": 5.0, "text_vectors_aggregated": 1.0,
        "width": 16, "text_bytes_single": 320.0, "text_bytes_aggregated": 64.0,
        "query_seconds_single": 0.002, "query_seconds_aggregated": 0.01,
    }  # fmt: skip
    picture = "data:image/png;base64,AAAA"
    texts = [
        {"text": "a <pond>", "weight": 0.25, "uniqueness": 0.5},
        {"text": "water", "weight": 0.5, "uniqueness": 1.0},
        {"text": "a <pond>", "weight": 0.25, "uniqueness": 0.5},
    ]
    example = {"image": "3.png", "thumbnail": picture, "source": "text", "texts": texts}
    query = {"query": "3.png#1", "image": "3.png", "text": "a <pond>", "thumbnail": picture}
    return {
        "data": "ponds", "split": "test", "images": 40,
        "techniques": [
            {"label": label, "seeds": [0, 1], "aggregation": "mean", "loss": "info_nce",
             "encoder": "small", "options": {"name": "mean", "caption_dropout": 0.5}}
            for label in NAMES
        ],
        "scores": scores, "pairs": pairs, "against": pairs[:1],
        "cost": [{"label": label, **cost} for label in NAMES],
        "pareto": [{"protocol": "strict", "queries": queries, "cost": "train_seconds",
                    "front": [NAMES[1]]} for queries in ("single", "aggregated")],
        "target": 0.625,
        "speed": [{"label": NAMES[0], "epochs": None, "seconds": None, "reached": 0, "runs": 2},
                  {"label": NAMES[1], "epochs": 2.5, "seconds": 4.0, "reached": 2, "runs": 2}],
        "curves": [{"label": label, "points": [[1.0, 0.2], [2.0, 0.4]]} for label in NAMES],
        "guidelines": [{"question": "Which?", "answer": "`<b>other</b>`, measurably better.",
                        "rows": pairs[:1]}],
        "examples": [{"label": NAMES[0], "examples": [example]},
                     {"label": NAMES[1], "examples": [{**example, "source": "joined"}]}],
        "queries": [{"kind": kind, **query, "ranks": {NAMES[0]: 12.0, NAMES[1]: 3.5}}
                    for kind in ("differ", "worst", "best")],
    }  # fmt: skip


def made_comparison() -> dict[str, Any]:
    """What comparison.json holds."""
    cells = [
        {"label": label, "seed": seed, "data": "ponds", "folder": f"{place}-s{seed}",
         "config_id": "0123456789", "state": "finished"}
        for place, label in enumerate(NAMES)
        for seed in (0, 1)
    ]  # fmt: skip
    cells.append({**cells[0], "seed": 2, "folder": "0-s2", "state": "failed", "message": "<oh no>"})
    return {
        "name": "ponds_all",
        "request": {"seeds": [0, 1], "budget": {"epochs": 3}, "alpha": 0.05},
        "git": {"commit": "ab" * 20, "dirty": True},
        "versions": {"python": "3.11"},
        "machine": {"processor": "Abacus", "cores": 2, "system": "Linux"},
        "cells": cells,
        "sets": [one_set()],
    }
