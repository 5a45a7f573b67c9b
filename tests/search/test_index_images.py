import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from tests.search.conftest import PICTURES, make_run, picture
from wfa.data.decode import decode_image
from wfa.errors import ConfigError, DataError, ModelError, SearchIndexError
from wfa.options.read_settings import read_settings
from wfa.retrieval.embeddings import Floats
from wfa.runs.run_model import RunModel
from wfa.search import encode_images
from wfa.search.index_images import index_images
from wfa.search.index_outcome import Indexed
from wfa.search.index_rows import read_rows
from wfa.search.index_settings import IndexOptions
from wfa.search.library import Library
from wfa.search.library_file import read_facts

Make = Callable[..., Indexed]


def rows_of(done: Indexed) -> dict[str, tuple[int, bytes]]:
    rows = read_rows(done.folder / "images.parquet")
    features = [feature.tobytes() for feature in rows.features]
    return {path: (int(i), f) for path, i, f in zip(rows.paths, rows.ids, features, strict=True)}


def test_features_are_those_of_each_image_by_itself(
    index: Make, images: Path, model: RunModel
) -> None:
    done = index("batch_size=4", "shard_size=2")
    rows = read_rows(done.folder / "images.parquet")
    assert rows.paths == tuple(sorted(PICTURES))
    assert rows.ids.tolist() == list(range(9))
    for path, feature in zip(rows.paths, rows.features, strict=True):
        alone = model.ask_image(decode_image((images / path).read_bytes())).features[0]
        np.testing.assert_allclose(feature, alone, atol=1e-6)
        assert np.linalg.norm(feature) == pytest.approx(1, abs=1e-6)
    assert (done.images, done.encoded, done.unchanged, done.left_out) == (9, 9, 0, ())
    assert not (done.folder / "shards").exists()


def test_the_size_of_batches_and_shards_changes_nothing(index: Make, tmp_path: Path) -> None:
    one = rows_of(index(f"out={tmp_path / 'one'}", "batch_size=1", "shard_size=1"))
    all_at_once = rows_of(index(f"out={tmp_path / 'all'}"))
    assert one.keys() == all_at_once.keys()
    for path, (image_id, feature) in one.items():
        assert all_at_once[path][0] == image_id
        found = np.frombuffer(all_at_once[path][1], np.float32)
        np.testing.assert_allclose(np.frombuffer(feature, np.float32), found, atol=1e-6)


def test_only_what_is_new_is_encoded(index: Make, images: Path, encoded: list[int]) -> None:
    before = rows_of(index())
    encoded.clear()
    again = index()
    assert (again.encoded, again.unchanged, again.images) == (0, 9, 9)
    assert rows_of(again) == before
    (images / "z.png").unlink()
    picture(50).save(images / "new.png")
    picture(51).save(images / "a.jpg")
    done = index()
    after = rows_of(done)
    assert (done.encoded, done.unchanged, done.removed, done.images) == (2, 7, 1, 9)
    assert sum(encoded) == 2
    assert after["new.png"][0] == 9  # an id is never given twice, also not that of z.png
    assert after["a.jpg"][0] == before["a.jpg"][0]
    assert after["a.jpg"][1] != before["a.jpg"][1]
    for path in set(PICTURES) - {"z.png", "a.jpg"}:
        assert after[path] == before[path]
    (images / "new.png").unlink()
    assert index().removed == 1
    picture(52).save(images / "newer.png")
    assert rows_of(index())["newer.png"][0] == 10


def test_moved_copied_and_touched_images_are_known_by_their_content(
    index: Make, images: Path, encoded: list[int]
) -> None:
    before = rows_of(index())
    encoded.clear()
    (images / "north" / "c.png").rename(images / "c.png")
    shutil.copy(images / "z.png", images / "copy.png")
    (images / "a.jpg").touch()
    done = index()
    assert encoded == []
    assert (done.encoded, done.reused, done.unchanged, done.removed) == (0, 3, 7, 1)
    after = rows_of(done)
    assert after["c.png"][1] == before["north/c.png"][1]
    assert after["copy.png"][1] == before["z.png"][1]
    assert after["a.jpg"] == before["a.jpg"]


