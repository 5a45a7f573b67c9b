"""Both towers of an exported run on a CPU: onnxruntime against torch, in one run.

    python experiments/benchmarks/onnx_export.py

ViT-B-32 with random weights, exported by `wfa export --to onnx`. Both sides take the same pixels
and tokens, cut to the longest text, on as many threads as there are cores, turn and turn about.
Ours is the graph, the peer the run itself in torch, whose text tower computes shared beginnings
once; features are compared.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from _record import Row, record
from numpy.typing import NDArray

from wfa.exports.export_run import export_run
from wfa.files import write_text
from wfa.options.run_config import resolve
from wfa.provenance import cores
from wfa.runs.parts import Parts, load_run, save_weights
from wfa.runs.run_folder import RunFolder

MODEL = "ViT-B-32"
BATCHES = (1, 16)
REPEATS = 9
WORDS = (("two", "many", "some", "no"), ("near", "beside"), ("a harbour", "a river in fields"))
TEXTS = [f"{count} ships {where} {what}" for count, where, what in product(*WORDS)]

Features = NDArray[np.float32]


def main() -> None:
    """Measure both towers, one input and sixteen at a time, and write `onnx_export.json`."""
    torch.manual_seed(0)
    torch.set_num_threads(cores())
    with tempfile.TemporaryDirectory() as temporary:
        run = make_run(Path(temporary) / "run")
        folder = export_run(run, "onnx").weights.parent
        model = load_run(run).model
        size = model.encoder.image_spec.size
        rows = []
        for batch in BATCHES:
            images = torch.randn(batch, 3, size, size)
            tokens = model.encoder.tokenize(TEXTS[:batch])
            image, text = graph(folder / "image.onnx"), graph(folder / "text.onnx")
            rows += [
                compare(f"{MODEL}, {batch} images", image, "images", images, model.encode_image),
                compare(f"{MODEL}, {batch} texts", text, "tokens", tokens, model.encode_text),
            ]
    record("onnx_export", rows)


def make_run(folder: Path) -> Path:
    """Write a run of random weights."""
    config = resolve(["data=scenes", "encoder=open_clip", f"encoder.model={MODEL}"])
    write_text(folder / "config.yaml", config.as_yaml())
    save_weights(Parts(config).model, RunFolder(folder))
    return folder


def graph(path: Path) -> onnxruntime.InferenceSession:
    """Open a graph on all cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    return onnxruntime.InferenceSession(path, options)


def compare(
    case: str,
    session: onnxruntime.InferenceSession,
    name: str,
    given: torch.Tensor,
    encode: Callable[[torch.Tensor], torch.Tensor],
) -> Row:
    """Time a graph and torch turn and turn about, and compare their features."""
    inputs = {name: given.numpy()}

    def ours() -> Features:
        found: list[Features] = session.run(None, inputs)
        return found[0]

    def peer() -> Features:
        with torch.inference_mode():
            return np.asarray(encode(given).numpy())

    agreement = float(np.abs(ours() - peer()).max())
    taken = [(timed(ours), timed(peer)) for _ in range(REPEATS)]
    own, theirs = (1000 * statistics.median(seconds) for seconds in zip(*taken, strict=True))
    bound = "float32 matrix products"
    return Row(f"{case}; peer: torch", own, theirs, theirs / own, None, agreement, "ms", bound)


def timed(task: Callable[[], object]) -> float:
    """Return the seconds that a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
