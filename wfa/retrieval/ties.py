"""The rules of ties.

Where wrong answers score exactly as high as right ones, a rank is a matter of a rule:

- `worst`: right answers stand behind the wrong ones that tie with them.
- `expected`: the mean over all orders of the answers that tie, in closed form. Public code breaks
  ties by whatever order its sort leaves, which comes near this mean.
- `best`: right answers stand before the wrong ones that tie with them.
"""

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

WORST, EXPECTED, BEST = TIES = ("worst", "expected", "best")


def worst_class(scores: npt.NDArray[np.floating], own: npt.NDArray[np.int64]) -> Classes:
    """Return the best class of each row, never the right one where it ties with another.

    Args:
        scores: (M, C) of classes.
        own: (M,) the right class of each row, 0..C-1.

    Returns:
        (M,) classes; of wrong ones that tie the first is taken.

    >>> worst_class(np.array([[0.5, 0.5], [0.5, 0.25]]), np.array([0, 0])).tolist()
    [1, 0]
    """
    rows = np.arange(len(own))
    others = scores.astype(np.float64)
    others[rows, own] = -np.inf
    rival = others.argmax(1)
    return np.where(scores[rows, own] > others[rows, rival], own, rival)
