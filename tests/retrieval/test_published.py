from wfa.retrieval.published import published_classification, published_retrieval


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
    assert [round(100 * r.value, 2) for r in published_classification("eurosat")] == [
        36.87, 39.83, 47.41,
    ]  # fmt: skip
    assert [r.value for r in published_classification("eurosat", "linear_probe")] == [0.953]
