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
from wfa.encoders.clip_encoder import ClipEncoder
from wfa.encoders.text_compute import trims
from wfa.encoders.text_compute.padded import encode_trimmed, encode_with_class_token
from wfa.encoders.text_compute.tower import TextTower
from wfa.errors import ModelError
from wfa.exports.export_source import Source, Written
from wfa.exports.hub_processors import image_processor, save_tokenizer
from wfa.model.texts import normalised

IMAGE, TEXT, AGGREGATION = "image.onnx", "text.onnx", "aggregation.onnx"
CLOSE = 1e-4
"""The largest difference between features of length 1 that a graph may make."""
_LARGEST = 1_500_000_000
"""Bytes of weights that stand in the graph's own file, which holds 2 GiB at most."""
_TEXTS = ["two ships near a harbour", "a field", "a river between green banks and a road"]
_USAGE = """\
import numpy, onnxruntime
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file("{folder}/tokenizer.json")
tokenizer.enable_padding()
tokens = numpy.array([one.ids for one in tokenizer.encode_batch(["two ships", "a field"])])
text = onnxruntime.InferenceSession("{folder}/text.onnx")
features, = text.run(None, {{"tokens": tokens}})"""
_NOTES = (
    "`image.onnx`: `images` (B, 3, S, S) float32, scaled and standardised as "
    "`preprocessor_config.json` says -> `image_features` (B, D). `text.onnx`: `tokens` (U, L) "
    "int64 -> `text_features` (U, D). Both of length 1.",
    "`aggregation.onnx`: `caption_features` (N, D), `image_index` (N,) int64 ascending from 0, and "
    "`weights` (N,) known from the text, sum 1 for each image -> `text_features` (B, D), one an "
    "image, and `importance` (N,), the weights that were used.",
)


def write(source: Source, folder: Path) -> Written:
    """Write the graphs, the tokenizer and the preprocessing; each graph is compared with torch.

    Raises:
        ModelError: The towers are not open_clip's, or a graph of them cannot be made.
    """
    encoder = source.picture_clip("")
    text = _Text(encoder)
    size = encoder.image_spec.size
    tokens = encoder.tokenize(_TEXTS)
    images = torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    captions = torch.randn(5, encoder.width, generator=torch.Generator().manual_seed(1))
    index = torch.tensor([0, 0, 0, 1, 2])
    weights = torch.tensor([0.5, 0.3, 0.2, 1.0, 1.0])
    batch = torch.export.Dim.DYNAMIC
    length = batch if text.trims else torch.export.Dim.STATIC
    named = {"images": {0: batch}}, {"tokens": {0: batch, 1: length}}
    several = {name: {0: batch} for name in ("caption_features", "image_index", "weights")}
    for file, module, given, shapes, outputs in (
        (IMAGE, _Image(encoder), (images,), named[0], ["image_features"]),
        (TEXT, text, (tokens,), named[1], ["text_features"]),
        (AGGREGATION, _Aggregate(source.model.aggregation), (captions, index, weights), several,
         ["text_features", "importance"]),
    ):  # fmt: skip
        _export(module.eval(), given, folder / file, shapes, outputs)
    save_tokenizer(encoder, folder)
    image_processor(encoder.image_spec).save_pretrained(folder)
    return Written(
        main=IMAGE,
        usage=_USAGE,
        library="onnx",
        task="zero-shot-image-classification",
        notes=(*_NOTES, _weights_note(source), *_length_note(encoder, text.trims)),
        left_out=tuple(name for name in source.left_out() if name != "aggregation"),
    )


def _weights_note(source: Source) -> str:
    if source.model.aggregation.weighs_text:
        return (
            f"{source.technique} weighs captions by their text: hand `aggregation.onnx` the "
            "weights that `wfa.caption_weights(captions)` gives."
        )
    return "Hand `aggregation.onnx` uniform weights, 1 / K for each of an image's K captions."


def _length_note(encoder: ClipEncoder, trims: bool) -> tuple[str, ...]:
    most = encoder.context_length
    kept = f"Cut texts to {most} tokens, the end token kept"
    return (f"{kept}." if trims else f"{kept}, and pad them to exactly that many with 0.",)


class _Image(nn.Module):
    """Images to features of length 1."""

    def __init__(self, encoder: ClipEncoder) -> None:
        super().__init__()
        self.model = encoder.stock_model

    def forward(self, images: Tensor) -> Tensor:
        return normalised(self.model.encode_image(images, normalize=False))


class _Text(nn.Module):
    """Tokens to features of length 1, cut to the longest text where the tower allows."""

    def __init__(self, encoder: ClipEncoder) -> None:
        super().__init__()
        self.model = encoder.stock_model
        own = hasattr(getattr(self.model, "text", self.model), "token_embedding")
        self._tower = TextTower.of(self.model) if own else None
        self.trims = trims(self.model)

    def forward(self, tokens: Tensor) -> Tensor:
        tower = self._tower
        if tower is None or not self.trims:
            return normalised(self.model.encode_text(tokens))
        encode = encode_with_class_token if tower.has_class_token else encode_trimmed
        return normalised(encode(tower, tokens))


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
