from typing import Any

import numpy as np
import pytest

from tests.search.benchmark.made import embeddings, unit
from wfa.retrieval.embeddings import Embeddings, Floats, Integers
from wfa.search.benchmark.benchmark_options import Config
from wfa.search.benchmark.gallery_forms import Aggregator, Form, measure_forms, ranks
from wfa.search.benchmark.held_out import hold_out

QUICK = Config(repeats=1, singles=3)


def measured(made: Embeddings, config: Config = QUICK) -> tuple[dict[str, Any], dict[str, Any]]:
    forms, facts = measure_forms(made, config)
    return {f"{form['form']} by {form['asked_with']}": form for form in forms}, facts


def naive_rates(
    scores: list[list[float]], owners: list[int], right: list[set[int]], grouped: bool
) -> dict[str, float]:
    """R@K, answer by answer: a right one counts only what beats or ties with it and is wrong."""
    found = []
    for row, good in zip(scores, right, strict=True):
        pairs = list(zip(row, owners, strict=True))
        if grouped:
            pairs = [(max(s for s, o in pairs if o == own), own) for own in sorted(set(owners))]
        best = max(score for score, owner in pairs if owner in good)
        wrong = [score for score, owner in pairs if owner not in good and score >= best]
        found.append(1 + len(wrong))
    return {f"R@{k}": float(np.mean([rank <= k for rank in found])) for k in (1, 5, 10)}


def test_every_form_is_asked_with_captions_that_it_does_not_hold() -> None:
    made = embeddings(40)
    held = hold_out(made)
    owner, ids = made.image_index.tolist(), made.caption_ids.tolist()
    kept = held.kept.tolist()  # of these images no two captions are equal
    mean = np.stack([
        made.captions[[row for row in kept if owner[row] == image]].mean(axis=0)
        for image in range(40)
    ])  # fmt: skip
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    own = [{image} for image in held.images.tolist()]
    bearing = [
        {owner[other] for other in range(len(ids)) if ids[other] == ids[row]}
        for row in held.rows.tolist()
    ]
    found, facts = measured(made)
    galleries = {
        "images": (made.images, list(range(40)), False),
        "captions": (made.captions[kept], [owner[row] for row in kept], False),
        "aggregated": (mean, list(range(40)), False),
        "max_similarity": (made.captions[kept], [owner[row] for row in kept], True),
    }
    for name, (vectors, owners, grouped) in galleries.items():
        asked = found[f"{name} by captions"]
        scores = (made.captions[held.rows] @ vectors.T).round(5).tolist()
        assert asked["task"] == pytest.approx(naive_rates(scores, owners, own, grouped))
        assert asked["duplicate_aware"] == pytest.approx(
            naive_rates(scores, owners, bearing, grouped)
        )
        if name != "images":
            shown = (made.images @ vectors.T).round(5).tolist()
            each = [{image} for image in range(40)]
            also = found[f"{name} by images"]
            assert also["task"] == pytest.approx(naive_rates(shown, owners, each, grouped))
            assert "duplicate_aware" not in also
    by_images = {f"{name} by images" for name in galleries if name != "images"}
    assert set(found) == {f"{name} by captions" for name in galleries} | by_images
    verbatim = sum(any(ids[row] == ids[other] for other in kept) for row in held.rows.tolist())
    assert facts == {
        "asked": 40, "held_out": 40, "single": 0, "verbatim": verbatim, "aggregated_by": "mean",
    }  # fmt: skip
    assert verbatim > 0
    sizes = {name: (form["vectors"], form["bytes_an_image"]) for name, form in found.items()}
    assert sizes["captions by images"] == sizes["max_similarity by captions"] == (80, 128)
    assert sizes["aggregated by captions"] == sizes["images by captions"] == (40, 64)
    assert all(form["qps"]["median"] > 0 for form in found.values())


def test_few_scores_at_once_give_the_same_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    made = embeddings(20)
    whole, _ = measured(made)
    monkeypatch.setattr("wfa.search.benchmark.gallery_forms._SCORES_AT_ONCE", 90)  # 1 to 4 queries
    parts, _ = measured(made)
    for name, form in whole.items():
        assert parts[name]["task"] == form["task"]


def test_a_caption_that_stands_in_the_gallery_would_find_itself() -> None:
    """Features that say nothing: asked with its own captions a gallery would answer perfectly."""
    made = embeddings(60)
    noise = unit(len(made.captions), seed=9)[np.unique(made.caption_ids, return_inverse=True)[1]]
    blind = Embeddings(made.images, noise, made.image_index, made.caption_ids, made.aggregated,
                       made.image_names)  # fmt: skip
    found, _ = measured(blind)
    assert found["captions by captions"]["task"]["R@1"] < 0.2


def test_the_technique_makes_the_aggregated_vectors_of_what_is_left() -> None:
    made = embeddings(30)
    seen: list[Integers] = []

    def vectors(rows: Integers) -> Floats:
        seen.append(rows)
        return made.images

    forms, facts = measure_forms(made, QUICK, Aggregator("own", vectors))
    assert facts["aggregated_by"] == "own"
    assert len(seen) == 1
    assert np.array_equal(seen[0], hold_out(made).kept)
    by_form = {form["form"]: form["task"] for form in forms if form["asked_with"] == "captions"}
    assert by_form["aggregated"] == by_form["images"]


def test_images_of_one_caption_are_not_asked_for_but_kept() -> None:
    made = embeddings(20, each=1)
    found, facts = measured(made)
    assert set(found) == {"captions by images", "aggregated by images", "max_similarity by images"}
    assert (facts["asked"], facts["held_out"], facts["single"]) == (0, 0, 20)
    assert found["captions by images"]["vectors"] == 20


def test_one_image_alone() -> None:
    found, facts = measured(embeddings(1))
    assert facts["asked"] == 1
    assert {form["task"]["R@1"] for form in found.values()} == {1.0}


def test_at_most_as_many_are_asked_as_wanted() -> None:
    found, facts = measured(embeddings(30), Config(repeats=1, singles=3, queries=7))
    assert (facts["asked"], facts["held_out"]) == (7, 30)
    assert {form["queries"] for form in found.values()} == {7}


def test_a_shared_caption_ties_and_is_lost() -> None:
    eye = np.eye(3, dtype=np.float32)
    form = Form("max_similarity", eye[[0, 0, 1, 1]], np.array([0, 1, 1, 2]), grouped=True)
    # Images 0 and 1 bear the caption of image 0; 1 and 2 that of 1; nobody that of 2.
    own = np.eye(3, dtype=bool)
    assert ranks(form, eye, own).tolist() == [2, 2, 3]
    single = Form("captions", form.vectors, form.owners)
    assert ranks(single, eye, own).tolist() == [2, 2, 4]
