"""What channels are, which of them a training image loses, and caches of sensors' images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.data.tiny import SPEC, TinyDataset, tokenize
from wfa.bigearthnet.bands import PRESETS, channels_of
from wfa.data import pixel_inputs as module
from wfa.data.channel_dropout import ChannelDropout
from wfa.data.channels import Channels
from wfa.data.dataset import ImageTextDataset, Record, SourceConfig
from wfa.data.images import ImageSpec, resize
from wfa.data.pixel_inputs import PixelInputs
from wfa.encoders.sensor_towers import sensor_spec
from wfa.errors import ConfigError

BOTH = channels_of(PRESETS["s1s2-10m20m"], "nearest")


class Sensors(ImageTextDataset):
    """Twelve bands of 6 x 6 values that tell the image and the band."""

    name = "tiny"
    channels = BOTH

    def __init__(self, captions: Sequence[Sequence[str]]) -> None:
        self.split = "train"
        self.records = [Record(str(place), tuple(own)) for place, own in enumerate(captions)]

    def read_image(self, index: int) -> NDArray[np.float32]:
        return np.tile(np.arange(index, index + 12, dtype=np.float32), (6, 6, 1))

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        return ("train",)


def test_colours_and_sensors_are_found_by_name() -> None:
    assert BOTH.of_colours() == {0: 4, 1: 3, 2: 2}
    assert BOTH.by_sensor() == {"s1": (0, 1), "s2": tuple(range(2, 12))}
    radar = BOTH.take((0, 1))
    assert radar == channels_of(("VV", "VH"), "nearest")
    assert radar.of_colours() == {}
    assert Channels(("a", "b"), (0.0, 0.0), (1.0, 1.0)).by_sensor() == {"": (0, 1)}


@given(st.floats(0, 0.99), st.floats(0, 0.99), st.integers(0, 2**32))
def test_never_all_channels_are_dropped(bands: float, sensors: float, seed: int) -> None:
    kept = ChannelDropout(BOTH, bands, sensors).kept(np.random.default_rng(seed))
    assert kept.shape == (12,)
    assert kept.any()
    if not bands:
        assert {kept[:2].all(), kept[:2].any()} != {True, False}
        assert {kept[2:].all(), kept[2:].any()} != {True, False}


def test_bands_and_sensors_are_dropped_as_often_as_asked() -> None:
    rng = np.random.default_rng(0)
    kept = np.array([ChannelDropout(BOTH, 0.25, 0.0).kept(rng) for _ in range(4000)])
    np.testing.assert_allclose(kept.mean(axis=0), 0.75, atol=0.03)
    kept = np.array([ChannelDropout(BOTH, 0.0, 0.3).kept(rng) for _ in range(4000)])
    # Both would be dropped in 9 of 100 images; then one of them is drawn to stay.
    np.testing.assert_allclose(kept.mean(axis=0), 0.7 + 0.09 / 2, atol=0.03)


def test_a_training_image_loses_channels_and_others_do_not() -> None:
    spec = sensor_spec(SPEC, BOTH)
    given = PixelInputs(
        Sensors([["a"]]), spec, tokenize, None, "none", ChannelDropout(BOTH, 0.5, 0.0)
    )
    whole = given.image(0, None)
    assert not (whole == 0).any()
    draws = [given.image(0, np.random.default_rng(seed)) for seed in range(8)]
    for seed, image in enumerate(draws):
        zero = (image == 0).all(dim=(1, 2))
        assert torch.equal(image[~zero], whole[~zero])
        assert torch.equal(image, given.image(0, np.random.default_rng(seed)))
    assert any((image == 0).any() for image in draws)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_shares_out_of_range(share: float) -> None:
    with pytest.raises(ConfigError, match=r"encoder\.band_dropout"):
        ChannelDropout(BOTH, share, 0.0)
    with pytest.raises(ConfigError, match=r"encoder\.sensor_dropout"):
        ChannelDropout(BOTH, 0.0, share)


def test_float_images_of_many_channels_are_cached(tmp_path: Path) -> None:
    dataset, spec = Sensors([["a"], ["b"]]), sensor_spec(SPEC, BOTH)
    plain = PixelInputs(dataset, spec, tokenize, None, "none")
    cached = PixelInputs(dataset, spec, tokenize, tmp_path, "none")
    assert plain.reads
    assert not cached.reads
    for row in range(2):
        assert torch.equal(plain.image(row, None), cached.image(row, None))


def test_a_cache_that_would_be_too_large_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, spec = Sensors([["a"], ["b"]]), sensor_spec(SPEC, BOTH)
    monkeypatch.setattr(module, "MOST_CACHED", 2 * 12 * 4 * 4 * 4 - 1)
    read = PixelInputs(dataset, spec, tokenize, tmp_path, "none")
    assert read.reads
    assert not list(tmp_path.iterdir())
    assert torch.equal(
        read.image(1, None), PixelInputs(dataset, spec, tokenize, None, "none").image(1, None)
    )


def test_uint16_is_resized_as_float() -> None:
    image = np.random.default_rng(0).integers(0, 60_000, (6, 8, 5)).astype(np.uint16)
    spec = ImageSpec(4, (0.0,) * 5, (1.0,) * 5, scale=1.0)
    found = resize(image, spec)
    assert found.dtype == torch.float32
    assert torch.equal(found, resize(image.astype(np.float32), spec))


def test_other_channels_than_the_encoders_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"of tiny have the channels VV, VH, B02.*takes red, g"):
        PixelInputs(Sensors([["a"]]), SPEC, tokenize, None, "none")
    with pytest.raises(ConfigError, match=r"red, green and blue, and the encoder takes VV, VH"):
        PixelInputs(TinyDataset([["a"]]), sensor_spec(SPEC, BOTH), tokenize, None, "none")
