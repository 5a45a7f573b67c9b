"""The batch and its loader: ragged, distinct, the same at any worker and process count."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.data.tiny import SPEC, TinyDataset, drawn_by, ragged, tokenize
from wfa.aggregation.text_half import TextHalf
from wfa.captions.folding import caption_ids, caption_key
from wfa.data import dataset as dataset_module
from wfa.data.batch import Batch
from wfa.data.dataset import Record
from wfa.data.loader import CaptionDataModule, EpochBatches, Key, TrainingBatches, most_images
from wfa.data.made_on_access import Captions
from wfa.data.pixel_inputs import PixelInputs
from wfa.data.weighted_captions import WeightedCaptions
from wfa.errors import ConfigError
from wfa.keyed_random import image_rng
from wfa.options.run_config import resolve

CAPTIONS = ragged(20, np.random.default_rng(0))


def draw_half(
    captions: Sequence[str],
    prior: NDArray[np.float64],
    rng: np.random.Generator | None,
    progress: float,
) -> tuple[Sequence[str], NDArray[np.float64]]:
    if rng is None:
        return captions, prior
    kept = np.flatnonzero(rng.random(len(captions)) < 0.5)
    kept = kept if len(kept) else np.array([0])
    return [captions[int(k)] for k in kept], prior[kept] / prior[kept].sum()


def batches(seed: int = 3) -> TrainingBatches:
    dataset = TinyDataset(CAPTIONS)
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="crop_dihedral")
    return TrainingBatches(inputs, drawn_by(dataset, draw_half), seed)


def epoch(workers: int, number: int) -> list[Batch]:
    module = CaptionDataModule(batches(), len(CAPTIONS), 6, 3, workers)
    loader = module.train_dataloader()
    assert isinstance(loader.sampler, EpochBatches)
    loader.sampler.set_epoch(number)
    return list(loader)


def assert_equal(ours: Batch, theirs: Batch) -> None:
    for field in fields(Batch):
        assert torch.equal(getattr(ours, field.name), getattr(theirs, field.name)), field.name


def test_worker_processes_change_nothing() -> None:
    for ours, theirs in zip(epoch(0, 1), epoch(2, 1), strict=True):
        assert_equal(ours, theirs)


def test_epochs_differ_and_repeat() -> None:
    first, again, second = epoch(0, 0), epoch(0, 0), epoch(0, 1)
    assert_equal(first[0], again[0])
    assert not torch.equal(first[0].rows, second[0].rows)


def test_a_batch_holds_its_captions_once() -> None:
    batch = batches()[[Key(0, 4), Key(0, 7), Key(0, 1)]]
    texts = ["".join(map(chr, row[row > 0].tolist())) for row in batch.tokens]
    assert len(set(texts)) == len(texts)
    assert batch.rows.tolist() == [4, 7, 1]
    assert batch.image_index.tolist() == sorted(batch.image_index.tolist())
    for image, row in enumerate((4, 7, 1)):
        own = batch.image_index == image
        drawn = [texts[place] for place in batch.text_index[own]]
        rng = image_rng(3, 0, row, 0)
        uniform = np.full(len(CAPTIONS[row]), 1.0 / len(CAPTIONS[row]))
        # The texts are drawn before the image takes its own numbers from the generator.
        assert drawn == draw_half(CAPTIONS[row], uniform, rng, 0.0)[0]
        assert batch.prior[own].sum().item() == pytest.approx(1.0)


def test_identities_say_who_bears_which_caption() -> None:
    batch = batches()[[Key(0, row) for row in range(20)]]
    texts = ["".join(map(chr, row[row > 0].tolist())) for row in batch.tokens]
    for caption, place in enumerate(batch.text_index.tolist()):
        bearers = batch.all_image_index[batch.all_caption_ids == batch.caption_ids[caption]]
        expected = {row for row in range(20) if texts[place] in CAPTIONS[row]}
        assert set(bearers.tolist()) == expected


def renumbered(batch: Batch) -> Batch:
    """Number the identities anew: only which are equal has a meaning."""
    known, number = torch.unique(batch.all_caption_ids, return_inverse=True)
    first = torch.stack([(number == place).nonzero()[0, 0] for place in range(len(known))])
    # Every text that is drawn here is a caption.
    place = torch.searchsorted(known, batch.caption_ids).clamp(max=len(known) - 1)
    assert torch.equal(known[place], batch.caption_ids)
    return replace(batch, all_caption_ids=first[number], caption_ids=first[place])


class OnAccess(Sequence[Record]):
    """Records that are made at each use, and counted."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.own, self.made = records, 0

    def __len__(self) -> int:
        return len(self.own)

    def __getitem__(self, index: Any) -> Any:
        self.made += 1
        return self.own[index]


class MadeDataset(TinyDataset):
    """As a data set of millions of texts: nothing is held."""

    def __init__(self, captions: Sequence[Sequence[str]]) -> None:
        super().__init__(captions)
        self.records = self.made = OnAccess(self.records)

    @property
    def captions(self) -> Sequence[tuple[str, ...]]:
        return Captions(self.records)


