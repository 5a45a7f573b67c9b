import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.search.benchmark.made import embeddings, unit
from wfa.errors import ConfigError, SearchIndexError
from wfa.files import temporary_folder
from wfa.options.read_settings import read_settings
from wfa.options.recipes import config_folder, recipe_names
from wfa.search.benchmark.families import FAMILIES
from wfa.search.benchmark.measure import run_benchmark
from wfa.search.benchmark.settings import FileBenchmark, Request
from wfa.search.benchmark.sweep import Values

QUICK = ("benchmark.gallery=1500", "benchmark.repeats=1", "benchmark.singles=3",
         "benchmark.threads=1")  # fmt: skip


def request_of(words: Sequence[str]) -> Request:
    return read_settings(FileBenchmark, words).benchmark.request()


def run(folder: Path, *words: str) -> Values:
    others = [("train", unit(100, seed=7))]
    return run_benchmark(
        embeddings(), others, request_of([*QUICK, *words]), {"embeddings": "e"}, folder
    )


@pytest.mark.slow
def test_every_family_is_measured(tmp_path: Path) -> None:
    found = run(tmp_path)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(tmp_path.iterdir()) == []
    assert found["skipped"] == []
    points = found["points"]
    assert {point["family"] for point in points} == set(FAMILIES)
    assert {point["device"] for point in points} == {"cpu"}
    for point in points:
        assert 0 <= point["recall"] <= 1
        assert set(point["task"]) == {"R@1", "R@5", "R@10"}
        for key in ("build_seconds", "bytes", "load_ms"):
            assert point[key] > 0
    exact = points[0]
    assert (exact["family"], exact["recall"]) == ("flat", 1)
    assert exact["bytes"] == pytest.approx(64, rel=0.1)
    assert exact["best_size"] or any(p["recall"] == 1 and p["bytes"] < 64 for p in points)
    whole = [p for p in points if p["rerank"] == "fp16" and p["parameters"] == {"k_factor_rf": 16}]
    assert whole
    assert all(point["recall"] > 0.9 for point in whole)
    makeup = {part["what"]: part["vectors"] for part in found["gallery"]["makeup"]}
    assert makeup == {"own images": 120, "train": 100, "synthetic (mixture)": 1280}
    assert found["recommended"]["fits"]
    assert len(found["forms"]) == 7
    assert found["held_out"]["asked"] == 120


def test_forms_can_be_left_out(tmp_path: Path) -> None:
    found = run(tmp_path, "benchmark.families=[flat]", "benchmark.forms=false")
    assert (found["forms"], found["held_out"]) == ([], {})


def test_what_faiss_cannot_build_is_noted(tmp_path: Path) -> None:
    words = ("benchmark.families=[flat,PQ7,'IVF2000,Flat']", "benchmark.forms=false")
    skipped = {one["family"]: one["reason"] for one in run(tmp_path, *words)["skipped"]}
    assert set(skipped) == {"PQ7", "IVF2000,Flat"}
    assert "makes no index 'PQ7'" in skipped["PQ7"]
    assert "1500 training points are too few for 2000" in skipped["IVF2000,Flat"]


