"""Evaluate the selected weights and write what a run leaves behind."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import pyarrow as pa

from wfa.data.dataset import ImageTextDataset
from wfa.options.typed_options import as_plain
from wfa.provenance import git_state, machine, versions
from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.evaluate import RetrievalResult, evaluate_retrieval
from wfa.retrieval.metrics import MetricRow
from wfa.retrieval.ranks import write_ranks
from wfa.retrieval.retrieval_options import Config, wording
from wfa.runs.class_results import class_results
from wfa.runs.embed import embed_split
from wfa.runs.outside_plugins import recorded
from wfa.runs.parts import Parts
from wfa.runs.query_gallery import build_gallery
from wfa.runs.run_folder import CLASSES_FILE, RunFolder

EVALUATED = ("validation", "test", "bench")
"""The splits measured after training, where the data set has them."""


def write_results(
    parts: Parts,
    folder: RunFolder,
    seconds: dict[str, float],
    selection: dict[str, Any],
    throughput: dict[str, float | None],
    device: str,
    left_out: Mapping[str, Any] | None = None,
) -> None:
    """Measure the selected weights once a split and write the folder's files, `run.json` last.

    Args:
        parts: The run; its model holds the selected weights.
        folder: Where to write.
        seconds: Time of the steps before; evaluation and the total are added.
        selection: How the checkpoint was chosen.
        throughput: Speed of training.
        device: What trained it.
        left_out: What could not be read in training.
    """
    rows: list[MetricRow] = []
    ranks: list[pa.Table] = []
    names = [split for split in EVALUATED if split in parts.split_names]
    started = time.perf_counter()
    for name in names:
        own: list[list[MetricRow]] = []
        for label, part in parts.members(name).items():
            embeddings = embed_split(parts, part)
            found = measure(embeddings, label, name, parts.config.retrieval)
            own.append(found.rows)
            ranks.append(found.ranks)
        whole = means(own, parts.dataset(name).name) if len(own) > 1 else []
        rows += [*whole, *chain.from_iterable(own)]
    # The last split is bench or test, where there is one: what a person wants to see.
    gallery = build_gallery(embeddings, part.dataset, parts.config.train.seed)
    write_ranks(folder.path / "ranks.parquet", pa.concat_tables(ranks))
    folder.write_json("metrics.json", [row.as_dict() for row in rows])
    folder.write_json("gallery.json", gallery)
    if by_class := class_results(part.dataset, embeddings, parts.config.retrieval.ties):
        folder.write_json(CLASSES_FILE, {"split": name, **by_class})
    seconds = {**seconds, "evaluate": time.perf_counter() - started}
    facts: dict[str, Any] = {"selection": selection, "throughput": throughput, "device": device}
    if left_out:
        facts["left_out"] = dict(left_out)
    folder.write_json("run.json", {**_facts(parts, names, seconds), **facts, "finished": True})


def _facts(parts: Parts, names: Sequence[str], seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return what run.json says of the run, its data, its cost and where it was made."""
    config = parts.config
    trainable = [p.numel() for p in parts.model.parameters() if p.requires_grad]
    described = [name for name in ("train", *names) if name in parts.split_names]
    first = parts.dataset(described[0])
    return {
        "name": config.name,
        "config_id": config.config_id,
        "git": git_state(),
        "versions": versions(),
        "machine": machine(),
        "seed": config.train.seed,
        "plugins": recorded(config),
        "wording": wording(as_plain(config.retrieval)),
        "data": {
            "name": first.name,
            "notes": list(first.notes),
            "splits": {name: describe(parts.dataset(name)) for name in described},
        },
        "seconds": {**seconds, "total": sum(seconds.values())},
        "parameters": {
            "total": sum(p.numel() for p in parts.model.parameters()),
            "trainable": sum(trainable),
        },
    }


def measure(embeddings: Embeddings, data: str, split: str, options: Config) -> RetrievalResult:
    """Evaluate embeddings as the `retrieval` section says."""
    return evaluate_retrieval(
        embeddings, data, split, options.protocols, options.queries, chunk=options.chunk
    )


def means(members: Sequence[Sequence[MetricRow]], data: str) -> list[MetricRow]:
    """Return the means over the parts of a mixture of each figure that all of them have."""
    gathered: dict[MetricRow, list[float]] = defaultdict(list)
    for row in chain.from_iterable(members):
        gathered[replace(row, data=data, value=0.0)].append(row.value)
    return [
        replace(row, value=sum(values) / len(values))
        for row, values in gathered.items()
        if len(values) == len(members)
    ]


def describe(dataset: ImageTextDataset) -> dict[str, Any]:
    """Return what run.json says of a split."""
    images, captions = dataset.size()
    return {
        "images": images,
        "captions": captions,
        "skipped": len(dataset.skipped),
        "skipped_rows": dataset.skipped_rows,
        "checksum": dataset.checksum,
        **dataset.details(),
    }
