"""The grid: one cell for each data set, encoder, loss, technique and seed, all of one budget."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from wfa.comparing.settings import BUDGETS, Request
from wfa.errors import ConfigError
from wfa.options.run_config import RunConfig, resolve
from wfa.retrieval.ties import WORST


@dataclass(frozen=True)
class Cell:
    """One run of a comparison.

    Attributes:
        label: The technique with its loss and encoder where these vary too.
        seed: Of the run.
        data: Label of the data set; its name where the comparison has only one.
        config: The run's config.
        folder: Name of its folder below `cells/`.
        probed: Whether its weights on example images are shown and its queries timed.
    """

    label: str
    seed: int
    data: str
    config: RunConfig
    folder: str
    probed: bool


def grid(request: Request) -> list[Cell]:
    """Make the cells, seed by seed, so that an interrupted comparison has whole seeds.

    Raises:
        ConfigError: A word is wrong, two labels give one folder, the budgets differ, or `against`
            is no label.
    """
    cells = [
        cell
        for seed in request.seeds
        for cell in _of_seed(request, seed, probed=seed == request.seeds[0])
    ]
    folders: dict[str, Cell] = {}
    for cell in cells:
        other = folders.setdefault(cell.folder, cell)
        if other is not cell:
            raise ConfigError(
                f"the labels {other.label!r} and {cell.label!r} give the same folder "
                f"{cell.folder!r}: choose labels that differ in letters or digits"
            )
    _check_budgets(cells)
    labels = list(dict.fromkeys(cell.label for cell in cells))
    if request.against is not None and request.against not in labels:
        raise ConfigError(
            f"compare.against={request.against!r} is none of the techniques: {', '.join(labels)}"
        )
    return cells


def _of_seed(request: Request, seed: int, *, probed: bool) -> list[Cell]:
    axes = [request.axis(name).items() for name in ("data", "encoders", "losses", "techniques")]
    cells = []
    for (data, data_words), (encoder, encoder_words), (loss, loss_words), (name, words) in product(
        *axes
    ):
        label = " · ".join(part for part in (name, loss, encoder) if part)
        _refuse_seed(label, (*request.settings, *words))
        config = resolve([
            f"run={request.run}", *data_words, *encoder_words, *loss_words, *request.settings,
            *words,
        ])  # fmt: skip
        _refuse_rule(label, config)
        train = replace(config.train, seed=seed, **_budget(request))
        config = replace(config, name=_slug(label), train=train)
        cells.append(
            Cell(
                label=label,
                seed=seed,
                data=data or config.data.label,
                config=config,
                folder=_slug("-".join(part for part in (data, label, f"s{seed}") if part)),
                probed=probed,
            )
        )
    return cells


def _budget(request: Request) -> dict[str, Any]:
    """Return the options of training that hold a cell to the budget; the other two are off."""
    if request.budget is None:
        return {}
    kind, amount = request.budget
    return {"steps": 0, "max_images": 0, "max_seconds": 0.0, BUDGETS[kind]: amount}


def _refuse_seed(label: str, words: Sequence[str]) -> None:
    for word in words:
        if word.startswith("train.seed="):
            raise ConfigError(f"{label!r} sets {word}: seeds are given by compare.seeds")


def _refuse_rule(label: str, config: RunConfig) -> None:
    rule = config.retrieval.ties
    if rule != WORST:
        raise ConfigError(
            f"{label!r} sets retrieval.ties={rule}: a comparison counts ties as {WORST} alone; "
            "leave it out, metrics.json of every cell has both rules"
        )


def _check_budgets(cells: Sequence[Cell]) -> None:
    """Refuse cells that may train longer than others.

    Raises:
        ConfigError: The budgets differ; the message names two labels.
    """
    first = cells[0]
    for cell in cells:
        for key in ("epochs", "steps", "max_images", "max_seconds"):
            one, other = getattr(first.config.train, key), getattr(cell.config.train, key)
            if one != other:
                raise ConfigError(
                    f"every cell has the same budget, but train.{key} is {one} for "
                    f"{first.label!r} and {other} for {cell.label!r}: set `budget:` once"
                )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-")
