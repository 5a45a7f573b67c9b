import numpy as np
import pytest

from tests.retrieval.efficiency.made import embeddings
from wfa.retrieval.efficiency.config import Config
from wfa.retrieval.efficiency.forms import (
    distinct_of_each_image,
    max_similarity_ranks,
    measure_forms,
)


def test_forms() -> None:
    made = embeddings()
    forms = {form["form"]: form for form in measure_forms(made, Config(repeats=1, singles=3))}
    assert list(forms) == ["images", "captions", "aggregated", "max_similarity"]
    sizes = {name: (form["vectors"], form["bytes_an_image"]) for name, form in forms.items()}
    assert sizes == {
        "images": (120, 64), "captions": (360, 192), "aggregated": (120, 64),
        "max_similarity": (360, 192),
    }  # fmt: skip
    scores = made.images @ made.captions.T
    best = np.stack([scores[:, made.image_index == image].max(axis=1) for image in range(120)], 1)
    ranks = (best >= np.diag(best)[:, None]).sum(axis=1)
    assert forms["max_similarity"]["task"] == pytest.approx(
        {f"R@{k}": np.mean(ranks <= k) for k in (1, 5, 10)}
    )
    for form in forms.values():
        assert 0 < form["task"]["R@1"] <= form["task"]["R@10"] <= 1
        assert form["qps"]["median"] > 0


def test_a_caption_that_an_image_bears_twice_is_kept_once() -> None:
    made = embeddings(4, each=3)
    doubled = type(made)(
        made.images,
        made.captions[[0, 0, 1, 3, 4, 6, 9, 9]],
        np.array([0, 0, 0, 1, 1, 2, 3, 3]),
        made.caption_ids[[0, 0, 1, 3, 4, 6, 9, 9]],
        made.aggregated,
        made.image_names,
    )
    owners, rows = distinct_of_each_image(doubled)
    assert owners.tolist() == [0, 0, 1, 1, 2, 3]
    assert rows.tolist() == [0, 2, 3, 4, 5, 6]


def test_a_shared_caption_ties_and_is_lost() -> None:
    eye = np.eye(3, dtype=np.float32)
    owners = np.array([0, 1, 1, 2])
    ranks = max_similarity_ranks(eye, eye[[0, 0, 1, 1]], owners)
    # Images 0 and 1 bear the caption of image 0; 1 and 2 that of 1; nobody that of 2.
    assert ranks.tolist() == [2, 2, 3]
