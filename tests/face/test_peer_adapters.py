"""CLIP_benchmark and MTEB call a model, and find what we find."""

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
import torch
from PIL import Image

import wfa
from tests.search.conftest import make_run, picture
from wfa.face.loaded_model import LoadedModel

IMAGES = 24
KS = (1, 5, 10)
CAPTIONS = [[f"field number {place}", f"a {place % 7} road by {place}"] for place in range(IMAGES)]
CAPTIONS[3][1] = CAPTIONS[4][1] = "a river"  # one tie


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    lines = ["file_name,caption,split"]
    for place, texts in enumerate(CAPTIONS):
        picture(place, (30, 24)).save(root / f"{place:02}.png")
        lines += [f"{place:02}.png,{text},test" for text in texts]
    (root / "captions.csv").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return wfa.load(make_run(tmp_path_factory.mktemp("runs") / "small"))


@pytest.fixture(scope="module")
def ours(model: LoadedModel, folder: Path) -> dict[str, float]:
    """Our rates in percent under `expected`, by our names."""
    images = model.encode_image(sorted(folder.glob("*.png")))
    flat = [text for own in CAPTIONS for text in own]
    index = np.repeat(np.arange(IMAGES), 2)
    frame = wfa.evaluate(images, model.encode_text(flat), index, CAPTIONS).to_pandas()
    chosen = frame.query("protocol == 'strict' and ties == 'expected' and row == 'measured'")
    (row,) = chosen.to_dict("records")
    return row  # type: ignore[no-any-return]


def close(found: float, wanted: float) -> bool:
    """Whether two rates differ by what one tie among the captions can do at most."""
    return abs(found - wanted) <= 1.0 / IMAGES + 1e-4


def test_clip_benchmark_measures_what_we_do(
    model: LoadedModel, folder: Path, ours: dict[str, float]
) -> None:
    from clip_benchmark.metrics.zeroshot_retrieval import evaluate

    peer = model.for_clip_benchmark()
    opened = [Image.open(path) for path in sorted(folder.glob("*.png"))]
    images = torch.stack([peer.transform(one) for one in opened])
    loader = [(images[start : start + 7], CAPTIONS[start : start + 7]) for start in range(0, 24, 7)]
    found = evaluate(peer, loader, peer.tokenize, "cpu", amp=False, recall_k_list=list(KS))
    for k in KS:
        assert close(found[f"image_retrieval_recall@{k}"], ours[f"T2I R@{k}"])
        assert close(found[f"text_retrieval_recall@{k}"], ours[f"I2T R@{k}"])
    assert 0 < ours["T2I R@10"] < 1
    features = peer.encode_image(images)
    assert torch.allclose(features.norm(dim=1), torch.ones(IMAGES), atol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the packages that MTEB imports
@pytest.mark.parametrize(("category", "letters"), [("t2i", "T2I"), ("i2t", "I2T")])
def test_mteb_measures_what_we_do(
    model: LoadedModel,
    folder: Path,
    ours: dict[str, float],
    category: Literal["t2i", "i2t"],
    letters: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import mteb
    from mteb.models.model_meta import ModelMeta

    from experiments.mteb_tasks.caption_retrieval import CaptionRetrieval, described

    class Tiny(CaptionRetrieval):
        data_options: ClassVar[dict[str, Any]] = {"root": str(folder)}
        metadata = described(f"Tiny{letters}", "captions_folder", category, "A few pictures.")

    meta = ModelMeta.create_empty({"name": "wfa/small", "modalities": ["text", "image"]})
    found = mteb.evaluate(model.for_mteb(meta), Tiny(), cache=None, co2_tracker=False)
    (scores,) = found.task_results[0].scores["test"]
    for k in KS:
        assert close(scores[f"hit_rate_at_{k}"], ours[f"{letters} R@{k}"])


def test_lists_are_encoded_as_sentence_transformers_do(model: LoadedModel, folder: Path) -> None:
    peer = model.for_mteb()
    texts = ["a river", "two roads", "a field"]
    features = peer.encode(texts, batch_size=2, show_progress_bar=False)
    np.testing.assert_allclose(features, model.encode_text(texts), atol=1e-6)
    assert peer.encode("a river").shape == (model.width,)
    assert peer.encode([]).shape == (0, model.width)
    images = [Image.open(path) for path in sorted(folder.glob("*.png"))[:3]]
    pictures = peer.encode(images)
    np.testing.assert_allclose(pictures, model.encode_image(images), atol=1e-6)
    both = peer.encode([{"text": texts, "image": images}].__iter__())
    mean = features + pictures
    wanted = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    np.testing.assert_allclose(both, wanted, atol=1e-6)
    assert peer.similarity(features, pictures).shape == (3, 3)
    diagonal = peer.similarity(features, pictures).diagonal()
    torch.testing.assert_close(peer.similarity_pairwise(features, pictures), diagonal)
