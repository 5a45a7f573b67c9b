"""Put a run's parts together from its config: data sets, model, weights, inputs."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file

from wfa.aggregation.text_half import TextHalf
from wfa.data.batch import Inputs
from wfa.data.dataset import ImageTextDataset
from wfa.data.instruction_draws import InstructionDraws
from wfa.data.pixel_inputs import PixelInputs
from wfa.data.streamed import ImageStream
from wfa.data.weighted_captions import WeightedCaptions, weights_key
from wfa.errors import ConfigError, ModelError, RunError
from wfa.files import atomic_write, cache_dir
from wfa.model.clip import MultiCaptionCLIP
from wfa.options.run_config import RunConfig
from wfa.plugins.registry import Choice
from wfa.runs.outside_plugins import check_contracts, check_recorded
from wfa.runs.run_folder import RunFolder


class SplitParts(NamedTuple):
    """One split as a run uses it.

    Attributes:
        dataset: The split.
        inputs: How the model's encoder takes it.
        texts: Its captions, weighed by the model's technique.
        stream: Its images as a stream to train on; None where they are asked for by number.
    """

    dataset: ImageTextDataset
    inputs: Inputs
    texts: WeightedCaptions
    stream: ImageStream | None = None


class Parts:
    """Builds each part of a run when it is first asked for.

    Args:
        config: The run's config.
        restored: Whether the model's weights are loaded later, so that those it would start from
            need not be there.
    """

    def __init__(self, config: RunConfig, restored: bool = False) -> None:
        self.config = config
        self._restored = restored
        self._opened: dict[str, ImageTextDataset] = {}
        self._splits: dict[str, SplitParts] = {}
        self._members: dict[str, Mapping[str, SplitParts]] = {}
        self._reads = False

    @cached_property
    def cache(self) -> Path | None:
        """The folder of caches, or None where the run keeps none."""
        return cache_dir() if self.config.train.cache else None

    @cached_property
    def model(self) -> MultiCaptionCLIP:
        """The model with its initial weights; the seed must be set before."""
        config = self.config
        check_contracts(config)
        plugin = config.encoder.plugin()
        channels = config.data.plugin().channels_for(config.data.options)
        encoder = (plugin.restore if self._restored else plugin)(config.encoder.options, channels)
        aggregation = config.aggregation.plugin()(config.aggregation.options, encoder.width)
        loss = config.loss.plugin()(config.loss.options)
        model: MultiCaptionCLIP = config.model.plugin()(
            config.model.options, encoder, aggregation, loss
        )
        return model

    @property
    def workers(self) -> int:
        """Processes that load images: none where a step reads memory-mapped arrays."""
        asked = int(self.config.train.workers)
        if asked >= 0:
            return asked
        reading = self.cache is None or self._reads
        return min(4, max(1, torch.get_num_threads() - 1)) if reading else 0

    @cached_property
    def split_names(self) -> tuple[str, ...]:
        """The splits that the data set has."""
        names: tuple[str, ...] = self.config.data.plugin().splits(self.config.data.options)
        return names

    def dataset(self, split: str) -> ImageTextDataset:
        """Open a split; opened once.

        Raises:
            DataError: The data set has no such split, or cannot be read.
        """
        if split not in self._opened:
            self._opened[split] = open_split(self.config.data, split, self.split_names)
        return self._opened[split]

    def members(self, split: str) -> Mapping[str, SplitParts]:
        """Return what of a split is evaluated by itself, by name; made once."""
        if split not in self._members:
            own = self.dataset(split)
            self._members[split] = {
                name: self.split(split) if one is own else self.prepare(one)
                for name, one in own.members().items()
            }
        return self._members[split]

    def split(self, name: str) -> SplitParts:
        """Return a split with its inputs and weights; made once."""
        if name not in self._splits:
            self._splits[name] = self.prepare(self.dataset(name))
        return self._splits[name]

    def prepare(self, dataset: ImageTextDataset) -> SplitParts:
        """Make the inputs and weights of any data set for this run's model."""
        inputs = self.model.encoder.inputs(dataset, self.cache, self.config.train.augment)
        self._reads |= isinstance(inputs, PixelInputs) and inputs.reads
        half = TextHalf.of(self.model.aggregation)
        # Features of locked towers are computed once for all images, and then looked up.
        stream = dataset.stream(weights_key(half)) if isinstance(inputs, PixelInputs) else None
        return SplitParts(dataset, inputs, WeightedCaptions(dataset, half, self.cache), stream)

    def instructions(self) -> InstructionDraws | None:
        """Return what the model learns of the training split beside its texts, or None.

        Raises:
            ConfigError: Training images are turned or cut, and what is said of their places stays.
        """
        dataset, train = self.split("train").dataset, self.config.train
        found = self.model.instructions(dataset, train.seed)
        if found is not None and train.augment != "none" and dataset.locates:
            raise ConfigError(
                f"train.augment={train.augment} moves what is on an image, and model="
                f"{self.config.model.name} learns boxes and directions: set train.augment=none"
            )
        return found


def open_split(data: Choice, split: str, present: tuple[str, ...]) -> ImageTextDataset:
    """Open one split of a data set, or several that it reads as one, such as `test+bench`.

    Raises:
        DataError: The data set has no such split, or cannot be read.
    """
    plugin: type[ImageTextDataset] = data.plugin()
    if split not in plugin.with_joined(present):
        raise plugin.missing_split(data.options, split)
    dataset: ImageTextDataset = plugin(data.options, split)
    return dataset


def save_weights(model: MultiCaptionCLIP, folder: RunFolder) -> None:
    """Write the model's weights as safetensors."""
    with atomic_write(folder.weights) as temporary:
        save_file(_contiguous(model.state_dict()), temporary)


def load_run(path: Path) -> Parts:
    """Restore a finished run's model from its folder.

    Returns:
        The run's parts, the model with the selected weights in evaluation mode.

    Raises:
        RunError: The folder holds no finished run.
        ModelError: The weights are damaged or of another architecture.
    """
    folder = RunFolder(path)
    check_recorded(path, folder.read_run())
    parts = Parts(folder.read_config(), restored=True)
    if not folder.weights.is_file():
        raise RunError(
            f"{path} has no model.safetensors: finish it with `wfa train --config-file "
            f"{folder.config_file} out={path}`"
        )
    try:
        state = load_file(folder.weights)
    except Exception as error:  # safetensors raises its own error class without a public base
        raise ModelError(f"{folder.weights} cannot be read ({error}): train the run again") \
            from error  # fmt: skip
    load_state(parts.model, state, str(folder.weights))
    parts.model.eval()
    return parts


def load_state(model: torch.nn.Module, state: Mapping[str, Any], where: str) -> None:
    """Load weights that must fit exactly.

    Raises:
        ModelError: Names or shapes differ; the message names the first that does.
    """
    wanted = model.state_dict()
    for name in [*wanted, *state]:
        if name not in state or name not in wanted:
            lacks = "lacks" if name not in state else "has an unknown"
            raise ModelError(f"{where} is of another architecture: it {lacks} {name}")
        if wanted[name].shape != state[name].shape:
            raise ModelError(
                f"{where} is of another architecture: {name} is {tuple(state[name].shape)} there "
                f"and {tuple(wanted[name].shape)} in this config"
            )
    model.load_state_dict(dict(state))


def _contiguous(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Safetensors takes neither views nor two names of one memory."""
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
