"""Run folders made of whole cloth, as training would write them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.search.conftest import images, library, model, run, shared_run, still
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE, is_defined
from wfa.retrieval.ranks import Ranking, rank_table, write_ranks
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES
from wfa.runs.query_gallery import thumbnail

KINDS = [(p, q) for p in PROTOCOLS for q in QUERIES if is_defined(p, q)]
METRICS = {"R@1": 0.125, "R@5": 0.5, "R@10": 0.75, "MedR": 6.0, "mAP": 0.3}
CEILING = {"R@1": 0.9, "R@5": 1.0, "R@10": 1.0, "MedR": 1.0, "mAP": 0.95}

MakeRun = Callable[..., Path]


def metric_rows(
    data: str = "ponds", split: str = "test", plus: float = 0.0
) -> list[dict[str, Any]]:
    rows = []
    for protocol, queries in KINDS:
        for oracle, values in ((False, METRICS), (True, CEILING)):
            base = {"data": data, "split": split, "protocol": protocol, "queries": queries}
            mark = {"oracle": True} if oracle else {}
            rows += [
                {**base, "direction": direction, "metric": metric, "value": value + plus, **mark}
                for direction in (TEXT_TO_IMAGE, IMAGE_TO_TEXT)
                for metric, value in values.items()
            ]
            mean = {"direction": "both", "metric": "mR", "value": values["R@5"] + plus}
            rows.append({**base, **mean, **mark})
    return rows


def gallery(text: str = "A pond .", image: str = "pond1.png") -> dict[str, Any]:
    own = {"image": image, "thumbnail": thumbnail(np.full((4, 4, 3), 90, np.uint8))}
    hits = [
        {**own, "image": "pond2.png", "score": 0.75, "right": True},
        {**own, "image": "road.png", "score": 0.5, "right": False},
        {**own, "score": 0.25, "right": True},
    ]
    query = {"text": text, "rank": 3, "relevant": [image, "pond2.png"], "own": own, "hits": hits}
    return {"data": "ponds", "split": "test", "images": 40, "queries": [query]}


def run_info(name: str) -> dict[str, Any]:
    split = {"images": 40, "captions": 200, "skipped": 0, "checksum": "c0ffee" * 10}
    return {
        "name": name,
        "config_id": "0123456789",
        "finished": True,
        "git": {"commit": "ab" * 20, "dirty": True},
        "versions": {"python": "3.11.7", "wfa": "0.1.0"},
        "machine": {"processor": "Abacus", "cores": 2, "system": "Linux x86_64"},
        "device": "cpu",
        "seed": 7,
        "data": {"name": "ponds", "splits": dict.fromkeys(("train", "validation", "test"), split)},
        "seconds": {"prepare": 1.0, "fit": 65.0, "evaluate": 2.0, "total": 68.0},
        "selection": {
            "metric": "validation/mR", "value": 0.5, "epoch": 1, "epochs_run": 3,
            "queries": "single",
        },
        "throughput": {"images_per_second": 1234.5, "captions_per_second": 6000.0,
                       "texts_per_caption": 0.5, "text_tokens_share": 0.08,
                       "data_wait_share": None},
        "parameters": {"total": 1000, "trainable": 10},
    }  # fmt: skip


HISTORY = """step,epoch,loss,learning_rate,validation/mR,validation/text_to_image/R@5
1,0,4.0,0.001,,
2,0,3.5,0.002,0.25,0.25
3,1,3.0,0.002,,
4,1,2.5,0.001,0.5,0.75
5,2,2.25,0.001,,
6,2,2.0,0.0,0.375,0.5
"""


def config_text(name: str, aggregation: str, seed: int) -> str:
    values = {
        "name": name,
        "data": {"name": "ponds", "root": ""},
        "aggregation": {"name": aggregation, "caption_dropout": 0.5},
        "encoder": {"name": "small"},
        "loss": {"name": "infonce"},
        "train": {"epochs": 3, "seed": seed, "cache": True},
    }
    return json.dumps(values)  # JSON is YAML


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a run folder; a keyword replaces a file's content."""

    def make(
        folder: str = "run", *, name: str = "ponds", aggregation: str = "mean", seed: int = 7,
        **files: Any,
    ) -> Path:  # fmt: skip
        path = tmp_path / folder
        path.mkdir(parents=True)
        (path / "config.yaml").write_text(config_text(name, aggregation, seed))
        contents = {
            "run": run_info(name), "metrics": metric_rows(), "gallery": gallery(), **files,
        }  # fmt: skip
        for stem, content in contents.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (path / f"{stem}.json").write_text(text)
        (path / "history.csv").write_text(HISTORY)
        rank = np.array([1, 3, 10, 40])
        ranking = Ranking.without_ties(rank, 1 / rank, np.ones_like(rank))
        tables = [
            rank_table("test", *kind, direction, list("abcd"), ranking)
            for kind in KINDS
            for direction in (TEXT_TO_IMAGE, IMAGE_TO_TEXT)
        ]
        write_ranks(path / "ranks.parquet", pa.concat_tables(tables))
        return path

    return make


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """Rows of `metrics.json`: validation before test."""
    return [*metric_rows(split="validation", plus=0.0625), *metric_rows()]


@pytest.fixture
def gallery_of() -> Callable[..., dict[str, Any]]:
    """Make a gallery around a caption and an image name."""
    return gallery


@pytest.fixture
def info_of() -> Callable[[str], dict[str, Any]]:
    """Make the content of `run.json` for a run's name."""
    return run_info


__all__ = ["images", "library", "model", "run", "shared_run", "still"]
"""Fixtures of search that answers need."""
