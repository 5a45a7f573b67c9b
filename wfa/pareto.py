"""The Pareto front of things that are measured in two ways."""

from collections.abc import Sequence


def pareto_front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Mark the points that no other beats in one measure without losing in the other.

    Args:
        points: Two measures of each, larger being better; a cost is given with its sign turned.

    Returns:
        For each point whether it is on the front; equal points are there together.

    >>> pareto_front([(3.0, 1.0), (1.0, 3.0), (1.0, 2.0)])
    [True, True, False]
    """
    return [
        not any(
            other[0] >= own[0] and other[1] >= own[1] and other != own for other in points
        )
        for own in points
    ]  # fmt: skip
