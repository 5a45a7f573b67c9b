"""The two towers of a run as modules that ONNX has a form for, and what turns files into inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn
from transformers import AutoTokenizer

from wfa.encoders.clip_encoder import ClipEncoder
from wfa.encoders.encoder import Encoder
from wfa.encoders.models.frozen import Frozen
from wfa.encoders.text_compute import trims
from wfa.encoders.text_compute.padded import encode_trimmed, encode_with_class_token
from wfa.encoders.text_compute.tower import TextTower
from wfa.errors import ModelError
from wfa.exports.export_source import Source
from wfa.exports.hub_processors import save_tokenizer
from wfa.model.texts import normalised

_TEXTS = ["two ships near a harbour", "a field", "a river between green banks and a road"]


@dataclass(frozen=True)
class Towers:
    """Towers to write; both give features of length 1.

    Attributes:
        encoder: The run's.
        image: (B, 3, S, S) -> (B, D).
        text: (U, L) tokens, and what else `text_inputs` names -> (U, D).
        text_inputs: Its inputs by name, of some texts.
        any_length: Whether L is the longest text's; else all texts are padded to the most.
        tokenizer: The hub's folder of the tokenizer; None for that of the encoder.
    """

    encoder: Encoder
    image: nn.Module
    text: nn.Module
    text_inputs: Mapping[str, Tensor]
    any_length: bool
    tokenizer: Path | None = None

    def save_tokenizer(self, folder: Path) -> None:
        """Write `tokenizer.json`."""
        if isinstance(self.encoder, ClipEncoder):
            save_tokenizer(self.encoder, folder)
        else:
            tokenizer = AutoTokenizer.from_pretrained(self.tokenizer).backend_tokenizer
            tokenizer.enable_truncation(self.encoder.context_length)
            tokenizer.enable_padding()
            tokenizer.save(str(folder / "tokenizer.json"))


def towers_of(source: Source) -> Towers:
    """Return the towers of open_clip's, or locked ones with the heads on them.

    Raises:
        ModelError: They are of another kind, take the bands of sensors, or a locked tower has no
            module that could be written.
    """
    encoder = source.model.encoder
    if isinstance(encoder, Frozen):
        return _locked(source, encoder)
    return _open_clip(source.picture_clip(""))


def _open_clip(encoder: ClipEncoder) -> Towers:
    text = _Text(encoder)
    return Towers(encoder, _Image(encoder), text, {"tokens": encoder.tokenize(_TEXTS)}, text.trims)


def _locked(source: Source, encoder: Frozen) -> Towers:
    source.check_pictures()
    image = encoder.image_tower.network
    if image is None:
        raise _no_module(source, "image", encoder.image_tower)
    text, folder = encoder.text_tower.network, encoder.text_tower.hub_folder
    if text is None or folder is None:
        raise _no_module(source, "text", encoder.text_tower)
    tokens = AutoTokenizer.from_pretrained(folder)(_TEXTS, padding=True, return_tensors="pt")
    given = {"tokens": tokens["input_ids"], "attention_mask": tokens["attention_mask"]}
    headed = _HeadedImage(image, encoder.image_head), _HeadedText(text, encoder.text_head)
    return Towers(encoder, *headed, given, any_length=True, tokenizer=folder)


def _no_module(source: Source, part: str, tower: object) -> ModelError:
    return ModelError(
        f"{source.run} has a head on the locked {part} tower {type(tower).__name__}, which is not "
        "written as ONNX: export a run with encoder.image_tower="
        "efficientnet_lite0, encoder.image_views=1 and encoder.text_tower=minilm, or one with "
        "encoder=open_clip"
    )


class _HeadedImage(nn.Module):
    """A locked image tower and its head: images to features of length 1."""

    def __init__(self, tower: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.tower, self.head = tower, head

    def forward(self, images: Tensor) -> Tensor:
        return normalised(self.head(self.tower(images)))


class _HeadedText(nn.Module):
    """A locked text tower and its head: tokens and their mask to features of length 1."""

    def __init__(self, tower: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.tower, self.head = tower, head

    def forward(self, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        return normalised(self.head(self.tower(tokens, attention_mask)))


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
