"""Against other packages, where they define the same thing: one kind of gallery, no ties."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from clip_benchmark.metrics import zeroshot_retrieval
from torchmetrics.retrieval import RetrievalHitRate, RetrievalMAP, RetrievalMRR

from wfa.retrieval.embeddings import Embeddings, Floats
from wfa.retrieval.evaluate import evaluate_retrieval

IMAGES, CAPTIONS = 60, 300
Found = dict[tuple[str, str, str], float]


@pytest.fixture(scope="module")
def embeddings() -> Embeddings:
    rng = np.random.default_rng(0)

    def unit(x: npt.NDArray[np.float64]) -> Floats:
        return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)

    images = rng.standard_normal((IMAGES, 24))
    index = rng.permutation(np.repeat(np.arange(IMAGES), 5))
    captions = images[index] + 1.5 * rng.standard_normal((CAPTIONS, 24))
    ids = np.arange(CAPTIONS)
    ids[rng.choice(CAPTIONS, 60, replace=False)] = rng.integers(0, 30, 60)
    first, number = np.unique(ids, return_index=True, return_inverse=True)[1:]
    return Embeddings(
        images=unit(images),
        captions=unit(captions)[first][number],
        image_index=index,
        caption_ids=ids,
        aggregated=unit(images + rng.standard_normal((IMAGES, 24))),
        image_names=tuple(map(str, range(IMAGES))),
    )


@pytest.fixture(scope="module")
def found(embeddings: Embeddings) -> Found:
    rows = evaluate_retrieval(embeddings, "made", "test").rows
    return {
        (r.protocol, r.direction, r.metric): r.value
        for r in rows
        if r.queries == "single" and not r.oracle and r.ties == "worst"
    }


def scores_and_right(e: Embeddings) -> tuple[torch.Tensor, torch.Tensor]:
    """Give scores (N, M) and which of them are right when duplicates count."""
    borne = np.zeros((CAPTIONS, IMAGES), bool)
    borne[e.caption_ids, e.image_index] = True
    right = torch.from_numpy(borne[e.caption_ids])
    return torch.from_numpy(e.captions.astype(np.float64) @ e.images.T.astype(np.float64)), right


def once(e: Embeddings) -> npt.NDArray[np.int64]:
    return np.unique(e.caption_ids, return_index=True)[1]


def flat(
    preds: torch.Tensor, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give what torchmetrics takes: it drops right answers with scores of 0 or less, so add 2."""
    indexes = torch.arange(len(preds))[:, None].expand(preds.shape)
    return (preds + 2).flatten(), target.flatten(), indexes.flatten()


def test_torchmetrics(embeddings: Embeddings, found: Found) -> None:
    scores, right = scores_and_right(embeddings)
    first = once(embeddings)
    for protocol, direction, preds, target in (
        ("duplicate_aware", "text_to_image", scores, right),
        ("unique_query", "text_to_image", scores[first], right[first]),
        ("unique_query", "image_to_text", scores[first].T, right[first].T),
    ):
        for k in (1, 5, 10):
            hit_rate = float(RetrievalHitRate(top_k=k)(*flat(preds, target)))
            assert found[protocol, direction, f"R@{k}"] == pytest.approx(hit_rate, abs=1e-6)
        mean_precision = float(RetrievalMAP()(*flat(preds, target)))
        assert found[protocol, direction, "mAP"] == pytest.approx(mean_precision, abs=1e-6)


def test_torchmetrics_mean_reciprocal_rank_is_strict_map(
    embeddings: Embeddings, found: Found
) -> None:
    scores, _ = scores_and_right(embeddings)
    target = torch.zeros_like(scores, dtype=torch.bool)
    target[torch.arange(CAPTIONS), torch.from_numpy(embeddings.image_index)] = True
    expected = float(RetrievalMRR()(*flat(scores, target)))
    assert found["strict", "text_to_image", "mAP"] == pytest.approx(expected, abs=1e-6)


def test_clip_benchmark(embeddings: Embeddings, found: Found) -> None:
    scores, _ = scores_and_right(embeddings)
    own = torch.zeros_like(scores, dtype=torch.bool)
    own[torch.arange(CAPTIONS), torch.from_numpy(embeddings.image_index)] = True
    for k in (1, 5, 10):
        hits = zeroshot_retrieval.recall_at_k(scores, own, k) > 0
        assert found["strict", "text_to_image", f"R@{k}"] == pytest.approx(
            float(hits.float().mean()), abs=1e-6
        )


def test_clip_benchmark_image_to_text_without_equal_captions(embeddings: Embeddings) -> None:
    # It lets the order of rows decide ties, so only a gallery without ties can be compared.
    captions = np.random.default_rng(1).standard_normal(embeddings.captions.shape)
    captions += 4 * embeddings.captions
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    different = Embeddings(
        embeddings.images,
        captions.astype(np.float32),
        embeddings.image_index,
        np.arange(CAPTIONS),
        embeddings.aggregated,
        embeddings.image_names,
    )
    scores, _ = scores_and_right(different)
    own = torch.zeros_like(scores, dtype=torch.bool)
    own[torch.arange(CAPTIONS), torch.from_numpy(embeddings.image_index)] = True
    rows = evaluate_retrieval(different, "made", "test", ["strict"], ["single"]).rows
    values = {(r.direction, r.metric): r.value for r in rows if not r.oracle}
    for k in (1, 5, 10):
        hits = zeroshot_retrieval.recall_at_k(scores.T, own.T, k) > 0
        assert values["image_to_text", f"R@{k}"] == pytest.approx(
            float(hits.float().mean()), abs=1e-6
        )
