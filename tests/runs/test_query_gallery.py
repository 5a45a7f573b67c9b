import base64
import io
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from wfa.captions.folding import caption_ids
from wfa.data.dataset import ImageTextDataset, Record, SourceConfig
from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.evaluate import evaluate_retrieval
from wfa.runs.query_gallery import BANDS, DATA_URI, build_gallery, thumbnail


class Coloured(ImageTextDataset):
    """Each image is one grey tone."""

    name: ClassVar[str] = "coloured"
    split = "test"

    def __init__(self, captions: Sequence[tuple[str, ...]]) -> None:
        self.records = tuple(Record(f"{k}.png", own) for k, own in enumerate(captions))
        self.read: list[int] = []

    def read_image(self, index: int) -> NDArray[np.uint8]:
        self.read.append(index)
        return np.full((8, 8, 3), index % 256, np.uint8)

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        return ("test",)


def example(images: int = 40, seed: int = 0) -> tuple[Embeddings, Coloured]:
    """Two captions an image, many of them shared, features half right."""
    rng = np.random.default_rng(seed)
    captions = [
        (f"caption {rng.integers(images)}", f"Caption {rng.integers(images)} .")
        for _ in range(images)
    ]
    texts = [text for own in captions for text in own]
    ids = caption_ids(texts)
    pictures = unit(rng.normal(size=(images, 16)))
    index = np.repeat(np.arange(images), 2)
    first = np.unique(ids, return_index=True)[1]
    features = unit(pictures[index[first]] + 0.3 * rng.normal(size=(len(first), 16)))[ids]
    dataset = Coloured(captions)
    names = tuple(record.image for record in dataset.records)
    return Embeddings(pictures, features, index, ids, pictures, names), dataset


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def pixels(uri: str) -> NDArray[np.uint8]:
    data = base64.b64decode(uri.removeprefix(DATA_URI), validate=True)
    return np.asarray(Image.open(io.BytesIO(data)))


def strict_ranks(embeddings: Embeddings) -> dict[str, int]:
    table = evaluate_retrieval(embeddings, "coloured", "test", ["strict"], ["single"]).ranks
    rows = table.to_pylist()
    return {r["query_id"]: r["rank"] for r in rows if r["direction"] == "text_to_image"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ranks_equal_those_of_the_metrics_and_hits_are_the_best_images(seed: int) -> None:
    embeddings, dataset = example(seed=seed)
    ranks = strict_ranks(embeddings)
    scores = embeddings.captions @ embeddings.images.T
    for query in build_gallery(embeddings, dataset, seed)["queries"]:
        own = int(query["own"]["image"].removesuffix(".png"))
        place = dataset.records[own].captions.index(query["text"])
        row = 2 * own + place
        assert query["rank"] == ranks[f"{own}.png#{place}"]
        best = np.argsort(-scores[row])[:5]
        assert [hit["image"] for hit in query["hits"]] == [f"{k}.png" for k in best]
        assert [hit["score"] for hit in query["hits"]] == pytest.approx(scores[row][best], abs=1e-6)


def test_right_hits_bear_the_caption_whatever_its_case_and_full_stop() -> None:
    embeddings, dataset = example()
    seen = 0
    for query in build_gallery(embeddings, dataset, 0, hits=40)["queries"]:
        wanted = query["text"].lower().rstrip(" .")
        bearers = {
            record.image
            for record in dataset.records
            if wanted in [text.lower().rstrip(" .") for text in record.captions]
        }
        assert query["relevant"][0] == query["own"]["image"]
        assert set(query["relevant"]) == bearers
        assert {hit["image"] for hit in query["hits"] if hit["right"]} == bearers
        seen += len(bearers) > 1
    assert seen


def test_bands_have_equal_shares_images_differ_and_the_seed_decides() -> None:
    embeddings, dataset = example(images=300)
    queries = build_gallery(embeddings, dataset, 3)["queries"]
    ranks = [query["rank"] for query in queries]
    assert ranks == sorted(ranks)
    assert [sum(low <= rank <= high for rank in ranks) for low, high in BANDS] == [4, 4, 4]
    assert len({query["own"]["image"] for query in queries}) == 12
    assert build_gallery(embeddings, dataset, 3)["queries"] == queries
    assert build_gallery(embeddings, dataset, 4)["queries"] != queries


def test_a_tie_puts_the_own_image_last() -> None:
    pictures = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    dataset = Coloured([("a",), ("b",), ("c",)])
    embeddings = Embeddings(
        pictures, pictures.copy(), np.arange(3), np.arange(3), pictures, ("0", "1", "2")
    )
    queries = {query["text"]: query for query in build_gallery(embeddings, dataset, 0)["queries"]}
    assert queries["a"]["rank"] == 2
    assert [hit["image"] for hit in queries["a"]["hits"]] == ["1", "0", "2"]
    assert [hit["image"] for hit in queries["b"]["hits"]][:2] == ["0", "1"]
    assert queries["c"]["rank"] == 1


def test_a_gallery_smaller_than_asked_for_is_shown_whole() -> None:
    embeddings, dataset = example(images=3)
    gallery = build_gallery(embeddings, dataset, 0)
    assert (gallery["data"], gallery["split"], gallery["images"]) == ("coloured", "test", 3)
    assert len(gallery["queries"]) == 3
    assert all(len(query["hits"]) == 3 for query in gallery["queries"])


def test_images_are_read_once_and_only_when_shown() -> None:
    embeddings, dataset = example(images=300)
    gallery = build_gallery(embeddings, dataset, 0, queries=3, hits=2)
    shown = {p["image"] for q in gallery["queries"] for p in (q["own"], *q["hits"])}
    assert sorted(dataset.read) == sorted({int(name.removesuffix(".png")) for name in shown})


def test_a_thumbnail_is_a_small_jpeg_of_the_same_shape() -> None:
    image = np.zeros((300, 200, 3), np.uint8)
    image[:, 100:] = (250, 120, 10)
    small = pixels(thumbnail(image))
    assert small.shape == (128, 85, 3)
    assert np.abs(small[:, 60:].astype(int) - (250, 120, 10)).mean() < 6
    assert pixels(thumbnail(image[:20, :10])).shape == (20, 10, 3)


def test_float_channels_are_stretched_each_between_two_percentiles() -> None:
    rng = np.random.default_rng(0)
    ramp = np.tile(np.linspace(0, 1, 101), (101, 1))
    image = np.stack(
        [4000 * ramp, -20 + 5 * ramp.T, np.full_like(ramp, 7.0), rng.random((101, 101))], 2
    )
    image[0, 0, :3] = np.nan
    shown = pixels(thumbnail(image.astype(np.float32))).astype(int)
    assert abs(shown[50, 50, 0] - 127) < 8
    assert shown[50, 1, 0] < 12
    assert shown[50, 99, 0] > 243
    assert shown[99, 50, 1] > 235
    assert abs(shown[50, 50, 2] - 128) < 12


@pytest.mark.parametrize("channels", [1, 2])
def test_one_or_two_channels_are_grey(channels: int) -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))[:, :, None]
    shown = pixels(thumbnail(np.repeat(ramp, channels, 2))).astype(int)
    assert np.ptp(shown, axis=2).max() <= 2
    assert shown[32, 60].min() > shown[32, 4].max() + 150


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 5),
    st.sampled_from([0.0, np.nan, np.inf, 1e30]),
)
def test_any_image_has_a_thumbnail(height: int, width: int, channels: int, value: float) -> None:
    image = np.full((height, width, channels), value, np.float32)
    assert pixels(thumbnail(image)).shape == (height, width, 3)
