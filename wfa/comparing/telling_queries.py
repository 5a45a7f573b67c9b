"""The queries that all techniques find, that none finds, and on which they differ most."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wfa.comparing.cell_results import Gathered
from wfa.data.dataset import ImageTextDataset
from wfa.errors import UserError
from wfa.runs.query_gallery import thumbnail

Ranks = Mapping[str, Mapping[int, Mapping[str, int]]]
"""Label -> seed -> query -> rank of its own image."""


def telling_queries(ranks: Ranks, each: int = 5) -> list[dict[str, Any]]:
    """Choose queries by the geometric mean of their ranks over seeds.

    Args:
        ranks: Of the same queries for every technique; no two queries of one image are chosen.
        each: How many of each kind.

    Returns:
        Rows with `kind` (worst, best, differ), `query` and `ranks`, label -> mean rank.
    """
    labels = list(ranks)
    names = sorted(next(iter(next(iter(ranks.values())).values())))
    logs = np.array([
        np.mean([np.log([run[name] for name in names]) for run in ranks[label].values()], axis=0)
        for label in labels
    ])  # fmt: skip
    taken: set[str] = set()
    found = []
    for kind, key in (("differ", -np.ptp(logs, axis=0)), ("worst", -logs.mean(axis=0)),
                      ("best", logs.mean(axis=0))):  # fmt: skip
        for place in _first(key, names, each, taken):
            found.append(
                {
                    "kind": kind,
                    "query": names[place],
                    "ranks": {label: float(np.exp(logs[row, place]))
                              for row, label in enumerate(labels)},
                }
            )  # fmt: skip
    return found


def shown_queries(gathered: Gathered, split: str) -> list[dict[str, Any]]:
    """Choose queries and add their text, image and thumbnail, where the data set is still there."""
    rows = telling_queries(gathered.ranks)
    config = gathered.cells[0].config
    try:
        dataset: ImageTextDataset = config.data.plugin()(config.data.options, split)
        place = {record.image: row for row, record in enumerate(dataset.records)}
        return [{**row, **_picture(dataset, place, row["query"])} for row in rows]
    except (UserError, KeyError, IndexError):  # moved or changed since: the ids remain
        return rows


def _first(key: Any, names: Sequence[str], count: int, taken: set[str]) -> list[int]:
    """Return the lowest by key, each of another image."""
    chosen = []
    for place in np.argsort(key, kind="stable").tolist():
        image = names[place].rpartition("#")[0]
        if image not in taken:
            taken.add(image)
            chosen.append(place)
        if len(chosen) == count:
            break
    return chosen


def _picture(dataset: ImageTextDataset, place: Mapping[str, int], query: str) -> dict[str, Any]:
    image, _, number = query.rpartition("#")
    row = place[image]
    return {
        "image": image,
        "text": dataset.records[row].captions[int(number)],
        "thumbnail": thumbnail(dataset.read_image(row)),
    }
