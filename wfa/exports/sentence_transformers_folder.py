"""A folder that `SentenceTransformer(path)` loads, of modules of that package alone."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling
from torch import nn

from wfa.encoders.head import Head
from wfa.encoders.models.frozen import Frozen
from wfa.errors import ModelError
from wfa.exports.export_source import Source, Written
from wfa.exports.transformers_folder import NOTES, WEIGHTS, quiet, save_clip, several_captions

_USAGE = """\
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("{folder}")
features = model.encode(["two ships near a harbour", "a field"])"""


def write(source: Source, folder: Path) -> Written:
    """Write both open_clip towers, or the text side of a frozen run; features have length 1.

    Several captions of an image are aggregated by their mean, by hand: the package has no place
    for a technique, and would run code of ours only where a person trusts it.

    Raises:
        ModelError: The towers are of a kind that the package does not compute.
    """
    encoder = source.model.encoder
    with quiet():
        if isinstance(encoder, Frozen):
            modules = _headed(source, encoder)
            notes: tuple[str, ...] = ()
            left_out = ("image tower", *source.left_out())
        else:
            with TemporaryDirectory() as clip:
                save_clip(source, Path(clip))
                modules = [Transformer(clip), Normalize()]
            notes, left_out = NOTES[1:], source.left_out()
        SentenceTransformer(modules=modules, device="cpu").save(
            str(folder), create_model_card=False
        )
    return Written(
        main=WEIGHTS,
        usage=_USAGE,
        library="sentence-transformers",
        task="sentence-similarity",
        notes=(*notes, several_captions(source)),
        left_out=left_out,
    )


def _headed(source: Source, encoder: Frozen) -> list[nn.Module]:
    """The locked text tower, the mean over its tokens, and the trained head."""
    tower = encoder.text_tower
    if tower.hub_folder is None:
        options: Any = source.parts.config.encoder.options
        raise ModelError(
            f"{source.run} has a head on the locked text tower {options.text_tower!r}, which has "
            "no folder in the hub's form: export a run with encoder.text_tower=minilm, or one with "
            "encoder=open_clip"
        )
    return [
        Transformer(str(tower.hub_folder), max_seq_length=tower.context_length),
        Pooling(tower.width, "mean"),
        *_head(encoder.text_head),
        Normalize(),
    ]


def _head(head: Head) -> list[nn.Module]:
    """A head as a norm and one dense layer or two; the weights are the head's own."""
    norm = LayerNorm(head.norm.normalized_shape[0])
    norm.norm = head.norm
    layers: list[tuple[nn.Linear, nn.Module]] = [(head.out, nn.Identity())]
    if head.hidden is not None:
        layers.insert(0, (head.hidden, nn.GELU()))
    made: list[nn.Module] = [norm]
    for linear, activation in layers:
        dense = Dense(linear.in_features, linear.out_features, activation_function=activation)
        dense.linear = linear
        made.append(dense)
    return made
