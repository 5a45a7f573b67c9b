"""What each image contributed to a run's mR, from `ranks.parquet`.

The five captions of an image are not five independent queries, so statistics treat the image as
the unit: its text-to-image queries and its image-to-text query stay together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wfa.errors import RunError
from wfa.retrieval.metrics import KS
from wfa.retrieval.protocols import IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.retrieval.ranks import SCHEMA

Floats = npt.NDArray[np.float64]
Kind = tuple[str, str]
"""(protocol, queries)."""
MAIN = "strict"
"""The protocol of cost, guidelines and the first tables."""
PARTS = (TEXT_TO_IMAGE, IMAGE_TO_TEXT)


@dataclass(frozen=True, eq=False)
class ImageScores:
    """Hits of one run's queries, gathered by image; M images, both directions.

    Attributes:
        images: M names, sorted.
        hits: (2, M), sum over the image's queries of the mean of their hits at K = 1, 5, 10; text
            to image first, then image to text.
        queries: (2, M), how many queries the image has.
    """

    images: tuple[str, ...]
    hits: Floats
    queries: Floats


def read_scores(path: Path, split: str) -> dict[Kind, ImageScores]:
    """Read the ranks of one split.

    Args:
        path: A run's `ranks.parquet`.
        split: The split's name.

    Returns:
        (protocol, queries) -> scores.

    Raises:
        RunError: The file cannot be read or has no such split.
    """
    try:
        table = pq.read_table(path, filters=[("split", "=", split)]).cast(SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}): delete its run folder to have it trained "
                       "again") from error  # fmt: skip
    if not table.num_rows:
        raise RunError(f"{path} has no ranks of the split {split!r}: set compare.split")
    columns = [table[name].to_pylist() for name in ("protocol", "queries", "direction")]
    kinds = list(zip(*columns, strict=True))
    names = table["query_id"].to_pylist()
    # The share of K = 1, 5, 10 within which the best right answer stands.
    hits = np.mean(table["rank"].to_numpy()[:, None] <= np.array(KS), axis=1)
    rows: dict[tuple[str, str, str], list[int]] = {}
    for row, kind in enumerate(kinds):
        rows.setdefault(kind, []).append(row)
    return {
        (protocol, queries): _gathered(
            [[names[row] for row in rows[protocol, queries, part]] for part in PARTS],
            [hits[rows[protocol, queries, part]] for part in PARTS],
            single=queries == "single",
        )
        for protocol, queries, direction in rows
        if direction == TEXT_TO_IMAGE
    }


def _gathered(names: Sequence[list[str]], hits: Sequence[Floats], *, single: bool) -> ImageScores:
    images = sorted(names[1])
    place = {name: row for row, name in enumerate(images)}
    # A caption's query is called `<image>#<number>`, an aggregated one as its image.
    texts = [name.rpartition("#")[0] for name in names[0]] if single else names[0]
    index = [np.array([place[name] for name in of]) for of in (texts, names[1])]
    count = len(images)
    return ImageScores(
        images=tuple(images),
        hits=np.stack([np.bincount(index[k], hits[k], count) for k in range(2)]),
        queries=np.stack([np.bincount(index[k], minlength=count) for k in range(2)]).astype(float),
    )


def contributions(scores: ImageScores, parts: Sequence[int] = (0, 1)) -> Floats:
    """Return (M,) what each image adds; their mean is the mean hit rate of the directions `parts`.

    With both directions that is mR, the mean of six hit rates.
    """
    totals = scores.queries.sum(axis=1, keepdims=True)
    shares: Floats = len(scores.images) * scores.hits / totals
    means: Floats = shares[list(parts)].mean(axis=0)
    return means
