import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    top_k_accuracy_score,
)

from wfa.errors import DataError
from wfa.tasks.classification.class_scores import average_precisions, score_classes


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(3, 7), st.integers(1, 60))
def test_without_ties_it_is_what_scikit_learn_says(seed: int, classes: int, images: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((images, classes))
    labels = rng.integers(0, classes, images)
    found = score_classes(scores, labels, (1, 2))
    every = list(range(classes))
    for k in (1, 2):
        assert found.top[k] == pytest.approx(
            top_k_accuracy_score(labels, scores, k=k, labels=every)
        )
    taken = scores.argmax(1)
    assert np.array_equal(found.confusion, confusion_matrix(labels, taken, labels=every))
    present = np.unique(labels)
    expected = f1_score(labels, taken, labels=present, average="macro", zero_division=0)
    assert found.macro_f1 == pytest.approx(expected)
    assert np.isnan(found.recall[np.setdiff1d(every, present)]).all()


def test_a_right_class_that_ties_is_not_taken() -> None:
    found = score_classes(np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]]), np.array([0, 1]), (1, 2))
    assert found.top == {1: 0.0, 2: 1.0}
    assert found.confusion.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_average_precision_is_what_scikit_learn_says(seed: int, images: int) -> None:
    rng = np.random.default_rng(seed)
    scores, relevant = rng.standard_normal((images, 3)), rng.random((images, 3)) < 0.3
    found = average_precisions(scores, relevant)
    for column in range(3):
        if relevant[:, column].any():
            expected = average_precision_score(relevant[:, column], scores[:, column])
            assert found[column] == pytest.approx(expected)
        else:
            assert np.isnan(found[column])


def test_average_precision_at_k_by_hand() -> None:
    # Relevant at ranks 1, 3 and 4 of 4; of the first two places one is right.
    scores = np.array([[4.0], [3.0], [2.0], [1.0]])
    relevant = np.array([[True], [False], [True], [True]])
    assert average_precisions(scores, relevant, 2)[0] == pytest.approx((1 / 1) / 2)
    assert average_precisions(scores, relevant)[0] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    # A relevant image that ties with another comes behind it.
    assert average_precisions(np.ones((2, 1)), np.array([[True], [False]]))[0] == 0.5


@pytest.mark.parametrize(
    ("scores", "labels"),
    [(np.zeros((2, 3)), np.array([0])), (np.zeros((1, 3)), np.array([3])), (np.zeros((0, 3)), [])],
)
def test_what_does_not_fit_is_refused(scores: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(DataError):
        score_classes(scores, np.asarray(labels, np.int64))
