import hashlib
import json
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wfa.scenes.generate as generate_module
from wfa.errors import ConfigError, DataError
from wfa.scenes.drawing import draw_rgb
from wfa.scenes.generate import generate

COUNTS = {"train": 6, "test": 3}

# What seed 7 gives everywhere. A change means that every figure measured on `scenes` before it is
# of another data set: raise FORMAT_VERSION and record the new sums.
GOLDEN = {
    "captions.json": "fcaa3c9eac3cacdb2e2a43e15485a0b2b484b1b2ce9cb94c8e9f449230a66853",
    "images_train.npy": "d28b56df414aaab12671468baab37e3763673720d6321c8507ede25b64653434",
    "land_cover_train.npy": "d19777c212ac670a9a1243283bd3409bf50257c40f77fa6a1cb01f25543a5ae2",
}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_bytes_are_the_recorded_ones(tmp_path: Path) -> None:
    generate(tmp_path / "scenes", 7, {"train": 24})
    assert json.loads((tmp_path / "scenes" / "scenes.json").read_text())["sha256"] == GOLDEN


def test_files_of_a_data_set(tmp_path: Path, shown: list[tuple[str, int, int]]) -> None:
    folder = tmp_path / "scenes"
    generate(folder, 1, COUNTS, size=48)
    assert len(shown) == 9
    assert [path.name for path in tmp_path.iterdir()] == ["scenes"]
    for split, count in COUNTS.items():
        images = np.load(folder / f"images_{split}.npy", allow_pickle=False, mmap_mode="r")
        maps = np.load(folder / f"land_cover_{split}.npy", allow_pickle=False)
        assert (images.shape, images.dtype) == ((count, 48, 48, 3), np.uint8)
        assert (maps.shape, maps.dtype) == ((count, 48, 48), np.uint8)
    captions = json.loads((folder / "captions.json").read_text())
    assert captions["dataset"] == "scenes"
    names = [entry["filename"] for entry in captions["images"]]
    assert names == [f"train/{i:06d}" for i in range(6)] + [f"test/{i:06d}" for i in range(3)]
    assert all(entry["split"] == entry["filename"].split("/")[0] for entry in captions["images"])
    assert all(sentence["raw"] for entry in captions["images"] for sentence in entry["sentences"])


def test_the_manifest_tells_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    generate(folder, 1, COUNTS, redundancy=0.5, captions_per_image=3)
    manifest = json.loads((folder / "scenes.json").read_text())
    assert manifest["seed"] == 1
    assert manifest["counts"] == COUNTS
    assert manifest["captions_per_image"] == 3
    assert list(manifest["classes"])[4] == "rapeseed"  # the order is the codes'
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents(folder).items()}
    del sums["scenes.json"]
    assert manifest["sha256"] == sums


def test_more_images_leave_the_first_ones_as_they_were(tmp_path: Path) -> None:
    generate(tmp_path / "few", 1, {"train": 4})
    generate(tmp_path / "many", 1, {"test": 2, "train": 9})
    few, many = (np.load(tmp_path / name / "images_train.npy") for name in ("few", "many"))
    assert (few == many[:4]).all()
    texts = [
        json.loads((tmp_path / name / "captions.json").read_text())["images"]
        for name in ("few", "many")
    ]
    assert texts[0] == [entry for entry in texts[1] if entry["split"] == "train"][:4]


def test_options_of_captions_leave_the_images_as_they_were(tmp_path: Path) -> None:
    generate(tmp_path / "a", 1, {"train": 4}, redundancy=0.0, captions_per_image=5)
    generate(tmp_path / "b", 1, {"train": 4}, redundancy=1.0, captions_per_image=5, verbatim=1.0)
    first, second = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert first["images_train.npy"] == second["images_train.npy"]
    texts = [
        [sentence["raw"] for sentence in entry["sentences"]]
        for entry in json.loads(second["captions.json"])["images"]
    ]
    assert all(len(row) == 5 and len(set(row)) == 1 for row in texts)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    generate(folder, 1, COUNTS)
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    generate(folder, 1, COUNTS)
    assert times == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.parametrize("change", [{"seed": 2}, {"size": 32}, {"counts": {"train": 5}}])
def test_a_folder_with_other_scenes_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = tmp_path / "scenes"
    options: dict[str, Any] = {"seed": 1, "counts": COUNTS, "size": 64}
    generate(folder, **options)
    before = contents(folder)
    with pytest.raises(DataError, match=f"scenes with {next(iter(change))}"):
        generate(folder, **(options | change))
    assert contents(folder) == before


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_other_files_are_left_alone(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "scenes"
    if kind == "folder":
        folder.mkdir()
        (folder / "mine.txt").write_text("keep")
    else:
        folder.write_text("keep")
    with pytest.raises(DataError, match="holds other files"):
        generate(folder, 1, COUNTS)
    assert (folder / "mine.txt" if kind == "folder" else folder).read_text() == "keep"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    generate(tmp_path / "scenes", 1, {"train": 1})
    assert (tmp_path / "scenes" / "scenes.json").is_file()


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []

    def fail_at_third(scene: Any) -> Any:
        drawn.append(scene)
        if len(drawn) == 3:
            raise KeyboardInterrupt
        return draw_rgb(scene)

    monkeypatch.setattr(generate_module, "draw_rgb", fail_at_third)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "scenes", 1, COUNTS)
    assert list(tmp_path.iterdir()) == []


def make(folder: Path, gate: Any) -> None:
    gate.wait()
    generate(folder, 5, {"train": 30})


def test_processes_that_make_the_same_folder_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(3)
    workers = [
        context.Process(target=make, args=(tmp_path / "scenes", gate), daemon=True)
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["scenes"]
    generate(tmp_path / "alone", 5, {"train": 30})
    assert contents(tmp_path / "scenes") == contents(tmp_path / "alone")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("seed", -1),
        ("size", 16),
        ("redundancy", 1.5),
        ("captions_per_image", 17),
        ("captions_per_image", 0),
        ("verbatim", -0.1),
    ],
)
def test_a_setting_out_of_range_is_refused(tmp_path: Path, option: str, value: float) -> None:
    options: dict[str, Any] = {"seed": 1, "counts": COUNTS, option: value}
    with pytest.raises(ConfigError, match=f"{option} is {value}: give a number from"):
        generate(tmp_path / "scenes", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("counts", [{}, {"train": 0}, {"../train": 3}])
def test_counts_must_make_sense(tmp_path: Path, counts: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="scenes"):
        generate(tmp_path / "scenes", 1, counts)
