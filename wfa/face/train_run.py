"""Train a run of names and objects alike."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from wfa.aggregation.base import Aggregation
from wfa.face.handed_over import HandedOver, choice_of, with_options
from wfa.face.loaded_model import LoadedModel, loaded_run
from wfa.options.run_config import resolve
from wfa.training.fit import fit


def train(
    data: HandedOver = "scenes",
    aggregation: HandedOver = "uniqueness",
    encoder: HandedOver = "small",
    loss: HandedOver = "info_nce",
    model: HandedOver = "clip",
    *,
    retrieval: dict[str, Any] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
    **train_options: Any,
) -> LoadedModel | None:
    """Train one run, select its checkpoint on validation, evaluate it, write the run folder.

    Each part is a name (`wfa list` shows them), the path of a plug-in file, `{"name": ..., option:
    ...}`, a class that extends that of its kind, or an object. A technique or loss that is an
    object gives its class and options: a run starts from new weights.

    Args:
        data: A data set; or own pairs: split -> sequence of (image, [captions]), or one sequence,
            of which every tenth image validates. An image is a path, a `PIL.Image`, an array
            (H, W, 3) or a tensor (3, H, W) of uint8.
        aggregation: The technique.
        encoder: The towers; or two callables (see `wfa.encoder_of`, which takes more options).
        loss: The loss.
        model: The kind of model.
        retrieval: Options of evaluation.
        out: The run folder; `runs/<data>-<config_id>` for None.
        overwrite: Lose a run that the folder holds; an unfinished one goes on otherwise.
        progress: Show a progress bar.
        train_options: Those of the section `train`: `epochs`, `batch_size`, `lr`, `seed` ..

    Returns:
        The finished run, ready to encode; None in processes other than the first.

    Raises:
        ConfigError: A name, option or object is not what it must be.
        DataError: The data is missing or broken.
        RunError: The folder cannot be used.
    """
    chosen = {
        kind: choice_of(kind, given)
        for kind, given in (
            ("data", data), ("aggregation", aggregation), ("encoder", encoder),
            ("loss", loss), ("model", model),
        )
    }  # fmt: skip
    base = resolve()
    config = replace(
        base,
        name=chosen["data"].label,
        train=with_options(base.train, train_options, "train"),
        retrieval=with_options(base.retrieval, retrieval or {}, "retrieval"),
        **chosen,
    )
    width = aggregation.width if isinstance(aggregation, Aggregation) else None
    folder = Path(out) if out is not None else Path(f"runs/{config.name}-{config.config_id}")
    finished = fit(config, folder, overwrite, show_training=progress, width=width)
    return None if finished is None else loaded_run(finished.path)
