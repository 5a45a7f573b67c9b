"""The sparse join against the loop that its definition is."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from wfa.model import shared_captions
from wfa.model.shared_captions import shared_share


def naive(
    caption_ids: list[int],
    weights: list[float],
    text_of: list[int],
    borne: list[tuple[int, int]],
    owner: list[int],
    images: int,
) -> Tensor:
    share = torch.zeros(len(owner), images)
    for caption, weight, text in zip(caption_ids, weights, text_of, strict=True):
        for image in range(images):
            if image != owner[text] and caption >= 0 and (caption, image) in borne:
                share[text, image] += weight
    return share


@settings(max_examples=60, deadline=None)
@given(data=st.data(), chunk=st.sampled_from([1, 3, 1 << 22]))
def test_equals_the_loop(data: st.DataObject, chunk: int) -> None:
    images = data.draw(st.integers(1, 5))
    # Identities are hashes of up to 63 bits: there is no room to multiply them with anything.
    identity = st.sampled_from([-1, 0, 1, 2, 3, 2**63 - 2, 2**63 - 1])
    owner = data.draw(st.lists(st.integers(0, images - 1), min_size=1, max_size=6))
    texts = st.integers(0, len(owner) - 1)
    captions = data.draw(st.lists(st.tuples(identity, texts), max_size=10))
    borne = data.draw(st.lists(st.tuples(identity, st.integers(0, images - 1)), max_size=12))
    weights = [data.draw(st.sampled_from([0.0, 0.01, 0.05, 0.1])) for _ in captions]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_captions, "CHUNK", chunk)
        ours = shared_share(
            torch.tensor([c for c, _ in captions], dtype=torch.int64),
            torch.tensor(weights, dtype=torch.float32),
            torch.tensor([t for _, t in captions], dtype=torch.int64),
            torch.tensor([c for c, _ in borne], dtype=torch.int64),
            torch.tensor([i for _, i in borne], dtype=torch.int64),
            torch.tensor(owner),
            images,
        )
    assert ours.dtype == torch.float32
    theirs = naive(
        [c for c, _ in captions], weights, [t for _, t in captions], borne, owner, images
    )
    torch.testing.assert_close(ours, theirs)


def test_by_hand() -> None:
    # Text 0 of image 0 says 7 (0.75) and 8 (0.25); image 1 bears 7 twice, image 2 bears both.
    share = shared_share(
        caption_ids=torch.tensor([7, 8, -1]),
        weights=torch.tensor([0.75, 0.25, 1.0]),
        text_of=torch.tensor([0, 0, 1]),
        all_caption_ids=torch.tensor([7, 8, 7, 7, 9, 7, 8]),
        all_image_index=torch.tensor([0, 0, 1, 1, 1, 2, 2]),
        owner=torch.tensor([0, 1]),
        images=3,
    )
    assert share.tolist() == [[0.0, 0.75, 1.0], [0.0, 0.0, 0.0]]


def test_is_a_label_without_gradient_and_never_above_one() -> None:
    weights = torch.full((10,), 0.1, requires_grad=True)
    share = shared_share(
        caption_ids=torch.zeros(10, dtype=torch.int64),
        weights=weights * 1.000001,
        text_of=torch.zeros(10, dtype=torch.int64),
        all_caption_ids=torch.tensor([0, 0]),
        all_image_index=torch.tensor([0, 1]),
        owner=torch.tensor([0]),
        images=2,
    )
    assert share.tolist() == [[0.0, 1.0]]
    assert not share.requires_grad


def test_forty_thousand_captions() -> None:
    random = torch.Generator().manual_seed(0)
    captions, images = 40_000, 400
    ids = torch.randint(30_000, (captions,), generator=random)
    image = torch.arange(captions) // 100
    share = shared_share(
        ids, torch.full((captions,), 0.01), image, ids, image, torch.arange(images), images
    )
    bears = torch.zeros(images, 30_000, dtype=torch.float64)
    bears[image, ids] = 1.0
    times = torch.zeros(images, 30_000, dtype=torch.float64)
    times.index_put_((image, ids), torch.tensor(0.01, dtype=torch.float64), accumulate=True)
    dense = (times @ bears.T).fill_diagonal_(0.0).float()
    torch.testing.assert_close(share, dense)
