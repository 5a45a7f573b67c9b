import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search.conftest import PICTURES, make_run
from wfa.errors import ConfigError, DataError, SearchIndexError
from wfa.search.index_outcome import Indexed
from wfa.search.index_rows import read_rows, write_rows
from wfa.search.library import Library, _best


def queries(count: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(count, 16))
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("kind", ["exact", "ann"])
@pytest.mark.parametrize("count", [1, 3])
def test_search_equals_a_sort_of_all_scores(still: Library, kind: str, count: int) -> None:
    features = read_rows(still.folder / "images.parquet").features
    for seed in range(4):
        asked = queries(count, seed)
        scores = (features @ asked.T).max(axis=1)
        for top in (1, 4, 9, 20):
            found = still.search(asked, top, kind)
            assert found.rows.tolist() == np.argsort(-scores)[:top].tolist()
            np.testing.assert_allclose(found.scores, scores[found.rows], atol=1e-6)


def test_a_filtered_search_equals_a_sort_of_what_passes(still: Library) -> None:
    features = read_rows(still.folder / "images.parquet").features
    for glob, where, wanted in (
        ("north/*", (), {"north/c.png", "north/d.tif", "north/deep/e.TIFF"}),
        ("*.png", ("side=south",), {"south/g h.png", "south/ü.png", "z.png"}),
        ("", ("cloud>2", "cloud<=5"), {"north/d.tif", "north/deep/e.TIFF", "south/f.webp"}),
        ("south/?.webp", (), {"south/f.webp"}),
        ("*.jpg", ("side~SOU",), set()),
    ):
        mask = still.select(glob, where)
        assert mask is not None
        assert {still.paths[row] for row in np.flatnonzero(mask)} == wanted
        asked = queries(2)
        scores = np.where(mask, (features @ asked.T).max(axis=1), -9)
        found = still.search(asked, 5, "ann", mask)
        assert found.rows.tolist() == np.argsort(-scores)[: min(5, len(wanted))].tolist()
    assert still.select() is None


@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(0, 4)), max_size=30), st.integers(1, 10))
def test_each_row_counts_once_at_its_best_score(found: list[tuple[int, int]], k: int) -> None:
    rows = np.array([row for row, _ in found], np.int64)
    scores = np.array([score for _, score in found], np.float32)
    best: dict[int, int] = {}
    for row, score in found:
        if row >= 0:
            best[row] = max(score, best.get(row, score))
    wanted = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
    nearest = _best(rows, scores, k)
    assert nearest.rows.tolist() == [row for row, _ in wanted]
    assert nearest.scores.tolist() == [score for _, score in wanted]


def test_bad_questions_are_refused(still: Library) -> None:
    asked = queries(1)
    with pytest.raises(ConfigError, match="known: exact, ann"):
        still.search(asked, 3, "hnsw")
    with pytest.raises(SearchIndexError, match="at least 1"):
        still.search(asked, 0)
    with pytest.raises(SearchIndexError, match="8 wide"):
        still.search(asked[:, :8].copy(), 3)
    with pytest.raises(SearchIndexError, match="NaN"):
        still.search(np.full((1, 16), np.nan, np.float32), 3)
    with pytest.raises(ConfigError, match="did you mean 'side'"):
        still.select(where=["site=north"])
    with pytest.raises(SearchIndexError, match="id 99"):
        still.row_of(99)


def test_a_filter_without_metadata_says_how_to_get_some(index: Callable[..., Indexed]) -> None:
    with pytest.raises(DataError, match="metadata=FILE"):
        Library(index().folder).select(where=["side=north"])


def test_features_and_images_are_those_of_the_row(still: Library) -> None:
    rows = read_rows(still.folder / "images.parquet")
    for row, path in enumerate(rows.paths):
        np.testing.assert_array_equal(still.feature(row)[0], rows.features[row])
        assert still.read_image(row).shape == (24, 20, 3)
        assert still.row_of(int(rows.ids[row])) == row
        assert not still.is_missing(row)
        assert still.metadata[row]["cloud"] == str(PICTURES.index(path))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def edit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("kind", ["exact", "ann"])
@pytest.mark.parametrize(
    ("damage", "message"), [(cut, "truncated"), (edit, "edited"), (Path.unlink, "missing")]
)
def test_a_damaged_index_file_is_named(
    library: Library, kind: str, damage: Callable[[Path], None], message: str
) -> None:
    (file,) = (library.folder / kind).glob("*.faiss")
    damage(file)
    with pytest.raises(SearchIndexError, match=message):
        Library(library.folder)


def test_indexes_of_other_images_model_or_width_are_refused(
    library: Library, index: Callable[..., Indexed], images: Path, tmp_path: Path
) -> None:
    folder = library.folder
    kept = tmp_path / "kept"
    shutil.copytree(folder, kept)
    (images / "z.png").write_bytes((images / "b.JPEG").read_bytes())
    index()
    for name in ("images.parquet", "exact", "library.json"):
        mixed = tmp_path / f"mixed-{name}"
        shutil.copytree(folder, mixed)
        if (kept / name).is_dir():
            shutil.rmtree(mixed / name)
            shutil.copytree(kept / name, mixed / name)
        else:
            shutil.copy(kept / name, mixed / name)
        with pytest.raises(SearchIndexError, match=r"not of one piece|mixed-library"):
            Library(mixed)
    rows = read_rows(folder / "images.parquet")
    write_rows(folder / "images.parquet", rows, "another model")
    sidecar = folder / "exact" / "index.json"
    original = sidecar.read_text()
    for key, value in (("model", "other"), ("dimension", 8)):
        sidecar.write_text(json.dumps({**json.loads(original), key: value}))
        with pytest.raises(SearchIndexError, match="another model"):
            Library(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", "x"), ("width", "16"), ("indexes", {}), ("columns", None), ("run", 3)],
)
def test_an_edited_library_file_is_refused(library: Library, key: str, value: object) -> None:
    path = library.folder / "library.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(SearchIndexError, match=r"library\.json"):
        Library(library.folder)


def test_runs_make_indexes_of_their_own_width(images: Path, tmp_path: Path) -> None:
    from wfa.search.index_images import index_images
    from wfa.search.index_settings import IndexOptions

    run = make_run(tmp_path / "narrow", "encoder.embed_dim=8")
    library = Library(index_images(run, images, IndexOptions()).folder)
    assert library.facts.width == 8
    assert library.feature(0).shape == (1, 8)