def test_an_interrupted_run_goes_on(
    index: Make, monkeypatch: pytest.MonkeyPatch, encoded: list[int]
) -> None:
    whole = rows_of(index())
    monkeypatch.setattr(encode_images, "_AHEAD", 1)
    original = RunModel.encode_images
    calls = 0

    def stops(self: RunModel, inputs: Sequence[Tensor]) -> Floats:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return original(self, inputs)

    out = index().folder.with_name("second")
    with monkeypatch.context() as patch:
        patch.setattr(RunModel, "encode_images", stops)
        with pytest.raises(KeyboardInterrupt):
            index(f"out={out}", "batch_size=2", "shard_size=2")
    with pytest.raises(SearchIndexError, match="no finished index"):
        Library(out)
    damaged = sorted((out / "shards").glob("*.parquet"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-20])
    encoded.clear()
    done = index(f"out={out}", "batch_size=2", "shard_size=2")
    assert (done.resumed, done.encoded) == (4, 5)
    assert sum(encoded) == 5
    found = rows_of(done)
    for path, (image_id, feature) in whole.items():
        assert found[path][0] == image_id
        close = np.frombuffer(found[path][1], np.float32)
        np.testing.assert_allclose(close, np.frombuffer(feature, np.float32), atol=1e-6)


def test_bad_files_are_listed_and_left_out(index: Make, images: Path, tmp_path: Path) -> None:
    whole = (images / "a.jpg").read_bytes()
    (images / "cut.jpg").write_bytes(whole[:200])
    (images / "empty.png").touch()
    (images / "text.webp").write_text("no image")
    Image.new("I;16", (8, 8)).save(images / "deep.tif")
    (tmp_path / "outside.png").write_bytes((images / "z.png").read_bytes())
    (images / "link.png").symlink_to(tmp_path / "outside.png")
    done = index()
    reasons = {file.path: file.reason for file in done.left_out}
    assert set(reasons) == {"cut.jpg", "empty.png", "text.webp", "deep.tif", "link.png"}
    assert "truncated" in reasons["cut.jpg"]
    assert done.images == 9
    listed = json.loads((done.folder / "left_out.json").read_text())
    assert {file["path"]: file["reason"] for file in listed} == reasons
    assert read_facts(done.folder).left_out == 5
    (images / "cut.jpg").write_bytes(whole)
    assert {file.path for file in index().left_out} == set(reasons) - {"cut.jpg"}


