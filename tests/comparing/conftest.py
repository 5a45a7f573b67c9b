"""Folders of cells made of whole cloth, as training would write them, with chosen ranks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wfa.comparing.cells import Cell, grid
from wfa.comparing.comparison_folder import Folder
from wfa.comparing.settings import CompareSettings, Request
from wfa.files import write_text
from wfa.options.read_settings import read_settings
from wfa.retrieval.metrics import hit_rate_at_k
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.retrieval.ranks import Ranking, rank_table, write_ranks

TINY = (
    "data.train_images=48", "data.validation_images=12", "data.test_images=12", "data.size=32",
    "encoder.image_size=16", "encoder.image_tower=vit", "encoder.patch_size=8",
    "encoder.image_width=32", "encoder.image_layers=1", "encoder.text_width=32",
    "encoder.text_layers=1", "encoder.embed_dim=16", "encoder.context_length=16",
    "train.batch_size=16", "train.workers=0", "train.accelerator=cpu",
)  # fmt: skip
"""Settings of a cell that trains in about a second."""
IMAGES, CAPTIONS = 40, 3

Ranks = Callable[[str, int, str], np.ndarray]
"""(label, seed, kind of query) -> ranks: text-to-image queries, then image-to-text ones."""


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., Request]:
    """Make a request from YAML values and words."""

    def make(*words: str, **values: Any) -> Request:
        path = tmp_path / "asked.yaml"
        path.write_text(json.dumps({"techniques": ["single", "mean"], "seeds": 2, **values}))
        return read_settings(CompareSettings, [f"compare={path}", *words]).request()

    return make


def good_ranks(better: str = "", by: float = 0.0) -> Ranks:
    """Draw ranks by image: hard images are hard for all; one label may be better."""

    def ranks(label: str, seed: int, queries: str) -> np.ndarray:
        rng = np.random.default_rng(7)
        hard = np.repeat(rng.normal(1.5, 1.0, IMAGES), CAPTIONS if queries == "single" else 1)
        hard = np.concatenate([hard, rng.normal(1.5, 1.0, IMAGES)])
        own = np.random.default_rng([seed, *label.encode()]).normal(0, 0.3, len(hard))
        shift = by if label == better else 0.0
        return np.maximum(1, np.exp(hard + own - shift)).astype(np.int64)

    return ranks


def make_cell(folder: Path, cell: Cell, ranks: Ranks) -> None:
    """Write what a finished cell leaves that a comparison reads."""
    tables: list[pa.Table] = []
    rows: list[dict[str, Any]] = []
    for queries in ("single", "aggregated"):
        drawn = ranks(cell.label, cell.seed, queries)
        images = [f"{place}.png" for place in range(IMAGES)]
        texts = images
        if queries == "single":
            texts = [f"{name}#{k}" for name in images for k in range(CAPTIONS)]
        by_direction = {TEXT_TO_IMAGE: (texts, drawn[: len(texts)]),
                        IMAGE_TO_TEXT: (images, drawn[len(texts) :])}  # fmt: skip
        common = {"data": "made", "split": "test", "protocol": "strict", "queries": queries}
        rates = []
        for direction, (names, own) in by_direction.items():
            ranking = Ranking.without_ties(own, 1 / own, np.ones_like(own))
            tables.append(rank_table("test", "strict", queries, direction, names, ranking))
            for k in (1, 5, 10):
                rates.append(hit_rate_at_k(own, k))
                row = {**common, "direction": direction, "metric": f"R@{k}", "value": rates[-1]}
                rows += [row, {**row, "value": 1.0, "oracle": True}]
        rows.append({**common, "direction": "both", "metric": "mR", "value": float(np.mean(rates))})
    folder.mkdir(parents=True)
    write_ranks(folder / "ranks.parquet", pa.concat_tables(tables))
    split = {"images": IMAGES, "captions": IMAGES * CAPTIONS, "skipped": 0, "checksum": "c0ffee"}
    run = {
        "name": cell.label, "config_id": cell.config.config_id, "finished": True,
        "git": {"commit": "ab" * 20, "dirty": False},
        "seconds": {"prepare": 1.0, "fit": 12.0, "evaluate": 1.0, "total": 14.0},
        "data": {"name": "made", "splits": {"train": split, "test": split}},
        "throughput": {"texts": 1000, "text_tokens": 9000, "images_per_second": 100.0},
    }  # fmt: skip
    best = float(rows[-1]["value"])
    history = "step,epoch,seconds,loss,validation/mR\n" + "".join(
        f"{step},{step},{2.0 * (step + 1) + 0.1 * cell.seed},1.0,{best * (step + 1) / 4}\n"
        for step in range(4)
    )
    found: dict[str, Any] = {"peak_memory_bytes": 2**30, "memory_of": "process"}
    if cell.probed:
        found |= {
            "width": 16,
            "query_seconds": {"single": 0.001, "aggregated": 0.003},
            "examples": [example(cell.label)],
        }
    for name, content in (("run", run), ("metrics", rows), ("cell", found)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "history.csv").write_text(history)
    write_text(folder / "config.yaml", cell.config.as_yaml())


def example(label: str) -> dict[str, Any]:
    """Return what a look into a run says of one image."""
    return {
        "image": "3.png",
        "thumbnail": "data:image/png;base64,AAAA",
        "source": "text" if label == "uniqueness" else "uniform",
        "texts": [
            {"text": "a <b>pond</b>", "weight": 0.25, "uniqueness": 0.5},
            {"text": "water", "weight": 0.5, "uniqueness": 1.0},
            {"text": "a <b>pond</b>", "weight": 0.25, "uniqueness": 0.5},
        ],
    }


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[list[Cell], Folder]]:
    """Make a whole comparison's cells on disk."""

    def make(request: Request, ranks: Ranks) -> tuple[list[Cell], Folder]:
        folder = Folder(tmp_path / "comparison")
        folder.claim(request, extend=False)
        cells = grid(request)
        for cell in cells:
            make_cell(folder.of(cell), cell, ranks)
        return cells, folder

    return make
