"""Images to tensors: resizing, standardising, augmenting, and the cache of resized images."""

import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.tiny import SPEC, TinyDataset, tokenize
from wfa.data.images import ImageSpec, augment, normalise, resize
from wfa.data.pixel_inputs import PixelInputs, resized_images
from wfa.errors import ConfigError

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def spec(size: int, fit: str) -> ImageSpec:
    return ImageSpec(size=size, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4), fit=fit)


def test_squash_is_pillows_bicubic_to_a_grey_level() -> None:
    ours = resize(PICTURE, spec(16, "squash")).permute(1, 2, 0).numpy()
    theirs = np.asarray(Image.fromarray(PICTURE).resize((16, 16), Image.Resampling.BICUBIC))
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_crop_keeps_the_shape_of_things() -> None:
    ours = resize(PICTURE, spec(20, "crop")).permute(1, 2, 0).numpy()
    small = Image.fromarray(PICTURE).resize((30, 20), Image.Resampling.BICUBIC)
    assert np.abs(ours.astype(int) - np.asarray(small)[:, 5:25]).max() <= 1


@pytest.mark.parametrize("fit", ["crop", "squash"])
@pytest.mark.parametrize("shape", [(1, 3_000_000), (3_000_000, 1), (2, 50_001)])
def test_a_sliver_takes_little_memory(shape: tuple[int, int], fit: str) -> None:
    sliver = np.zeros((*shape, 3), np.uint8)
    sliver[...] = (9, 99, 200)
    done = resize(sliver, spec(224, fit))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert done.shape == (3, 224, 224)
    assert done.flatten(1).float().mean(1).tolist() == [9, 99, 200]
    assert peak < 4 << 20  # KiB: scaled whole it would take 450 GB


def test_the_middle_of_a_long_picture_is_what_scaling_it_whole_shows() -> None:
    ramp = np.linspace(0, 255, 801)[None, :, None].repeat(40, 0).repeat(3, 2).astype(np.uint8)
    whole = Image.fromarray(ramp).resize((401, 20), Image.Resampling.BICUBIC)
    for long, theirs in (
        (ramp, np.asarray(whole)[:, 190:210]),
        (ramp.transpose(1, 0, 2), np.asarray(whole)[:, 190:210].transpose(1, 0, 2)),
    ):
        ours = resize(np.ascontiguousarray(long), spec(20, "crop")).permute(1, 2, 0).numpy()
        assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_an_image_of_the_size_is_left_alone() -> None:
    square = PICTURE[:40, :40]
    assert np.array_equal(resize(square, spec(40, "crop")).permute(1, 2, 0).numpy(), square)


def test_any_number_of_channels() -> None:
    bands = np.random.default_rng(1).random((12, 12, 14), dtype=np.float32)
    twelve = ImageSpec(6, (0.0,) * 14, (1.0,) * 14, scale=1.0, interpolation="bilinear")
    assert resize(bands, twelve).shape == (14, 6, 6)


def test_normalise_by_hand() -> None:
    image = torch.tensor([[[255]], [[0]], [[51]]], dtype=torch.uint8)
    expected = [(1.0 - 0.5) / 0.2, (0.0 - 0.4) / 0.3, (0.2 - 0.3) / 0.4]
    assert normalise(image, spec(1, "crop")).flatten().tolist() == pytest.approx(expected)


def test_augmentations_keep_shape_and_pixels() -> None:
    image = torch.from_numpy(PICTURE[:40, :40].copy()).permute(2, 0, 1)
    rng = np.random.default_rng(0)
    for how in ("flip", "dihedral"):
        changed = augment(image, how, rng)
        assert torch.equal(changed.flatten(1).sort().values, image.flatten(1).sort().values)
    assert augment(image, "crop_flip", rng).shape == image.shape
    assert torch.equal(augment(image, "none", rng), image)
    with pytest.raises(ConfigError, match="Known: none, flip"):
        augment(image, "blur", rng)


def test_dihedral_reaches_all_eight_and_crop_moves() -> None:
    image = torch.arange(64).view(1, 8, 8)
    rng = np.random.default_rng(0)
    seen = {tuple(augment(image, "dihedral", rng).flatten().tolist()) for _ in range(200)}
    assert len(seen) == 8
    shifted = {tuple(augment(image, "crop", rng).flatten().tolist()) for _ in range(200)}
    assert len(shifted) == 9  # a border of one pixel: three places each way


def test_the_cache_gives_the_same_images(tmp_path: Path) -> None:
    dataset = TinyDataset([["a"], ["b"], ["c"]])
    plain = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")
    cached = PixelInputs(dataset, SPEC, tokenize, cache=tmp_path, augment="none")
    for row in range(3):
        assert torch.equal(plain.image(row, None), cached.image(row, None))
    (file,) = (tmp_path / "images").iterdir()
    stamp = file.stat().st_mtime_ns
    assert not resized_images(dataset, SPEC, tmp_path).values.flags.writeable
    assert file.stat().st_mtime_ns == stamp
    resized_images(TinyDataset([["a"], ["b"], ["other captions"]]), SPEC, tmp_path)
    assert list((tmp_path / "images").iterdir()) == [file]
    resized_images(TinyDataset([["a"], ["b"]]), SPEC, tmp_path)
    assert len(list((tmp_path / "images").iterdir())) == 2