def test_what_a_gpu_cannot_hold_costs_no_point_of_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(index: object) -> object:
        raise RuntimeError("Error in alloc at Resources.cpp:3: out of memory")

    monkeypatch.setattr("faiss.get_num_gpus", lambda: 1)
    monkeypatch.setattr("faiss.index_cpu_to_all_gpus", full, raising=False)
    found = run(tmp_path, "benchmark.families=[flat,sq8]", "benchmark.forms=false")
    points = {(point["family"], point["device"]) for point in found["points"]}
    assert points == {("flat", "cpu"), ("sq8", "cpu")}
    (skipped,) = found["skipped"]
    assert skipped["family"] == "flat"
    assert "on the GPU (out of memory)" in skipped["reason"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("benchmark.families=[PQ7]",), "no index could be measured.*PQ7"),
        (("benchmark.k=5000",), "k=5000 is above the gallery of 1500"),
        (("benchmark.families=[flta]",), "did you mean 'flat'"),
    ],
)
def test_what_cannot_be_measured(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    with pytest.raises((ConfigError, SearchIndexError), match=message):
        run(tmp_path, *words)
    assert list(tmp_path.iterdir()) == []


def test_a_gallery_below_the_usual_k_lowers_it(tmp_path: Path) -> None:
    words = ("benchmark.gallery=0", "benchmark.families=[flat]")
    found = run_benchmark(embeddings(images=4), (), request_of(words), {}, tmp_path)
    assert found["settings"]["k"] == 4
    assert found["notes"][0].startswith("k is 4 and not 10")
    asked = request_of((*words, "benchmark.k=10"))
    with pytest.raises(SearchIndexError, match="k=10 is above the gallery of 4"):
        run_benchmark(embeddings(images=4), (), asked, {}, tmp_path)


def test_a_large_gallery_lies_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("benchmark.families=[flat,sq8]", "benchmark.forms=false")
    inside = run(tmp_path, *words)
    monkeypatch.setattr("wfa.search.benchmark.measure._IN_MEMORY", 0)
    outside = run(tmp_path, *words)
    assert [p["recall"] for p in outside["points"]] == [p["recall"] for p in inside["points"]]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_one_writes_is_not(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from wfa.files import temporary_folder\n"
        "with temporary_folder(Path(sys.argv[1]) / 'measured') as folder:\n"
        "    (folder / 'gallery.npy').write_bytes(bytes(9))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with temporary_folder(tmp_path / "measured") as busy:
        (busy / "gallery.npy").write_bytes(bytes(5))
        for _ in range(2):
            killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
            assert killed.returncode == -signal.SIGKILL
        assert len(list(tmp_path.glob(".measured.*/gallery.npy"))) == 2
        run(tmp_path, "benchmark.families=[flat]", "benchmark.forms=false")
        assert list(tmp_path.glob("*/gallery.npy")) == [busy / "gallery.npy"]
    assert list(tmp_path.iterdir()) == []


def test_a_gallery_of_one_image(tmp_path: Path) -> None:
    words = ("benchmark.gallery=0", "benchmark.k=1", "benchmark.families=[flat,hnsw,ivf_flat]")
    request = request_of([*QUICK, *words])
    found = run_benchmark(embeddings(1), [], request, {"embeddings": "e"}, tmp_path)
    assert found["gallery"]["vectors"] == 1
    assert {point["recall"] for point in found["points"]} == {1.0}
    assert found["notes"]
    assert found["points"][found["recommended"]["place"]]["family"] == "flat"


@pytest.mark.parametrize("name", recipe_names("benchmark"))
def test_every_shipped_recipe_is_read(name: str) -> None:
    assert request_of([f"benchmark={name}"]).name == name
    assert (config_folder() / "benchmark" / f"{name}.yaml").read_text().startswith("# ")


def test_words_change_a_recipe(tmp_path: Path) -> None:
    request = request_of([
        "benchmark.recommend.max_ms=5", "benchmark=large", "benchmark.k=20",
    ])  # fmt: skip
    assert request.config.gallery == 1_000_000
    assert request.config.k == 20
    assert request.goal.max_ms == 5
    assert request.goal.min_recall == 0.95
    assert request.k_asked
    own = tmp_path / "own.yaml"
    own.write_text("gallery: 7\nrecommend:\n  max_bytes: 99\n")
    request = request_of([f"benchmark={own}"])
    assert (request.name, request.config.gallery, request.goal.max_bytes) == ("own", 7, 99)


def test_data_sets_are_named_alone_or_with_options(tmp_path: Path) -> None:
    def data(request: Request) -> list[tuple[str, str]]:
        return [(choice.name, choice.options.root) for choice in request.distractors]

    words = ["benchmark.distractors=[rsitmd,captions_folder]",
             "benchmark.distractors.captions_folder.root=/a b/007"]  # fmt: skip
    request = request_of(words)
    assert data(request) == [("rsitmd", ""), ("captions_folder", "/a b/007")]
    assert request.as_dict()["distractors"]["captions_folder"]["root"] == "/a b/007"
    alone = request_of(["benchmark.distractors.captions_folder.root=/x"])
    assert data(alone) == [("captions_folder", "/x")]
    assert data(request_of(["benchmark.distractors=rsicd"])) == [("rsicd", "")]
    assert data(request_of([])) == []
    own = tmp_path / "own.yaml"
    own.write_text("distractors:\n  captions_folder: {root: /y}\n  rsicd:\n")
    again = request_of([f"benchmark={own}", "benchmark.distractors.rsicd.root=/z"])
    assert data(again) == [("captions_folder", "/y"), ("rsicd", "/z")]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("benchmark=larg", "did you mean 'large'"),
        ("benchmark.galery=3", "did you mean 'benchmark.gallery'"),
        ("benchmark.recommend.min_recal=1", "min_recall"),
        ("benchmark.gallery=many", "wants int"),
        ("benchmark.k=0", "benchmark.k=0 must be at least 1"),
        ("benchmark.seed=-1", "benchmark.seed=-1"),
        ("benchmark.rerank=[fp8]", "'fp8'"),
        ("benchmark.families=[]", "must not be empty"),
        ("benchmark.recommend=3", "must hold KEY: VALUE"),
        ("benchmark.distractors=3", "there is no data '3'"),
        ("benchmark.distractors=[rsicdd]", "did you mean 'rsicd'"),
        ("benchmark.distractors.rsicd=3", "benchmark.distractors.rsicd must hold KEY: VALUE"),
        ("benchmark.distractors.captions_folder.rot=x", "did you mean '.*captions_folder.root'"),
    ],
)
def test_wrong_words(word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        request_of([word])
