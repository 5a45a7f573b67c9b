"""What a run's record says of its data."""

import numpy as np
import pytest

from wfa.report.retrieval_tables import chance, few_images, left_out, measured_images


def facts(**images: int) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    return {"data": {"splits": {name: {"images": count} for name, count in images.items()}}}


@pytest.mark.parametrize("images", [1, 7, 16, 40])
def test_chance_is_the_share_that_guessing_finds(images: int) -> None:
    rng = np.random.default_rng(0)
    places = [int(np.flatnonzero(rng.permutation(images) == 0)[0]) for _ in range(4000)]
    assert chance(10, images) == pytest.approx(np.mean(np.array(places) < 10), abs=0.03)


def test_small_splits_are_named_and_others_are_not() -> None:
    assert few_images(measured_images(facts(train=4, validation=50, test=300))) == ""
    assert few_images(measured_images(facts(train=4, validation=49, test=1))) == (
        "guessing reaches an R@10 of 20.4 % on validation (49 images), 100.0 % on test (1 image)"
    )


def test_what_was_left_out_is_said_by_split() -> None:
    clean = {"images": 4, "skipped": 0, "skipped_rows": 0}
    splits = {"train": {**clean, "skipped": 1, "skipped_rows": 3}, "validation": clean}
    lines = ["1 of 5 images of train", "3 rows of train that do not parse"]
    assert left_out({"data": {"splits": splits}}) == lines
    before_rows_were_counted = {"images": 4, "skipped": 2}
    assert left_out({"data": {"splits": {"test": before_rows_were_counted}}}) == [
        "2 of 6 images of test"
    ]
