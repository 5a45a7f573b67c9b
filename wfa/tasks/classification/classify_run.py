"""A run at classification: zero-shot by prompts, or probes on its image features."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wfa.data.dataset import ImageTextDataset
from wfa.errors import ConfigError, DataError
from wfa.plugins.registry import Choice
from wfa.provenance import git_state, versions
from wfa.retrieval.published import published_classification
from wfa.runs.best_device import best_device
from wfa.runs.embed import embed_images
from wfa.runs.parts import Parts, load_run, open_split
from wfa.runs.run_folder import RunFolder
from wfa.tasks.classification.class_options import (
    FEW_SHOT,
    KNN,
    TOWER,
    ZERO_SHOT,
    ClassOptions,
)
from wfa.tasks.classification.class_scores import (
    ClassScores,
    Floats,
    average_precisions,
    score_classes,
)
from wfa.tasks.classification.probes import (
    Labelled,
    check_learnable,
    few_shot,
    linear_probe,
    nearest_neighbours,
)
from wfa.tasks.classification.templates import read_templates
from wfa.tasks.classification.zero_shot import class_features, multi_labels, single_labels

SCORES = "scores.json"
Content = dict[str, Any]


def classify_run(
    path: Path,
    kind: str,
    data: Choice | None = None,
    split: str = "test",
    options: ClassOptions | None = None,
) -> tuple[Content, Path]:
    """Measure what a run knows of a data set's classes.

    Args:
        path: A finished run's folder.
        kind: One of `wfa.tasks.classification.class_options.KINDS`.
        data: The data set; the run's own unless given.
        split: The split that is measured; probes choose on validation and learn from train.
        options: Options of the task.

    Returns:
        What `scores.json` holds, and the folder `tasks/<kind>-<data>-<split>` of the run with it.

    Raises:
        ConfigError: A template, a technique or the kind of features does not fit, or a probe is
            measured on what it learns from.
        DataError: The data set has no such split, or knows no classes; or a probe is to know a
            class that train has no image of.
        RunError: The folder holds no finished run.
    """
    options = options or ClassOptions()
    templates = read_templates(options.templates)  # before a model is loaded
    if kind != ZERO_SHOT and split in ("train", "validation"):
        raise ConfigError(
            f"task={kind} learns from train and chooses on validation: measure it on another split "
            f"than {split}, such as split=test"
        )
    parts = load_run(path)
    parts.model.to(best_device())
    data = data or parts.config.data
    present = data.plugin().splits(data.options)
    asked = open_split(data, split, present)
    if not asked.classes:
        raise DataError(
            f"data set {data.name} knows no classes of its images: use data=class_folder, or one "
            "that does, such as ucm_captions and rsicd"
        )
    if kind == ZERO_SHOT:
        found = _zero_shot(parts, asked, templates, options)
    else:
        learnt = {name: open_split(data, name, present) for name in ("train", "validation")}
        found = _probed(parts, kind, {**learnt, split: asked}, split, options)
    published = published_classification(_published_name(data), kind, split, templates)
    content = {
        "task": kind,
        "config_id": parts.config.config_id,
        "data": {"name": data.label, "split": split, "images": len(asked),
                 "checksum": asked.checksum},
        "options": asdict(options),
        **found,
        "published": [asdict(result) for result in published],
        "git": git_state(),
        "versions": versions(),
    }  # fmt: skip
    folder = RunFolder(path / "tasks" / f"{kind}-{data.label}-{split}")
    folder.write_json(SCORES, content)
    return content, folder.path


def _zero_shot(
    parts: Parts,
    asked: ImageTextDataset,
    templates: Sequence[str],
    options: ClassOptions,
) -> Content:
    texts = class_features(
        parts.model.text_side, asked.classes, templates, options.technique
    )  # fmt: skip
    several = multi_labels(asked)
    if (several.sum(1) > 1).any():
        images = _features(parts, asked, np.arange(len(asked)), options)
        scores = images @ texts.T
        every, at_k = average_precisions(scores, several), average_precisions(
            scores, several, options.k
        )  # fmt: skip
        rows = [
            {"class": name, "images": int(several[:, place].sum()), "AP": _number(every[place]),
             f"AP@{options.k}": _number(at_k[place])}
            for place, name in enumerate(asked.classes)
        ]  # fmt: skip
        means = {"mAP": float(np.nanmean(every)), f"mAP@{options.k}": float(np.nanmean(at_k))}
        return {"templates": list(templates), "metrics": means, "classes": rows}
    places, labels = single_labels(asked)
    images = _features(parts, asked, places, options)
    found = score_classes(images @ texts.T, labels)
    return {"templates": list(templates), **_single(found, asked.classes)}


def _probed(
    parts: Parts,
    kind: str,
    splits: Mapping[str, ImageTextDataset],
    asked: str,
    options: ClassOptions,
) -> Content:
    classes = splits[asked].classes
    known = {name: single_labels(dataset) for name, dataset in splits.items()}
    check_learnable({name: labels for name, (_, labels) in known.items()}, classes)
    held = {
        name: Labelled(_features(parts, splits[name], places, options), labels)
        for name, (places, labels) in known.items()
    }
    train, validation, test = (held[name] for name in ("train", "validation", asked))
    if kind == FEW_SHOT:
        found = few_shot(
            train, validation, test, len(classes), seeds=tuple(range(options.seeds))
        )  # fmt: skip
        return {
            "metrics": {
                f"top-1 of {n} images a class": float(np.mean(v)) for n, v in found.items()
            },
            "seeds": {str(count): values for count, values in found.items()},
        }
    probe = (nearest_neighbours if kind == KNN else linear_probe)(
        train, validation, test, len(classes)
    )  # fmt: skip
    chosen = {"setting": probe.setting, "validation_top1": probe.validation}
    return {"chosen_on_validation": chosen, **_single(probe.scores, classes)}


def _features(
    parts: Parts, dataset: ImageTextDataset, places: Any, options: ClassOptions
) -> Floats:
    inputs = parts.model.encoder.inputs(dataset, parts.cache, "none")
    if options.features != TOWER:
        made = embed_images(parts.model, places, inputs, workers=parts.workers)
        return np.asarray(made.numpy(), np.float32)
    rows = [inputs.image(int(place), None) for place in places]
    if rows[0].dim() != 1:
        raise ConfigError(
            "task.features=tower needs locked towers below heads, as encoder=frozen has them: "
            "leave it out"
        )
    return np.asarray(torch.stack(rows).numpy(), np.float32)


def _single(found: ClassScores, classes: Sequence[str]) -> Content:
    rows = [
        {"class": name, "images": int(found.confusion[place].sum()),
         "recall": _number(found.recall[place]), "F1": _number(found.f1[place])}
        for place, name in enumerate(classes)
    ]  # fmt: skip
    metrics = {f"top-{k}": value for k, value in found.top.items()} | {"macro F1": found.macro_f1}
    return {"metrics": metrics, "classes": rows, "confusion": found.confusion.tolist()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _published_name(data: Choice) -> str:
    """Return what published tables call the data: a folder of classes is known by its name."""
    return Path(data.options.root).name if data.name == "class_folder" else data.name
