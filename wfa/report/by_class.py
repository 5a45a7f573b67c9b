"""Results by class, where the data knows classes: a table, and which class is taken for which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa.errors import RunError
from wfa.json_files import read_object
from wfa.report.confusion_picture import confusion_picture
from wfa.report.plots import Plot
from wfa.tables import DASH, Cell, Number, Table, count

FOUND_FOR = "Which class is found for which, in percent of the row"
TAKEN_FOR = "Which class is taken for which, in percent of the row"
_AGAIN = "evaluate the run again, or delete the file"


@dataclass(frozen=True)
class ClassScores:
    """What the page shows of `classes.json`.

    Attributes:
        table: A row a class, a column a metric, in percent.
        picture: Which class's image is found for which; None where nothing was counted.
    """

    table: Table
    picture: Plot | None


def read_classes(path: Path) -> Mapping[str, Any]:
    """Read `classes.json`.

    Raises:
        RunError: It is damaged, or its rows or its confusion do not fit its classes.
    """
    found = read_object(path, ("classes", "rows", "confusion"), _AGAIN)
    names = found["classes"]
    try:
        fits = all(
            row["class"] in names and isinstance(row["metric"], str) and row["value"] + 0.0 >= 0
            for row in found["rows"]
        )
        square = found["confusion"]
        fits &= not square or [len(row) for row in square] == [len(names)] * len(names)
        fits &= all(cell >= 0 for row in square for cell in row)
    except (KeyError, TypeError) as error:
        raise RunError(f"{path} does not hold classes ({error!r}): {_AGAIN}") from error
    if not fits:
        raise RunError(f"{path}: its rows and its confusion do not fit its classes: {_AGAIN}")
    return found


def class_scores(found: Mapping[str, Any]) -> ClassScores:
    """Turn the content of `classes.json` into a table and a picture."""
    names = [str(name) for name in found["classes"]]
    values = {(str(row["class"]), row["metric"]): row["value"] for row in found["rows"]}
    split = found.get("split", "test")
    metrics = list(dict.fromkeys(metric for _, metric in values))
    asked = {str(row["class"]): count(row.get("queries")) for row in found["rows"]}
    rows = tuple(
        (name, asked.get(name, DASH), *(_percent(values.get((name, metric))) for metric in metrics))
        for name in names
    )
    title = " · ".join([split, "in percent", *(f"ties {x}" for x in [found.get("ties")] if x)])
    table = Table(("class", "queries", *metrics), rows, title)
    picture = confusion_picture(FOUND_FOR, names, found["confusion"], "asked for")
    return ClassScores(table, picture)


@dataclass(frozen=True)
class Classified:
    """What the page shows of a classification's `scores.json`.

    Attributes:
        tables: Its figures, then those of each class.
        picture: Which class was taken for which; None where nothing was counted.
    """

    tables: Sequence[Table]
    picture: Plot | None


def read_classified(folder: Path, title: str) -> list[Classified]:
    """Read what a run reached at classification, in the order of the folders' names.

    Args:
        folder: The run's.
        title: What to call the run.

    Raises:
        RunError: A file is damaged.
    """
    found = []
    for path in sorted(folder.glob("tasks/*/scores.json")):
        content = read_object(path, (), _AGAIN)
        if "metrics" not in content:  # answers to questions, which have a page of their own
            continue
        try:
            names = [str(own["class"]) for own in content.get("classes", ())]
            picture = confusion_picture(TAKEN_FOR, names, content.get("confusion", ()), "of")
            found.append(Classified(classification_tables(content, title), picture))
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{path} does not hold a classification ({error!r}): {_AGAIN}"
            ) from error
    return found


def _percent(value: float | None) -> Number:
    return Number(DASH if value is None else f"{100 * value:.1f}", value)


def classification_tables(content: Mapping[str, Any], title: str) -> list[Table]:
    """Return the tables of a classification's `scores.json`, in percent: figures, then classes.

    Published top-1 accuracies of the same data set stand below the run's.

    Args:
        content: `scores.json` of `wfa.tasks.classification`.
        title: What to call the run.
    """
    data = content["data"]
    where = f"{content['task']} · {data['name']} · {data['split']} · in percent"
    metrics = content["metrics"]
    rows: list[dict[str, Cell]] = [
        {"": title, **{name: _percent(value) for name, value in metrics.items()}}
    ]
    rows += [
        {"": f"{other['model']} ({other['source']})", "top-1": _percent(other["value"])}
        for other in content["published"]
        if "top-1" in metrics
    ]
    tables = [Table.from_records(rows, where)]
    classes = [
        {"class": own["class"], "images": own["images"],
         **{key: _percent(value) for key, value in own.items() if key not in ("class", "images")}}
        for own in content.get("classes", ())
    ]  # fmt: skip
    return [*tables, Table.from_records(classes, "by class, in percent")] if classes else tables
