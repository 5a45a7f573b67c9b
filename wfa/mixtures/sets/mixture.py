"""Several data sets as one: trained on together, evaluated part by part."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.data.channels import Channels
from wfa.data.dataset import SPLITS, ImageTextDataset, SourceConfig
from wfa.data.made_on_access import Captions
from wfa.errors import ConfigError, DataError, some_of
from wfa.mixtures.leaks import Leaks, find_leaks
from wfa.mixtures.mixed_records import MixedRecords
from wfa.mixtures.mixture_parts import Part, choice_of_part, named_as, read_parts

_REMOVE = "remove"
REMEDIES = (_REMOVE, "name", "refuse")
"""What is done about what training shares with evaluation."""
_TRAIN = "train"
_SHOWN = 3  # names in a message


@dataclass(frozen=True)
class Config(SourceConfig):
    """Options of a mixture; `root` is not read, each part has its own.

    Attributes:
        parts: The data sets, such as `[{name: rsicd, weight: 1}, {name: ucm_captions, weight: 2}]`,
            each with its own options and, where two are one kind, `as: NAME`. An image comes
            `weight` times in an epoch; of a fraction each epoch has another draw of images.
        image_leaks: What is done about training images whose picture an evaluation split of any
            part has, by their hash: `remove` them, `name` them in run.json, or `refuse` to train.
        caption_leaks: The same for captions, equal once folded; an image goes when none is left.
            Sets of short captions share most of them, so they are named unless it is asked for.
    """

    parts: tuple[Part, ...] = field(default=(), metadata={"read": read_parts})
    image_leaks: str = field(default="remove", metadata={"one_of": REMEDIES})
    caption_leaks: str = field(default="name", metadata={"one_of": REMEDIES})


class Mixture(ImageTextDataset):
    """One split of several data sets; its images are called `part/name`."""

    name = "mixture"
    records: MixedRecords

    def __init__(self, options: Config, split: str) -> None:
        self.split = split
        self.channels = self.channels_for(options)
        self._named = options.parts
        self._parts = _open(options, split)
        self._weights = {part["as"]: part["weight"] for part in options.parts}
        self._leaks = self._found_leaks(options) if split == _TRAIN else {}
        _refuse(options, self._leaks)
        without = {name: _left_out(options, found) for name, found in self._leaks.items()}
        silent = {
            name: found.captions
            for name, found in self._leaks.items()
            if options.caption_leaks == _REMOVE
        }
        self.records = MixedRecords(self._parts, without, silent)
        if not self.records:
            raise DataError(f"nothing of the split {split} is left: see data.image_leaks")
        self.notes = tuple(note for part in self._parts.values() for note in part.notes)
        self.skipped = tuple(
            f"{name}/{line}" for name, part in self._parts.items() for line in part.skipped
        ) + tuple(
            f"{name}/{self._parts[name].records[row].image}: {why}"
            for name, rows in without.items()
            for row, why in rows.items()
        )

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        """Return the splits that a part has, in the order of `SPLITS`."""
        assert isinstance(options, Config)
        present = {split for part in options.parts for split in _splits_of(options.parts, part)}
        return tuple(split for split in SPLITS if split in present)

    @classmethod
    def channels_for(cls, options: SourceConfig) -> Channels | None:
        """Return the channels, which all parts have.

        Raises:
            ConfigError: They differ, or there is no part.
        """
        assert isinstance(options, Config)
        if not options.parts:
            raise ConfigError(
                "data=mixture needs data.parts=[{name: rsicd, weight: 1}, {name: ucm_captions}]"
            )
        choices = [choice_of_part(part) for part in options.parts]
        found: list[Channels | None] = []
        for part, choice in zip(options.parts, choices, strict=True):
            with _errors_of(options.parts, part["as"]):
                found.append(choice.plugin().channels_for(choice.options))
        bands = [own.bands if own else ("red", "green", "blue") for own in found]
        for choice, own in zip(choices, bands, strict=True):
            if own != bands[0]:
                raise ConfigError(
                    f"the images of {choices[0].label} have the bands {', '.join(bands[0])}, and "
                    f"those of {choice.label} {', '.join(own)}: a mixture needs the same in all"
                )
        return found[0]

    def members(self) -> Mapping[str, ImageTextDataset]:
        """Return the split of each part, which are evaluated one by one."""
        return self._parts

    def repeats(self) -> NDArray[np.float64] | None:
        """Return how often each image comes in an epoch."""
        return np.array([self._weights[name] for name in self._parts])[self.records.part]

    def details(self) -> dict[str, Any]:
        """Return the images of each part, and what training shares with evaluation."""
        counted = {
            name: {"images": len(part), "checksum": part.checksum, "weight": self._weights[name]}
            for name, part in self._parts.items()
        }
        leaks = {name: found.counts() for name, found in self._leaks.items()}
        return {"parts": counted, **({"leaks": leaks} if self.split == _TRAIN else {})}

    @property
    def captions(self) -> Sequence[tuple[str, ...]]:
        """The captions of each image, made on access."""
        return Captions(self.records)

    @property
    def makes_texts(self) -> bool:
        """Texts are made at each use where a part makes its own so."""
        return any(part.makes_texts for part in self._parts.values())

    def read_image(self, index: int) -> NDArray[Any]:
        """Read image `index` as its part does."""
        name, part, row = self.records.place(index)
        with _errors_of(self._named, name):
            return part.read_image(row)

    def image_file(self, index: int) -> tuple[str, bytes]:
        """Return the file of image `index` as its part does."""
        name, part, row = self.records.place(index)
        with _errors_of(self._named, name):
            return part.image_file(row)

    def check_present(self) -> None:
        """Look whether every image of every part is there."""
        for name, part in self._parts.items():
            with _errors_of(self._named, name):
                part.check_present()

    def image_fingerprint(self) -> str:
        """Return the checksums of the parts' images."""
        return ",".join(part.images_checksum for part in self._parts.values())

    def _found_leaks(self, options: Config) -> dict[str, Leaks]:
        evaluated = {
            f"{name}/{split}": part
            for split in self.splits(options)
            if split != _TRAIN
            for name, part in _open(options, split).items()
        }
        return find_leaks(self._parts, evaluated)