def test_a_folder_without_a_readable_image(run: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    with pytest.raises(DataError, match="there is no folder"):
        index_images(run, empty, IndexOptions())
    empty.mkdir()
    with pytest.raises(DataError, match="holds no image"):
        index_images(run, empty, IndexOptions())
    (empty / "a.png").write_text("no image")
    with pytest.raises(DataError, match=r"none of the 1 images.*a\.png"):
        index_images(run, empty, IndexOptions())


def test_an_index_of_another_model_or_folder_is_kept(
    index: Make, run: Path, images: Path, tmp_path: Path, encoded: list[int]
) -> None:
    done = index()
    before = read_facts(done.folder)
    other = make_run(tmp_path / "other", seed=1)
    words = IndexOptions(out=str(done.folder))
    with pytest.raises(SearchIndexError, match="indexed by another model"):
        index_images(other, images, words)
    moved = tmp_path / "moved"
    shutil.copytree(images, moved)
    with pytest.raises(SearchIndexError, match="is the index of"):
        index_images(run, moved, words)
    assert read_facts(done.folder) == before
    encoded.clear()
    assert index_images(run, moved, words, overwrite=True).encoded == 0
    assert Path(read_facts(done.folder).root) == moved.resolve()
    assert index_images(other, moved, words, overwrite=True).encoded == 9
    assert read_facts(done.folder).run == str(other.resolve())


def test_a_folder_with_other_files_is_left_alone(index: Make, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises(SearchIndexError, match="holds no index"):
        index(f"out={tmp_path / 'full'}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["images.parquet", "library.json", "exact/index.json"])
def test_a_damaged_index_is_named_and_mended(index: Make, name: str) -> None:
    folder = index("ann=HNSW8").folder
    (folder / name).write_bytes((folder / name).read_bytes()[:-30])
    with pytest.raises(SearchIndexError, match="index"):
        Library(folder)
    if name == "library.json":
        with pytest.raises(SearchIndexError, match=r"library\.json cannot be read"):
            index("ann=HNSW8")
        (folder / name).unlink()
    done = index("ann=HNSW8")
    assert len(Library(folder)) == 9
    assert done.encoded == (9 if name == "images.parquet" else 0)


def test_metadata_and_the_approximate_index_stay_until_they_are_changed(
    index: Make, tmp_path: Path
) -> None:
    table = tmp_path / "facts.csv"
    table.write_text("path,side\na.jpg,left\ngone.png,right")
    done = index(f"metadata={table}", "ann=IVF2,Flat", "rerank=fp16")
    assert done.described == 1
    table.unlink()
    again = index()
    assert again.described == 1
    facts = read_facts(again.folder)
    assert (facts.columns, facts.ann, facts.rerank) == (("side",), "IVF2,Flat", "fp16")
    assert Library(again.folder).kinds == ("exact", "ann")
    assert Library(index("ann=none").folder).kinds == ("exact",)
    assert index().described == 1


def test_an_unknown_factory_string_is_told_before_any_image_is_encoded(
    index: Make, encoded: list[int], tmp_path: Path
) -> None:
    with pytest.raises(SearchIndexError, match="no index 'nonsense'"):
        index("ann=nonsense", f"out={tmp_path / 'index'}")
    assert encoded == []
    assert not (tmp_path / "index").exists()


def test_a_factory_string_that_does_not_fit_leaves_the_index_as_it_was(index: Make) -> None:
    done = index()
    for factory in ("nonsense", "IVF4096,Flat"):
        with pytest.raises(SearchIndexError):
            index(f"ann={factory}")
        assert Library(done.folder).kinds == ("exact",)


def test_deep_pictures_are_stretched_and_other_files_counted(index: Make, images: Path) -> None:
    ramp = np.arange(400, 1200, dtype=np.uint16).reshape(20, 40)
    Image.fromarray(ramp).save(images / "deep.tif")
    picture(30).save(images / "drawn.bmp")
    picture(31).save(images / "drawn.gif")
    (images / "read me.txt").write_text("who took these")
    done = index()
    assert (done.images, done.stretched, dict(done.others)) == (12, 1, {".txt": 1})
    shown = Library(done.folder).read_image(Library(done.folder).paths.index("deep.tif"))
    assert (shown.min(), shown.max()) == (0, 255)


def test_nan_is_told_with_the_first_image(
    run: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverged(self: RunModel, inputs: Sequence[Tensor]) -> Floats:
        return np.full((len(inputs), 16), np.nan, np.float32)

    monkeypatch.setattr(RunModel, "encode_images", diverged)
    with pytest.raises(ModelError, match=r"NaN for .*a\.jpg"):
        index_images(run, images, IndexOptions())


def test_the_run_is_found_from_an_index_in_it_wherever_both_move(
    index: Make, run: Path, tmp_path: Path
) -> None:
    done = index()
    assert done.folder == run / "indexes" / "photos"
    run.rename(tmp_path / "elsewhere")
    folder = tmp_path / "elsewhere" / "indexes" / "photos"
    assert read_facts(folder).run_folder(folder) == tmp_path / "elsewhere"


def test_settings_are_checked() -> None:
    found = read_settings(IndexOptions, ["out=x", "batch_size=3", "ann=HNSW8"])
    assert found == IndexOptions(out="x", batch_size=3, ann="HNSW8")
    for words, message in (
        (["ou=x"], "did you mean 'out'"),
        (["out"], "is not KEY=VALUE"),
        (["batch_size=many"], "wants int"),
        (["shard_size=0"], "at least 1"),
    ):
        with pytest.raises(ConfigError, match=message):
            read_settings(IndexOptions, words)
