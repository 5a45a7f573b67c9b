import pytest

from wfa.retrieval.published import published_classification, published_retrieval
from wfa.tasks.classification.templates import TEMPLATES


def test_results_stand_beside_their_like_only() -> None:
    found = published_retrieval("ucm_captions", "test", "strict", "single")
    assert [result.value for result in found] == sorted(result.value for result in found)
    remote = {r.source: r.value for r in found if r.model == "RemoteCLIP ViT-B/32"}
    assert remote == {"VT-RSBS": 0.5413, "RemoteCLIP": 0.5636}
    for other in (("train", "strict", "single"), ("test", "duplicate_aware", "single"),
                  ("test", "strict", "aggregated")):  # fmt: skip
        assert published_retrieval("ucm_captions", *other) == []
    assert published_retrieval("my_own", "test", "strict", "single") == []


def test_accuracies_by_data_set() -> None:
    prompts = TEMPLATES["remote_sensing"]
    found = published_classification("eurosat", "classification", "test", prompts)
    assert [round(100 * result.value, 2) for result in found] == [36.87, 39.83, 47.41]
    found = published_classification("eurosat", "linear_probe", "test")
    assert [result.value for result in found] == [0.953]


@pytest.mark.parametrize("kind", ["knn", "few_shot", "retrieval"])
def test_other_ways_to_classes_have_no_published_figures(kind: str) -> None:
    assert published_classification("eurosat", kind, "test", TEMPLATES["remote_sensing"]) == []


def test_accuracies_of_other_splits_and_prompts_stand_beside_none() -> None:
    prompts = TEMPLATES["remote_sensing"]
    assert published_classification("eurosat", "classification", "validation", prompts) == []
    assert published_classification("eurosat", "linear_probe", "train") == []
    for other in (TEMPLATES["plain"], TEMPLATES["aerial"], ()):
        assert published_classification("eurosat", "classification", "test", other) == []
