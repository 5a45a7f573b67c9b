"""Answers by ranking statements: which one is nearest to the image, nothing trained for it."""

from collections.abc import Mapping, Sequence

import numpy as np

from wfa.tasks.answering.question_arrays import NO_OPTION, Floats, Material
from wfa.tasks.answering.question_statements import of_yes_no

Thresholds = Mapping[str, float]
"""Category of yes/no questions -> the value above which the answer is yes."""


def choice_similarities(material: Material, images: Floats, texts: Floats) -> Floats:
    """Return (R, K): how near each option's statement is to the image; -inf for no option.

    Args:
        material: The questions.
        images: (M, D), normalised.
        texts: (U, D), normalised features of `material.texts`.
    """
    choices = material.choices
    near = np.einsum("rd,rkd->rk", images[choices.image], texts[choices.texts])
    return np.where(choices.texts == NO_OPTION, -np.inf, near).astype(np.float32)


def opposites(material: Material) -> tuple[list[str], list[str]]:
    """Return the statements for yes and for no of each claim; blank where no rule knows it."""
    claims = material.claims
    pairs = [of_yes_no(*both) for both in zip(claims.questions, claims.categories, strict=True)]
    return [pair.yes or "" for pair in pairs], [pair.no or "" for pair in pairs]


def claim_margins(material: Material, images: Floats, feature: Mapping[str, Floats]) -> Floats:
    """Return (N,): how much nearer the image is to the statement for yes than to that for no.

    Args:
        material: The questions.
        images: (M, D), normalised.
        feature: Statement -> (D,), normalised. A question without statements has margin 0.
    """
    yes, no = opposites(material)
    margins = [
        float(images[image] @ (feature[one] - feature[other])) if one else 0.0
        for image, one, other in zip(material.claims.image.tolist(), yes, no, strict=True)
    ]
    return np.array(margins, np.float32)


def best_thresholds(categories: Sequence[str], margins: Floats, right: Floats) -> dict[str, float]:
    """Choose for each category the threshold with the most right answers.

    Of equally good ones the nearest to 0 is taken.

    Args:
        categories: N of them.
        margins: (N,), higher for yes.
        right: (N,), 1 for yes.
    """
    names = np.array(categories)
    return {
        name: _best(margins[names == name], right[names == name] > 0.5)
        for name in sorted(set(categories))
    }


def is_yes(categories: Sequence[str], margins: Floats, thresholds: Thresholds) -> list[bool]:
    """Answer each claim; a category without a threshold has 0."""
    return [
        margin > thresholds.get(category, 0.0)
        for category, margin in zip(categories, margins.tolist(), strict=True)
    ]


def _best(margins: Floats, right: np.ndarray) -> float:
    order = np.argsort(margins)
    values, truth = margins[order].astype(np.float64), right[order]
    # Below a cut at k the answer is no: right are the nos before it and the yeses from it on.
    correct = np.concatenate([[0], np.cumsum(~truth)]) + np.concatenate(
        [np.cumsum(truth[::-1])[::-1], [0]]
    )
    cuts = np.concatenate([[values[0] - 1e-3], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-3]])
    possible = np.concatenate([[True], values[1:] > values[:-1], [True]])
    cuts, correct = np.append(cuts[possible], 0.0), correct[possible]
    correct = np.append(correct, ((margins > 0) == right).sum())
    best = cuts[correct == correct.max()]
    return float(best[np.abs(best).argmin()])
