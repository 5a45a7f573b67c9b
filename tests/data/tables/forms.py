"""One small data set in every form of table that people bring."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


class Annotated(NamedTuple):
    """An image: its name, its split (empty for none) and its captions, at least one."""

    name: str
    split: str
    captions: tuple[str, ...]


Images = Sequence[Annotated]
Write = Callable[[Path, Images], None]


def _named(images: Images, item: Annotated, **values: Any) -> dict[str, Any]:
    """A row; splits are a column only where some image has one."""
    split = {"split": item.split} if any(image.split for image in images) else {}
    return {"file_name": item.name, **split, **values}


def by_caption(images: Images) -> list[dict[str, Any]]:
    return [_named(images, item, caption=text) for item in images for text in item.captions]


def by_image(images: Images, listed: Callable[[list[str]], Any] = list) -> list[dict[str, Any]]:
    return [_named(images, item, captions=listed(list(item.captions))) for item in images]


def numbered(images: Images, heading: Callable[[int], str]) -> tuple[list[str], list[list[str]]]:
    most = max(len(item.captions) for item in images)
    names = [*_named(images, images[0]), *map(heading, range(most))]
    blanks = [[""] * (most - len(item.captions)) for item in images]
    return names, [
        [*_named(images, item).values(), *item.captions, *blank]
        for item, blank in zip(images, blanks, strict=True)
    ]


def delimited(
    headings: Iterable[str], rows: Iterable[Iterable[Any]], separator: str = ",", end: str = "\n"
) -> str:
    text = io.StringIO(newline="")
    table = [[*headings], *map(list, rows)]
    # Python quotes a mere carriage return only where lines end in one.
    quoting: Literal[0, 1] = (
        csv.QUOTE_ALL if any("\r" in cell for row in table for cell in row) else csv.QUOTE_MINIMAL
    )
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting).writerows(table)
    return text.getvalue()


def _csv(
    rows_of: Callable[[Images], list[dict[str, Any]]], name: str = "t.csv", separator: str = ",",
    end: str = "\n", encoding: str = "utf-8",
) -> Write:  # fmt: skip
    def write(root: Path, images: Images) -> None:
        rows = rows_of(images)
        text = delimited(rows[0], (row.values() for row in rows), separator, end)
        (root / name).write_bytes(text.encode(encoding))

    return write


def _numbered(heading: Callable[[int], str]) -> Write:
    def write(root: Path, images: Images) -> None:
        text = delimited(*numbered(images, heading))
        (root / "t.csv").write_bytes(text.encode())

    return write


def _json(content: Callable[[Images], Any]) -> Write:
    def write(root: Path, images: Images) -> None:
        (root / "t.json").write_text(json.dumps(content(images)), encoding="utf-8")

    return write


def _lines(root: Path, images: Images) -> None:
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in by_image(images))
    (root / "t.jsonl").write_bytes(text.encode("utf-8-sig"))


def _coco(images: Images) -> dict[str, Any]:
    rows = [_named(images, item, id=7 * place) for place, item in enumerate(images)]
    captions = [
        {"id": 0, "image_id": 7 * place, "caption": text}
        for place, item in enumerate(images)
        for text in item.captions
    ]
    return {"info": {}, "images": rows, "annotations": captions}


def _karpathy(images: Images) -> dict[str, Any]:
    rows = by_image(images, lambda texts: [{"raw": text, "tokens": ["x"]} for text in texts])
    return {"dataset": "x", "images": [{"sentids": [1], **row} for row in rows]}


def _of_splits(images: Images) -> Any:
    if not any(item.split for item in images):
        return by_caption(images)
    splits = dict.fromkeys(item.split for item in images)
    return {
        split: [
            {"file_name": item.name, "captions": list(item.captions)}
            for item in images
            if item.split == split
        ]
        for split in splits
    }


def _columns(images: Images) -> dict[str, Any]:
    rows = by_caption(images)
    return {key: [row[key] for row in rows] for key in rows[0]}


def _pandas(images: Images) -> dict[str, Any]:
    return {key: dict(enumerate(cells)) for key, cells in _columns(images).items()}


def _by_name(images: Images) -> dict[str, Any]:
    rows = by_image(images)
    if "split" not in rows[0]:
        return {row["file_name"]: row["captions"] for row in rows}
    return {row.pop("file_name"): row for row in rows}


def _parquet(
    rows_of: Callable[[Images], list[dict[str, Any]]], **types: Callable[[list[Any]], Any]
) -> Write:
    def write(root: Path, images: Images) -> None:
        rows = rows_of(images)
        columns = {key: types.get(key, pa.array)([row[key] for row in rows]) for key in rows[0]}
        far = pa.array([10**15] * len(rows), pa.timestamp("s"))  # a year that Python has not
        notes = pa.array([{"by": "x", "n": 1}] * len(rows))
        table = pa.table({"note": notes, **columns, "seen": far})
        pq.write_table(table, root / "t.parquet", row_group_size=2)

    return write


def _class_labels(root: Path, images: Images) -> None:
    rows = by_image(images)
    table = pa.Table.from_pylist(rows)
    if "split" in table.column_names:
        names = sorted({row["split"] for row in rows})
        labels = pa.array([names.index(row["split"]) for row in rows], pa.int64())
        table = table.set_column(table.column_names.index("split"), "split", labels)
        features = {"split": {"names": names, "_type": "ClassLabel"}, "file_name": {}}
        info = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": info})
    pq.write_table(table, root / "t.parquet")


FORMS: dict[str, Write] = {
    "csv": _csv(by_caption),
    "csv of semicolons": _csv(by_caption, separator=";", end="\r\n"),
    "csv in UTF-16": _csv(by_caption, encoding="utf-16"),
    "csv with a mark": _csv(by_caption, encoding="utf-8-sig"),
    "tsv": _csv(by_caption, "t.tsv", "\t"),
    "csv of JSON lists": _csv(lambda images: by_image(images, json.dumps)),
    "csv of Python lists": _csv(lambda images: by_image(images, repr)),
    "csv of tuples": _csv(lambda images: by_image(images, lambda texts: repr((*texts, "")))),
    "csv of NumPy lists": _csv(
        lambda images: by_image(images, lambda texts: str(np.array(texts, object)))
    ),
    "csv of NumPy arrays": _csv(
        lambda images: by_image(images, lambda texts: repr(np.array(texts, object)))
    ),
    "csv, numbered": _numbered(lambda place: f"caption_{place}"),
    "csv, headings repeat": _numbered(lambda place: "caption"),
    "csv, as pandas numbers": _numbered(lambda place: f"caption.{place}" if place else "caption"),
    "json": _json(by_caption),
    "json lists": _json(by_image),
    "json by name": _json(_by_name),
    "json by split": _json(_of_splits),
    "json by column": _json(_columns),
    "json of pandas": _json(_pandas),
    "json lines": _lines,
    "coco": _json(_coco),
    "karpathy": _json(_karpathy),
    "parquet": _parquet(by_caption),
    "parquet lists": _parquet(by_image),
    "parquet category": _parquet(
        by_caption,
        split=lambda cells: pa.array(cells).dictionary_encode(),
        caption=lambda cells: pa.array(cells).dictionary_encode(),
    ),
    "parquet views": _parquet(
        by_caption,
        caption=lambda cells: pa.array(cells, pa.string_view()),
        split=lambda cells: pa.array(cells, pa.large_string()),
    ),
    "parquet bytes": _parquet(
        by_caption, caption=lambda cells: pa.array([text.encode() for text in cells])
    ),
    "parquet structs": _parquet(
        by_image,
        captions=lambda cells: pa.array(
            [[{"raw": text, "n": 1} for text in texts] for texts in cells]
        ),
    ),
    "parquet large lists": _parquet(
        by_image, captions=lambda cells: pa.array(cells, pa.large_list(pa.large_string()))
    ),
    "class labels": _class_labels,
}
"""What it is called -> writes it into a folder, as its only table."""
