"""The 15 tasks of BigEarthNet.txt, and the groups that results are summed up by."""

from typing import NamedTuple

from wfa.bigearthnet.rows import BOX, CAPTION, CATEGORIES, CHOICE, YES_NO, Row

GROUPS = {YES_NO: "binary", CHOICE: "mcq", BOX: "referring", CAPTION: "captioning"}
"""Type of row -> the group of tasks it belongs to."""


class Task(NamedTuple):
    """One of the 15 tasks.

    Attributes:
        name: `binary/presence`, `mcq/relative pos`, `referring/point`, `captioning`, ...
        type: The type of its rows.
        category: The category of its rows.
    """

    name: str
    type: str
    category: str

    @property
    def group(self) -> str:
        """The group it is summed up in."""
        return GROUPS[self.type]


def _name(kind: str, category: str) -> str:
    return GROUPS[kind] if kind == CAPTION else f"{GROUPS[kind]}/{category}"


TASKS = tuple(
    Task(_name(kind, category), kind, category)
    for kind, categories in CATEGORIES.items()
    for category in categories
)
"""In the order of `CATEGORIES`: binary, mcq, referring, captioning."""

_BY_ROW = {(task.type, task.category): task for task in TASKS}


def task_of(row: Row) -> Task:
    """Return the task of a row that parses."""
    return _BY_ROW[row.type, row.category]
