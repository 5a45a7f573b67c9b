"""The forms in which people write captions as JSON, each as a table."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wfa.data.tables.caption_cells import shown
from wfa.data.tables.columns import CAPTION_COLUMNS, FILE_COLUMNS, SPLIT_COLUMNS
from wfa.data.tables.entries import SPLIT_NAMES, our_split
from wfa.data.tables.table import Table, table_of_objects
from wfa.errors import DataError
from wfa.text_files import json_value, read_json, read_text

_WRAPPERS = ("images", "annotations", "data", "rows", "items", "samples", "records", "entries")
_FORMS = (
    'a list of {"file_name", "caption"} with "split" or without; {FILE: CAPTION or CAPTIONS}; '
    '{"train": [...], "test": [...]}; {"file_name": [...], "caption": [...]}; '
    '{"images": [{"filename", "split", "sentences": [{"raw"}]}]}; and COCO\'s '
    '{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}'
)

Item = Mapping[str, Any]


def read_json_table(path: Path) -> Table:
    """Return a JSON file as a table; an object in each line is read too.

    Raises:
        DataError: It is not JSON, or of no form that is known; the message lists these.
    """
    try:
        content = read_json(path)
    except DataError:
        if (lines := _lines(read_text(path), path)) is None:
            raise
        return table_of_objects(path, lines)
    return table_of_objects(path, _items(content, path))


def read_json_lines(path: Path) -> Table:
    """Return JSON with an object in each line as a table; one list over all lines is read too.

    Raises:
        DataError: It is neither; the message names the line.
    """
    text = read_text(path)
    if (lines := _lines(text, path)) is not None:
        return table_of_objects(path, lines)
    return table_of_objects(path, _items(read_json(path), path))


def _lines(text: str, path: Path) -> list[Item] | None:
    """Return the objects of the lines; None where already the first one does not stand alone."""
    found: list[Item] = []
    for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1):
        if not line.strip():
            continue
        try:
            value = json_value(line.strip().removesuffix(","))
        except ValueError as error:
            if not found:
                return None
            raise DataError(f"{path} is not JSON in every line (line {number}: {error})") from error
        items = value if isinstance(value, list) else [value]
        found += [_object(item, f"{path}, line {number}") for item in items]
    return found


def _items(content: Any, path: Path) -> list[Item]:
    if isinstance(content, list):
        return [_object(item, f"{path}, entry {place}") for place, item in enumerate(content)]
    if not isinstance(content, dict):
        raise DataError(f"{path} holds neither a list nor an object of captions")
    keys = {key.strip().lower() for key in content}
    if keys and keys <= SPLIT_NAMES.keys():
        return [
            _in_split(item, split, path)
            for split, part in content.items()
            for item in _items(part, path)
        ]
    wrapped = [key for key in _WRAPPERS if isinstance(content.get(key), list)]
    if wrapped[:2] == ["images", "annotations"]:
        _refuse_splits(content, path)
        return _coco(content, path)
    columns = _columns(content)
    if columns is not None:
        return columns
    if len(wrapped) == 1:
        _refuse_splits(content, path)
        return _items(content[wrapped[0]], path)
    if keys & {*SPLIT_NAMES, *_WRAPPERS, *FILE_COLUMNS, *CAPTION_COLUMNS, *SPLIT_COLUMNS}:
        raise _unknown(path)
    return _by_name(content, path)


def _in_split(item: Item, split: str, path: Path) -> Item:
    own = [item[key] for key in SPLIT_COLUMNS if item.get(key)]
    if any(not isinstance(value, str) or our_split(value) != our_split(split) for value in own):
        raise DataError(f"{path}: an image under {split!r} says that it is in {shown(own[0])}")
    rest = {key: value for key, value in item.items() if key not in SPLIT_COLUMNS}
    return {**rest, "split": split}


def _columns(content: Item) -> list[Item] | None:
    """Read `{column: values}` and `{column: {row: value}}`; None where it is not that."""
    named = {key.strip().lower() for key in content}
    if not named & {*FILE_COLUMNS} or not named & {*CAPTION_COLUMNS}:
        return None
    columns = list(content.values())
    if all(isinstance(each, list) and len(each) == len(columns[0]) for each in columns):
        return [dict(zip(content, row, strict=True)) for row in zip(*columns, strict=True)]
    if all(isinstance(each, dict) and each.keys() == columns[0].keys() for each in columns):
        return [{key: content[key][row] for key in content} for row in columns[0]]
    return None


def _by_name(content: Item, path: Path) -> list[Item]:
    """Read `{file: caption or captions}` and `{file: {"caption", "split"}}`."""
    values = list(content.values())
    if all(isinstance(value, dict) for value in values):
        if any({*value} & {*FILE_COLUMNS} for value in values):
            return values
        return [{**value, "filename": name} for name, value in content.items()]
    if any(isinstance(value, dict) or _names_files(value) for value in values):
        raise _unknown(path)
    return [{"filename": name, "captions": texts} for name, texts in content.items()]


def _names_files(value: Any) -> bool:
    return isinstance(value, list) and any(
        isinstance(item, dict) and {*item} & {*FILE_COLUMNS} for item in value
    )


def _coco(content: Item, path: Path) -> list[Item]:
    """Return a row for each annotation, and one for each image without."""
    captions: dict[Any, list[Item]] = {}
    try:
        for image in content["images"]:
            if image["id"] in captions or not {*image} & {*FILE_COLUMNS} or "caption" in image:
                raise KeyError(image["id"])
            captions[image["id"]] = []
        for annotation in content["annotations"]:
            text = next(annotation[key] for key in CAPTION_COLUMNS if key in annotation)
            split = {key: annotation[key] for key in SPLIT_COLUMNS if annotation.get(key)}
            captions[annotation["image_id"]].append({"caption": text, **split})
    except (KeyError, TypeError, StopIteration) as error:
        raise DataError(
            f'{path} is not COCO captions ({error!r}): wanted "images" with an "id" of their own '
            'and "file_name", "annotations" with the "image_id" of one of them and "caption"'
        ) from error
    return [
        {**image, **row}
        for image in content["images"]
        for row in captions[image["id"]] or [{"caption": []}]
    ]


def _refuse_splits(content: Item, path: Path) -> None:
    """Refuse splits beside the images, in some form of their own."""
    beside = [key for key, value in content.items() if value and _is_split_key(key)]
    if beside:
        raise DataError(
            f"{path} has {', '.join(map(repr, beside))} beside its images, a form of splits that "
            f'is not read: write "split" into each image. Known forms: {_FORMS}'
        )


def _is_split_key(key: str) -> bool:
    return key.strip().lower().removesuffix("s") in {*SPLIT_NAMES, *SPLIT_COLUMNS}


def _object(item: Any, where: str) -> Item:
    if not isinstance(item, dict):
        raise DataError(f"{where} is no object of file name and captions: {shown(item)}")
    return item


def _unknown(path: Path) -> DataError:
    return DataError(f"{path} has a form that is not known. Known forms: {_FORMS}")