@pytest.mark.parametrize("technique", ["uniqueness", "uniqueness_sampling", "mean"])
def test_texts_made_at_each_use_give_the_same_batches(
    technique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    aggregation = resolve([f"aggregation={technique}"]).aggregation
    held, made = TinyDataset(CAPTIONS), MadeDataset(CAPTIONS)
    monkeypatch.setattr(dataset_module, "MOST_HELD", 3)
    assert made.makes_texts
    assert not held.makes_texts
    inputs = PixelInputs(held, SPEC, tokenize, cache=None, augment="crop_dihedral")
    half = TextHalf(aggregation.plugin(), aggregation.options)
    first = TrainingBatches(inputs, WeightedCaptions(held, half), 3)
    second = TrainingBatches(inputs, WeightedCaptions(made, half), 3)
    assert made.made.made == 0
    for keys in ([Key(0, 4), Key(0, 7), Key(0, 1)], [Key(1, row) for row in range(20)]):
        before = made.made.made
        assert_equal(renumbered(second[keys]), renumbered(first[keys]))
        assert made.made.made - before == len(keys)


def test_identities_are_those_of_folded_captions() -> None:
    texts = ["A river.", "a  river", "a river!", "rivers", "", "RIVERS", "\ud800"]
    keys = np.array([caption_key(text) for text in texts])
    ids = caption_ids(texts)
    assert np.array_equal(keys[:, None] == keys, ids[:, None] == ids)
    # -1 stands for no caption, and a batch holds them as int64.
    assert keys.dtype == np.int64
    assert (keys >= 0).all()


def test_a_composed_text_has_no_identity() -> None:
    dataset = TinyDataset(CAPTIONS)
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")
    texts = drawn_by(dataset, lambda *_: (["a new text"], np.ones(1)))
    joined = TrainingBatches(inputs, texts, 0)
    assert joined[[Key(0, 0)]].caption_ids.tolist() == [-1]


def test_processes_share_a_global_batch() -> None:
    whole = EpochBatches(20, 6, seed=1, rank=0, ranks=1)
    parts = [EpochBatches(20, 6, seed=1, rank=rank, ranks=2) for rank in range(2)]
    for together, left, right in zip(whole, *parts, strict=True):
        assert together == left + right
    assert len(whole) == 3


@pytest.mark.parametrize("workers", [0, 2])
def test_every_draw_is_told_how_far_training_is(workers: int) -> None:
    dataset = TinyDataset(CAPTIONS)
    inputs = PixelInputs(dataset, SPEC, tokenize, cache=None, augment="none")
    module = CaptionDataModule(
        TrainingBatches(inputs, drawn_by(dataset, told), 3),
        len(CAPTIONS),
        6,
        3,
        workers,
        progress_at=lambda epoch, batch: (3 * epoch + batch) / 8,
    )
    loader = module.train_dataloader()
    assert isinstance(loader.sampler, EpochBatches)
    loader.sampler.set_epoch(1)
    assert [batch.prior.tolist() for batch in loader] == [[share / 8] * 6 for share in (3, 4, 5)]


def told(
    captions: Sequence[str],
    prior: NDArray[np.float64],
    rng: np.random.Generator | None,
    progress: float,
) -> tuple[Sequence[str], NDArray[np.float64]]:
    return captions[:1], np.array([progress])


def test_a_small_data_set_is_one_batch() -> None:
    assert [len(keys) for keys in EpochBatches(5, 128, seed=0, rank=0, ranks=1)] == [5]
    both = [next(iter(EpochBatches(5, 128, seed=0, rank=rank, ranks=2))) for rank in range(2)]
    assert [len(keys) for keys in both] == [2, 3]
    assert [*both[0], *both[1]] == next(iter(EpochBatches(5, 128, seed=0, rank=0, ranks=1)))


@pytest.mark.parametrize(("weight", "sizes"), [(0.5, [5]), (2.0, [10, 10]), (2.5, [10, 10])])
def test_few_images_make_batches_without_more_than_there_are(
    weight: float, sizes: list[int]
) -> None:
    batches = EpochBatches(10, 64, 1, 0, 1, repeats=np.full(10, weight))
    assert [len(keys) for keys in batches] == sizes
    assert most_images(64, 10, np.full(10, weight)) == sizes[0]


def test_each_copy_of_an_image_draws_anew() -> None:
    first, second, again = (
        batches()[[Key(0, row, copy=copy) for row in range(20)]] for copy in (0, 1, 1)
    )
    assert first.caption_ids.tolist() != second.caption_ids.tolist()
    assert_equal(second, again)


@pytest.mark.parametrize(
    ("images", "size", "ranks", "message"),
    [
        (20, 5, 2, "multiple of the 2"),
        (20, 0, 1, "multiple"),
        (1, 8, 1, "needs two images"),
        (3, 8, 4, "an image for each of the 4"),
    ],
)
def test_batches_that_cannot_be_made(images: int, size: int, ranks: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EpochBatches(images, size, seed=0, rank=0, ranks=ranks)
