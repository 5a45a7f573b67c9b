"""Both towers and the aggregation as ONNX graphs, of any number of images, texts and captions."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from wfa.aggregation.base import Aggregation
from wfa.errors import ModelError
from wfa.exports.export_source import Source, Written
from wfa.exports.hub_processors import image_processor
from wfa.exports.onnx_towers import Towers, towers_of

IMAGE, TEXT, AGGREGATION = "image.onnx", "text.onnx", "aggregation.onnx"
CLOSE = 1e-4
"""The largest difference between features of length 1 that a graph may make."""
_LARGEST = 1_500_000_000
"""Bytes of weights that stand in the graph's own file, which holds 2 GiB at most."""
_USAGE = """\
import numpy, onnxruntime
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file("{folder}/tokenizer.json")
tokenizer.enable_padding()
found = tokenizer.encode_batch(["two ships", "a field"])
tokens = numpy.array([one.ids for one in found])
text = onnxruntime.InferenceSession("{folder}/text.onnx")
"""
_GIVEN = {
    1: 'features, = text.run(None, {{"tokens": tokens}})',
    2: "mask = numpy.array([one.attention_mask for one in found])\n"
    'features, = text.run(None, {{"tokens": tokens, "attention_mask": mask}})',
}
"""How the text graph is called, by the number of its inputs."""
_NOTES = (
    "`image.onnx`: `images` (B, 3, S, S) float32, scaled and standardised as "
    "`preprocessor_config.json` says -> `image_features` (B, D). `text.onnx`: `tokens` (U, L) "
    "int64, and `attention_mask` (U, L) where it has one -> `text_features` (U, D). Both of length "
    "1.",
    "`aggregation.onnx`: `caption_features` (N, D), `image_index` (N,) int64 ascending from 0, and "
    "`weights` (N,) known from the text, sum 1 for each image -> `text_features` (B, D), one an "
    "image, and `importance` (N,), the weights that were used.",
)


def write(source: Source, folder: Path) -> Written:
    """Write the graphs, the tokenizer and the preprocessing; each graph is compared with torch.

    Raises:
        ModelError: The towers are of a kind that is not written, or a graph cannot be made.
    """
    towers = towers_of(source)
    spec = towers.encoder.image_spec
    images = torch.randn(3, 3, spec.size, spec.size, generator=torch.Generator().manual_seed(0))
    captions = torch.randn(5, towers.encoder.width, generator=torch.Generator().manual_seed(1))
    index = torch.tensor([0, 0, 0, 1, 2])
    weights = torch.tensor([0.5, 0.3, 0.2, 1.0, 1.0])
    batch = torch.export.Dim.DYNAMIC
    length = batch if towers.any_length else torch.export.Dim.STATIC
    texts, several = towers.text_inputs, ("caption_features", "image_index", "weights")
    for file, module, given, shapes, outputs in (
        (IMAGE, towers.image, (images,), {"images": {0: batch}}, ["image_features"]),
        (TEXT, towers.text, tuple(texts.values()), {name: {0: batch, 1: length} for name in texts},
         ["text_features"]),
        (AGGREGATION, _Aggregate(source.model.aggregation), (captions, index, weights),
         {name: {0: batch} for name in several}, ["text_features", "importance"]),
    ):  # fmt: skip
        _export(module.eval(), given, folder / file, shapes, outputs)
    towers.save_tokenizer(folder)
    image_processor(spec).save_pretrained(folder)
    return Written(
        main=IMAGE,
        usage=_USAGE + _GIVEN[len(texts)],
        library="onnx",
        task="zero-shot-image-classification",
        notes=(*_NOTES, _weights_note(source), *_length_note(towers)),
        left_out=tuple(name for name in source.left_out() if name != "aggregation"),
    )


def _weights_note(source: Source) -> str:
    if source.model.aggregation.weighs_text:
        return (
            f"{source.technique} weighs captions by their text: hand `aggregation.onnx` the "
            "weights that `wfa.caption_weights(captions)` gives."
        )
    return "Hand `aggregation.onnx` uniform weights, 1 / K for each of an image's K captions."


def _length_note(towers: Towers) -> tuple[str, ...]:
    kept = f"Cut texts to {towers.encoder.context_length} tokens, the end token kept"
    return (f"{kept}." if towers.any_length else f"{kept}, and pad them to that many with 0.",)


class _Aggregate(nn.Module):
    """Captions of several images to one text feature each, without the images as a query is."""

    def __init__(self, aggregation: Aggregation) -> None:
        super().__init__()
        self.aggregation = aggregation

    def forward(
        self, caption_features: Tensor, image_index: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        found = self.aggregation.aggregate(caption_features, image_index, weights)
        return found.text_features, found.weights


def _export(
    module: nn.Module,
    given: Sequence[Tensor],
    path: Path,
    shapes: Mapping[str, Any],
    outputs: Sequence[str],
) -> None:
    """Write one graph and compare what it gives with torch.

    Raises:
        ModelError: There is no ONNX form of the module, or it gives something else.
    """
    heavy = sum(tensor.nbytes for tensor in module.state_dict().values()) > _LARGEST
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter's own, about itself
            # Strict where the number of images stands in a value alone; else it only takes longer.
            strict = isinstance(module, _Aggregate)
            graph = torch.export.export(
                module, tuple(given), dynamic_shapes=dict(shapes), strict=strict
            )
            torch.onnx.export(
                graph, tuple(given), path, dynamo=True, input_names=list(shapes),
                output_names=list(outputs), external_data=heavy, verbose=False,
            )  # fmt: skip
            wanted = module(*given)
        found = onnxruntime.InferenceSession(path).run(
            None, {name: one.numpy() for name, one in zip(shapes, given, strict=True)}
        )
    except Exception as error:  # whatever the exporter or the runtime raises
        raise ModelError(
            f"{path.stem} of this run has no ONNX form ({str(error).strip().partition(chr(10))[0]})"
            ": use --to open_clip, or the run folder itself"
        ) from error
    pairs = zip(found, (wanted,) if isinstance(wanted, Tensor) else wanted, strict=True)
    apart = max(float(np.abs(theirs - ours.numpy()).max()) for theirs, ours in pairs)
    if not apart <= CLOSE:
        raise ModelError(
            f"{path.stem} gives other features as an ONNX graph than in torch, by {apart:.2g}: use "
            "--to open_clip, or the run folder itself"
        )
