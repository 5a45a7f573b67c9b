"""What a sample of a shard says: one image, its captions however they are written, their weights.

Text files win over JSON, so that a sample as img2dataset writes it (`jpg`, `txt`, and `json` of
what was downloaded) has the caption of its `txt`.
"""

import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wfa.aggregation.caption_draws import Weights
from wfa.data.decode import BadImageError, decode_image
from wfa.data.tables.caption_cells import captions_in
from wfa.errors import DataError

IMAGES = (
    "jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "gif", "jp2", "avif", "ppm", "img",
    "image", "npy",
)  # fmt: skip
"""Endings of images; what a file holds decides how it is decoded, but for arrays in `npy`."""
ARRAY = "npy"
LISTS = ("captions", "sentences", "texts")
"""Fields of a JSON object that hold all captions, before those that hold one."""

_TEXT = re.compile(r"(?:.*[._-])?(?:txt|text|captions?|cap)[._-]?\d*")
_NUMBER = re.compile(r"\d+")
_SHOWN = 80  # characters of a text in a message

Found = Mapping[str, Any]
"""Ending -> content, or anything that stands for the content of an image."""


class BadSampleError(Exception):
    """A sample is not an image with captions; the message is the reason, to be put after its name.

    It is told in place of `BadImageError` where the sample as a whole is wrong.
    """


class Texts(NamedTuple):
    """The captions of a sample.

    Attributes:
        captions: At least one, none blank.
        weights: Their importance weights, sum 1; None where the sample has none that are to be
            used.
        image: The name of the image, where the sample says it.
        labels: The classes that it is said to be of.
    """

    captions: tuple[str, ...]
    weights: Weights | None
    image: str | None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleForm:
    """Where image and captions stand in a sample.

    Attributes:
        image_key: The ending of the image; empty for the only one that is known as such.
        caption_keys: Endings of the captions, `json.FIELD` for a field of the JSON; empty to find
            them: numbered or plain text files, or else the JSON.
        probabilities: The weight of the caption of each of `caption_keys`; empty for no such.
        weights_key: Weights in the JSON count where they were made with this key; see
            `weighted_captions.weights_key`.
    """

    image_key: str = ""
    caption_keys: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    weights_key: str | None = None

    def image_of(self, sample: Found) -> str:
        """Return the ending of the image.

        Raises:
            BadSampleError: There is none, or more than one.
        """
        if self.image_key:
            if self.image_key in sample:
                return self.image_key
            raise BadSampleError(f"has no {self.image_key}{_has(sample)}")
        found = [key for key in endings(sample) if key.rpartition(".")[2] in IMAGES]
        if len(found) == 1:
            return found[0]
        if not found:
            raise BadSampleError(f"has no image{_has(sample)}")
        raise BadSampleError(
            f"has several images ({', '.join(found)}): say data.image_key={found[0]}, or another"
        )

    def texts_of(self, sample: Found) -> Texts:
        """Return the captions with their weights.

        Raises:
            BadSampleError: There is none, a file of them cannot be read, or weights do not fit.
        """
        spelt = _json_of(sample)
        stored: Any = None
        if self.caption_keys:
            found = [_by_key(sample, spelt, key) for key in self.caption_keys]
        elif texts := sorted(filter(_TEXT.fullmatch, endings(sample)), key=_natural):
            found = [[_text(sample, key)] for key in texts]
        else:
            found = [_in_json(spelt)]
            stored = spelt.get("weights") if isinstance(spelt, dict) else None
        flat = [text for own in found for text in own]
        kept = [place for place, text in enumerate(flat) if text.strip()]
        if not kept:
            raise BadSampleError(f"has no caption{_has(sample)}")
        weights = None
        if stored is not None:
            weights = _weights(stored, len(flat))
            if self.weights_key is None or spelt.get("weighed_by") != self.weights_key:
                weights = None
        elif self.probabilities:
            each = zip(self.probabilities, found, strict=True)
            weights = np.array([share / len(own) for share, own in each for _ in own])
        said = spelt if isinstance(spelt, dict) else {}
        name, labels = said.get("image"), said.get("labels")
        return Texts(
            tuple(flat[place] for place in kept),
            None if weights is None else _normalised(weights[kept]),
            name if isinstance(name, str) and name.strip() else None,
            tuple(map(str, labels)) if isinstance(labels, list) else (),
        )


def endings(sample: Found) -> list[str]:
    """Return the endings of a sample's files, without what `webdataset` adds."""
    return [key for key in sample if not key.startswith("__")]


def decode(ending: str, content: bytes) -> NDArray[Any]:
    """Decode the image of a sample.

    Args:
        ending: Of its file.
        content: The file.

    Returns:
        (H, W, C): uint8 RGB of a picture, any number type of an array.

    Raises:
        BadImageError: It is not an image.
    """
    if ending.rpartition(".")[2] != ARRAY:
        return decode_image(content)
    try:
        found: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadImageError("is no array as NumPy writes one") from error
    if found.ndim != 3 or found.dtype.kind not in "uif":
        raise BadImageError(f"is an array {found.dtype} {found.shape}, and not (H, W, C)")
    return found


def _by_key(sample: Found, spelt: Any, key: str) -> list[str]:
    """Return the captions of one of the keys that were asked for; none where it is missing."""
    if key in sample and key != "json":
        return [_text(sample, key)]
    file, _, field = key.partition(".")
    if file != "json" or not isinstance(spelt, dict | list):
        return []
    if not field:
        return _in_json(spelt)
    return _cell(spelt[field]) if isinstance(spelt, dict) and field in spelt else []


def _in_json(spelt: Any) -> list[str]:
    if isinstance(spelt, dict):
        listed = next((spelt[key] for key in LISTS if spelt.get(key)), None)
        if listed is None and not any(re.match("raw|caption|sentence|text", key) for key in spelt):
            return []
        return _cell(spelt if listed is None else listed)
    return [] if spelt is None else _cell(spelt)


def _cell(cell: Any) -> list[str]:
    try:
        return captions_in(cell, "its captions")
    except DataError as error:
        raise BadSampleError(f"has captions that cannot be read: {error}") from error


def _json_of(sample: Found) -> Any:
    if "json" not in sample:
        return None
    try:
        return json.loads(sample["json"])
    except (ValueError, RecursionError) as error:
        raise BadSampleError(f"has a json that cannot be read ({error})") from error


def _text(sample: Found, key: str) -> str:
    try:
        return str(sample[key].decode("utf-8-sig")).strip()
    except UnicodeDecodeError as error:
        raise BadSampleError(f"has a {key} that is no text in UTF-8") from error


def _weights(stored: Any, captions: int) -> Weights:
    if not isinstance(stored, list) or len(stored) != captions:
        many = len(stored) if isinstance(stored, list) else repr(stored)[:_SHOWN]
        raise BadSampleError(f"has weights that do not fit: {many} for {captions} captions")
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in stored)
    if not numbers or not all(0 <= one < math.inf for one in stored) or not sum(stored) > 0:
        raise BadSampleError(f"has weights that are none: {repr(stored)[:_SHOWN]}")
    return np.array(stored, np.float64)


def _normalised(weights: Weights) -> Weights | None:
    total = weights.sum()
    if abs(total - 1.0) < 1e-9:
        return weights  # to the last bit what was written
    return weights / total if total > 0 else None


def _natural(key: str) -> tuple[str, list[int]]:
    """Order numbered files by their numbers: `txt2` before `txt10`."""
    return _NUMBER.sub("", key), [int(number) for number in _NUMBER.findall(key)]


def _has(sample: Found) -> str:
    return f": it has {', '.join(endings(sample)) or 'nothing'}"
