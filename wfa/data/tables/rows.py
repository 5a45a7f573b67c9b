"""Read a table of images and captions from CSV, TSV, JSON, JSONL or Parquet."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyarrow import ArrowInvalid

from wfa.data.tables.columns import Row
from wfa.data.tables.karpathy import read_json
from wfa.errors import DataError

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet")
"""The endings of the files that `read_table` takes."""


def read_table(path: Path) -> tuple[list[str], Sequence[Row]]:
    """Return the columns and the rows of a table.

    JSON may be a list of objects, `{file name: caption or captions}`, COCO's
    `{"images", "annotations"}`, or Karpathy's `{"images": [{"filename", "sentences"}]}`.

    Raises:
        DataError: The file cannot be read as what its name says, or has no rows.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        rows = _parquet(path)
    elif suffix in (".csv", ".tsv"):
        rows = _csv(path)
    elif suffix in (".jsonl", ".ndjson"):
        rows = _json_lines(path)
    else:
        rows = _json(path)
    if not rows:
        raise DataError(f"{path} has no rows")
    columns = dict.fromkeys(column for row in rows for column in row)
    return list(columns), rows


def _csv(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            # The separator that the header shows most; a comma where it shows none.
            separator = max(",;\t", key=header.count)
            return list(_checked(csv.DictReader(file, delimiter=separator, strict=True), path))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text in UTF-8 ({error}): save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path} is not CSV ({error})") from error


def _checked(reader: "csv.DictReader[str]", path: Path) -> Iterable[Row]:
    for row in reader:
        if None in row or None in row.values():
            wanted = len(reader.fieldnames or ())
            raise DataError(
                f"{path}, line {reader.line_num}: not the {wanted} values that the header names; "
                "put quotes around captions that contain the separator"
            )
        yield row


def _json_lines(path: Path) -> list[Row]:
    rows = []
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    rows.append(_object(json.loads(line), f"{path}, line {number}"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is not JSON in every line ({error})") from error
    return rows


def _json(path: Path) -> list[Row]:
    content = read_json(path)
    if isinstance(content, dict) and isinstance(content.get("images"), list):
        if isinstance(content.get("annotations"), list):
            return _coco(content, path)
        content = content["images"]
    if isinstance(content, dict):
        return [{"filename": name, "captions": texts} for name, texts in content.items()]
    if not isinstance(content, list):
        raise DataError(f"{path} holds neither a list nor an object of captions")
    return [_object(item, f"{path}, entry {place}") for place, item in enumerate(content)]


def _coco(content: dict[str, Any], path: Path) -> list[Row]:
    try:
        names = {image["id"]: image["file_name"] for image in content["images"]}
        captions: dict[Any, list[Any]] = {name: [] for name in names}
        for annotation in content["annotations"]:
            captions[annotation["image_id"]].append(annotation["caption"])
    except (KeyError, TypeError) as error:
        raise DataError(
            f'{path} is not COCO captions ({error!r}): wanted "images" with "id" and "file_name", '
            '"annotations" with "image_id" and "caption"'
        ) from error
    return [{"filename": names[key], "captions": texts} for key, texts in captions.items()]


def _object(item: Any, where: str) -> Row:
    if not isinstance(item, dict):
        raise DataError(f"{where} is no object of file name and captions: {item!r}")
    return item


def _parquet(path: Path) -> list[Row]:
    try:
        rows: list[Row] = pq.read_table(path).to_pylist()
    except (ArrowInvalid, OSError) as error:
        raise DataError(f"{path} is not Parquet ({error})") from error
    return rows
