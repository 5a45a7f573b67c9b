"""The rules of ties.

Where wrong answers score exactly as high as right ones, a rank is a matter of a rule:

- `worst`: right answers stand behind the wrong ones that tie with them.
- `expected`: the mean over all orders of the answers that tie, in closed form. Public code breaks
  ties by whatever order its sort leaves, which comes near this mean.
- `best`: right answers stand before the wrong ones that tie with them.
"""

import numpy as np
import numpy.typing as npt

from wfa.errors import ConfigError

Reals = npt.NDArray[np.float64]

WORST, EXPECTED, BEST = TIES = ("worst", "expected", "best")


def check_ties(ties: str) -> None:
    """Refuse a rule of ties that is not known.

    Raises:
        ConfigError: It is none of `TIES`.
    """
    if ties not in TIES:
        raise ConfigError(f"there is no rule of ties {ties!r}; known: {', '.join(TIES)}")