def _errors_of(parts: Sequence[Part], called: str) -> AbstractContextManager[None]:
    """Have errors of a part say which one it is."""
    place = [part["as"] for part in parts].index(called)
    return named_as(f"data.parts[{place}]", parts[place])


def _splits_of(parts: Sequence[Part], part: Part) -> tuple[str, ...]:
    choice = choice_of_part(part)
    with _errors_of(parts, part["as"]):
        found: tuple[str, ...] = choice.plugin().splits(choice.options)
    if _TRAIN not in found:
        raise DataError(
            f"{part['name']} has no split to train on, only {', '.join(found)}: leave it out of "
            "data.parts"
        )
    return found


def _open(options: Config, split: str) -> dict[str, ImageTextDataset]:
    """Open a split of the parts that have it."""
    opened: dict[str, ImageTextDataset] = {}
    for part in options.parts:
        if split in _splits_of(options.parts, part):
            choice = choice_of_part(part)
            with _errors_of(options.parts, part["as"]):
                opened[part["as"]] = choice.plugin()(choice.options, split)
                len(opened[part["as"]])  # shards are looked through now, not at the first image
    if not opened:
        raise DataError(f"no part of the mixture has the split {split!r}")
    return opened


def _left_out(options: Config, found: Leaks) -> dict[int, str]:
    """Return place of an image that is left out -> why."""
    reasons = {}
    if options.caption_leaks == _REMOVE:
        reasons = {
            row: f"all its captions stand in {where}" for row, where in found.silenced.items()
        }
    if options.image_leaks == _REMOVE:
        reasons |= {
            row: f"has the picture of an image of {where}" for row, where in found.images.items()
        }
    return reasons


def _refuse(options: Config, leaks: Mapping[str, Leaks]) -> None:
    """Stop where something is shared and is not to be.

    Raises:
        DataError: The message says how much of what.
    """
    for kind, remedy in (("images", options.image_leaks), ("captions", options.caption_leaks)):
        lines = [
            f"{count} {kind} of {name}/train stand in {where}"
            for name, found in leaks.items()
            for where, count in found.counts()[kind].items()
        ]
        if remedy == "refuse" and lines:
            raise DataError(
                f"{some_of(lines, _SHOWN, '; ')}: leave them out with data."
                f"{kind.removesuffix('s')}_leaks=remove, or keep them with =name"
            )
