import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from wfa.errors import DataError
from wfa.retrieval.embeddings import Embeddings


def fields() -> dict[str, Any]:
    eye = np.eye(3, dtype=np.float32)
    return {
        "images": eye,
        "captions": eye[[0, 0, 1, 2]],
        "image_index": np.array([0, 1, 1, 2]),
        "caption_ids": np.array([5, 5, 2, 3]),
        "aggregated": eye[[0, 1, 2]],
        "image_names": ("a.jpg", "b/ü.jpg", "c.jpg"),
    }


def test_a_file_gives_back_the_same(tmp_path: Path) -> None:
    e = Embeddings(**fields())
    path = tmp_path / "deep" / "test.safetensors"
    e.save(path)
    again = Embeddings.load(path)
    for name, value in fields().items():
        if name == "image_names":
            assert again.image_names == value
        else:
            assert np.array_equal(getattr(again, name), value)
            assert getattr(again, name).dtype == value.dtype
    assert [p.name for p in path.parent.iterdir()] == ["test.safetensors"]


def test_a_view_of_another_array_is_saved_right(tmp_path: Path) -> None:
    given = fields() | {"images": np.asfortranarray(np.eye(3, dtype=np.float32)[[1, 0, 2]])}
    Embeddings(**given).save(tmp_path / "e")
    assert np.array_equal(Embeddings.load(tmp_path / "e").images, given["images"])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("images", np.eye(3), "images is float64 of shape"),
        ("captions", [[1.0]], "captions is list"),
        ("image_index", np.array([0, 1, 1, 2], np.int32), "image_index is int32"),
        ("image_index", np.array([0, 1, 1]), "4 captions, but 3 image_index"),
        ("image_index", np.array([0, 1, 3, -1]), r"leaves 0\.\.2 at rows 2, 3"),
        ("image_index", np.array([0, 1, 1, 1]), "without a caption at row 2"),
        ("aggregated", np.eye(3, dtype=np.float32)[:2], "do not fit"),
        ("captions", np.eye(4, dtype=np.float32), "do not fit"),
        ("image_names", ("a", "b", "b"), "3 names of which 2 differ"),
        ("images", np.array([[1, 0, 0], [0, np.nan, 0], [0, 0, np.inf]], np.float32),
         "NaN or infinite values in images at rows 1, 2"),
        ("aggregated", 2 * np.eye(3, dtype=np.float32), "not L2-normalised at rows 0, 1, 2"),
        ("captions", np.eye(3, dtype=np.float32)[[0, 1, 1, 2]], "not a feature at row 1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(name: str, value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Embeddings(**(fields() | {name: value}))


def test_long_lists_of_rows_are_cut() -> None:
    many = np.full((20, 4), np.nan, np.float32)
    given: dict[str, Any] = {
        "images": many,
        "captions": many,
        "aggregated": many,
        "image_index": np.arange(20),
        "caption_ids": np.arange(20),
        "image_names": tuple(map(str, range(20))),
    }
    with pytest.raises(DataError, match=r"rows 0, 1, 2, 3, 4 and 15 more;"):
        Embeddings(**given)


def test_no_images_is_an_error() -> None:
    none = np.empty((0, 4), np.float32)
    indices = np.empty(0, np.int64)
    with pytest.raises(DataError, match="no images"):
        Embeddings(none, none, indices, indices, none, ())


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    Embeddings(**fields()).save(path)
    whole = path.read_bytes()
    for content in (whole[:-4], whole[:20], b"", b"\x80\x04K\x01."):
        path.write_bytes(content)
        with pytest.raises(DataError, match="make it again"):
            Embeddings.load(path)
    with pytest.raises(DataError, match="make it again"):
        Embeddings.load(tmp_path / "missing")


def test_other_safetensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    Embeddings(**fields()).save(path)
    tensors = load_file(path)
    good = {"format": "wfa-embeddings-1", "image_names": json.dumps(fields()["image_names"])}
    one_short = {name: tensors[name] for name in ("images", "captions")}
    for stored, header, message in (
        (tensors, {}, "holds no embeddings"),
        (one_short, good, "holds no embeddings"),
        (tensors, good | {"image_names": "["}, "names cannot be read"),
        (tensors, good | {"image_names": "[1]"}, "not a list of strings"),
    ):
        save_file(stored, path, metadata=header)
        with pytest.raises(DataError, match=message):
            Embeddings.load(path)
