import json
from pathlib import Path
from typing import Any

import pytest

from wfa.data.tables.formats import read_table
from wfa.errors import DataError


def read(root: Path, content: Any, name: str = "t.json") -> list[dict[str, Any]]:
    text = content if isinstance(content, str) else json.dumps(content)
    (root / name).write_text(text, encoding="utf-8")
    table = read_table(root / name)
    rows = table.rows(range(len(table.headings)))
    return [dict(zip(table.headings, row, strict=True)) for row in rows]


A, B = {"file_name": "a.png", "caption": "a lake"}, {"file_name": "b.png", "caption": "a field"}


@pytest.mark.parametrize(
    "content",
    [
        [A, B],
        {"images": [A, B]},
        {"data": [A, B], "version": "1"},
        {"info": {"year": 2024}, "annotations": [A, B]},
        {"file_name": ["a.png", "b.png"], "caption": ["a lake", "a field"]},
        {"file_name": {"0": "a.png", "1": "b.png"}, "caption": {"0": "a lake", "1": "a field"}},
        {"7": A, "9": B},
    ],
)
def test_forms_of_rows(tmp_path: Path, content: Any) -> None:
    assert read(tmp_path, content) == [A, B]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.jsonl", f"{json.dumps(A)}\n\n{json.dumps(B)}\n"),
        ("t.jsonl", f"\ufeff{json.dumps(A)}\r\n{json.dumps(B)}"),
        ("t.ndjson", f"{json.dumps(A)},\n{json.dumps(B)},\n"),
        ("t.jsonl", json.dumps([A, B])),
        ("t.jsonl", json.dumps([A, B], indent=1)),
        ("t.json", f"{json.dumps(A)}\n{json.dumps(B)}\n"),
    ],
)
def test_an_object_a_line(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, text, name) == [A, B]


def test_splits_by_key(tmp_path: Path) -> None:
    content = {"train": [A], "Val": {"b.png": "a field"}, "test": []}
    assert read(tmp_path, content) == [
        {**A, "split": "train", "filename": None, "captions": None},
        {"filename": "b.png", "captions": "a field", "split": "Val", "file_name": None,
         "caption": None},
    ]  # fmt: skip
    with pytest.raises(DataError, match="under 'train' says that it is in 'test'"):
        read(tmp_path, {"train": [A | {"split": "test"}]})
    assert read(tmp_path, {"dev": [A | {"split": "val"}]}) == [A | {"split": "dev"}]


def test_an_objects_split_stays(tmp_path: Path) -> None:
    content = {"a.png": {"captions": ["a lake"], "split": "test"}}
    assert read(tmp_path, content) == [
        {"captions": ["a lake"], "split": "test", "filename": "a.png"}
    ]


def coco(**changes: Any) -> dict[str, Any]:
    images = [{"id": 5, "file_name": "a.png", "split": "test"}, {"id": 2, "file_name": "b.png"}]
    return {"images": images, "annotations": [{"image_id": 5, "caption": "a lake"}], **changes}


def test_coco(tmp_path: Path) -> None:
    annotations = [
        {"image_id": 2, "caption": "a field", "split": "val"},
        {"image_id": 5, "caption": "a lake"},
        {"image_id": 5, "caption": "a pond"},
    ]
    found = read(tmp_path, coco(annotations=annotations))
    assert [(row["file_name"], row["split"], row["caption"]) for row in found] == [
        ("a.png", "test", "a lake"),
        ("a.png", "test", "a pond"),
        ("b.png", "val", "a field"),
    ]
    assert [row["caption"] for row in read(tmp_path, coco())] == ["a lake", []]


@pytest.mark.parametrize(
    "changes",
    [
        {"annotations": [{"image_id": 9, "caption": "a lake"}]},
        {"annotations": [{"image_id": "5", "caption": "a lake"}]},
        {"annotations": [{"image_id": [5], "caption": "a lake"}]},
        {"annotations": [{"image_id": 5, "bbox": [0, 0, 1, 1]}]},
        {"annotations": ["a lake"]},
        {"images": [{"id": 5, "file_name": "a.png"}, {"id": 5, "file_name": "b.png"}]},
        {"images": [{"id": 5}]},
        {"images": [{"id": 5, "file_name": "a.png", "caption": "another"}]},
        {"images": [[5, "a.png"]]},
    ],
)
def test_broken_coco(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r't\.json is not COCO captions .*wanted "images"'):
        read(tmp_path, coco(**changes))


@pytest.mark.parametrize(
    "content",
    [
        {"train": ["a lake"], "a.png": ["a field"]},
        {"images": [A], "data": [B]},
        {"file_name": ["a.png", "b.png"], "caption": ["a lake"]},
        {"a.png": {"caption": "a lake"}, "b.png": "a field"},
        {"airport": [{"filename": "airport_1.jpg", "raw": "a plane", "split": "train"}]},
        {"annotations": {"a.png": "a lake"}},
        {"caption": "a lake"},
    ],
)
def test_unknown_forms_list_those_that_are_known(tmp_path: Path, content: Any) -> None:
    with pytest.raises(DataError, match=r't\.json has a form that is not known.*"annotations"'):
        read(tmp_path, content)


def test_splits_beside_the_images_are_not_lost(tmp_path: Path) -> None:
    for beside in ({"splits": {"train": [5]}}, {"train": ["a.png"]}):
        with pytest.raises(DataError, match=r"t\.json has '(splits|train)' beside its images"):
            read(tmp_path, coco(**beside))
        with pytest.raises(DataError, match="beside its images"):
            read(tmp_path, {"data": [A], **beside})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.json", '{"a.png": "one", "a.png": "two"}', "key 'a.png' stands more than once"),
        ("t.json", "[" * 100_000, "nested too deeply"),
        ("t.json", f'[{{"n": {"9" * 5000}}}]', "thousands of digits"),
        ("t.jsonl", "[" * 100_000, "nested too deeply"),
        ("t.jsonl", f'{json.dumps(A)}\n{{"n": {"9" * 5000}}}', "line 2: .*thousands of digits"),
        ("t.jsonl", f"{json.dumps(A)}\n{json.dumps(B)[:-1]}", r"every line \(line 2"),
        ("t.json", "[]", "has no rows"),
        ("t.jsonl", "\n", "is not JSON|has no rows"),
        ("t.json", '["a"]', "entry 0 is no object .*'a'"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError, match=rf"{name}.*({message})"):
        read(tmp_path, text, name)
