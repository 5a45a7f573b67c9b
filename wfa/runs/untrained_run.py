"""A checkpoint as it is: nothing is trained, and yet a run folder like any other is written."""

import time
from pathlib import Path

import torch

from wfa.errors import DataError
from wfa.files import write_text
from wfa.options.run_config import RunConfig
from wfa.runs.best_device import best_device
from wfa.runs.parts import Parts, save_weights
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_results import EVALUATED, write_results

NOTHING_TRAINED = "nothing was trained: the weights are those of the encoder's options"


def evaluate_untrained(config: RunConfig, out: Path, overwrite: bool = False) -> RunFolder:
    """Measure a model as its options make it, such as a published checkpoint, and keep it as a run.

    What has no weights of its own, such as heads on locked towers, has those of `train.seed`.

    Args:
        config: The config; of its `train` section only the seed and the cache count.
        out: The run folder.
        overwrite: Lose a run that the folder holds.

    Returns:
        The finished run's folder.

    Raises:
        DataError: The data set has none of the splits that are measured, or cannot be read.
        ModelError: The weights cannot be had, or are of another architecture.
        RunError: The folder cannot be used.
    """
    started = time.perf_counter()
    torch.manual_seed(config.train.seed)
    parts, folder = Parts(config), RunFolder(out)
    folder.check(config, overwrite)
    if not set(EVALUATED) & set(parts.split_names):
        raise DataError(
            f"data set {config.data.name} has none of the splits {', '.join(EVALUATED)}, only "
            f"{', '.join(parts.split_names)}: nothing can be measured"
        )
    device = best_device()
    parts.model.to(device).eval()
    with folder.locked():
        folder.claim(config, overwrite)
        save_weights(parts.model, folder)
        write_text(folder.path / "history.csv", "step,epoch,loss\n")  # no step was taken
        seconds = {"prepare": time.perf_counter() - started}
        selection = {"trained": False, "why": NOTHING_TRAINED}
        write_results(parts, folder, seconds, selection, {}, str(device))
    return folder
