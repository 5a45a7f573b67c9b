"""The verb `wfa benchmark` on a run and on an embeddings file."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.search.benchmark.made import embeddings
from tests.training.conftest import SMALL, make_folder, run
from wfa.cli.run_words import read_run_settings
from wfa.errors import ConfigError, DataError, RunError, SearchIndexError
from wfa.options.read_settings import read_settings
from wfa.options.run_config import resolve
from wfa.runs.embed import embed_split
from wfa.runs.parts import load_run
from wfa.search.benchmark.benchmark_run import _aggregator, benchmark
from wfa.search.benchmark.held_out import hold_out
from wfa.search.benchmark.settings import FileBenchmark, RunBenchmark
from wfa.training.fit import fit

QUICK = (
    "benchmark.families=[flat,ivf_flat]", "benchmark.gallery=300", "benchmark.repeats=1",
    "benchmark.singles=2", "benchmark.threads=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(own_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch."""
    root = tmp_path_factory.mktemp("trained")
    words = [*SMALL, f"data.root={own_folder}", "train.epochs=1", "train.cache=false"]
    folder = fit(resolve(words), root / "run", overwrite=False)
    assert folder is not None
    return folder.path


def measure(source: Path, words: Sequence[str], out: Path | None = None) -> Path:
    """Do what the verb does, and print nothing."""
    if source.is_file():
        request = read_settings(FileBenchmark, words).benchmark.request()
        return benchmark(source, request, out=out)
    asked = read_run_settings(RunBenchmark, source, words)
    return benchmark(source, asked.benchmark.request(), asked.data, asked.split, out)


@pytest.mark.slow
def test_a_run_is_measured(trained: Path) -> None:
    path = measure(trained, [*QUICK, "split=validation", "benchmark.scenes=20"])
    assert path == trained / "benchmark" / "benchmark.json"
    found = json.loads(path.read_text())
    makeup = {part["what"]: part["vectors"] for part in found["gallery"]["makeup"]}
    assert makeup == {
        "own images": 8, "captions_folder · train": 32, "scenes (drawn maps)": 20,
        "synthetic (mixture)": 240,
    }  # fmt: skip
    assert found["source"]["split"] == "validation"
    assert found["source"]["encoding"]["one_text_ms"]["p50"] > 0
    assert found["points"][0]["recall"] == 1
    metrics = json.loads((trained / "metrics.json").read_text())
    alone = measure(trained, [*QUICK, "benchmark.gallery=0", "benchmark.k=8", "split=validation"])
    own = next(
        row["value"] for row in metrics
        if (row["split"], row["protocol"], row["queries"], row["direction"], row["metric"])
        == ("validation", "strict", "single", "text_to_image", "R@5")
        and "oracle" not in row and row["ties"] == "worst"
    )  # fmt: skip
    flat = json.loads(alone.read_text())["points"][0]
    assert flat["task"]["R@5"] == pytest.approx(own)


@pytest.mark.slow
def test_other_data_sets_come_before_scenes_and_draws(trained: Path, tmp_path: Path) -> None:
    other = make_folder(tmp_path, 12)
    words = [*QUICK, "split=validation", "benchmark.scenes=5", "benchmark.forms=false",
             "benchmark.families=[flat]",
             f"benchmark.distractors.captions_folder.root={other}"]  # fmt: skip
    found = json.loads(measure(trained, words, tmp_path / "out").read_text())
    assert [tuple(part.values()) for part in found["gallery"]["makeup"]] == [
        ("own images", 8), ("captions_folder · train", 32), ("captions_folder · train", 4),
        ("captions_folder · validation", 8), ("scenes (drawn maps)", 5),
        ("synthetic (mixture)", 243),
    ]  # fmt: skip


def test_other_data_that_cannot_be_used_stops_it_at_once(
    trained: Path, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was embedded before")

    monkeypatch.setattr("wfa.search.benchmark.benchmark_run.embed_split", never)
    root = "benchmark.distractors.captions_folder.root="
    with pytest.raises(DataError, match="nowhere"):
        measure(trained, ["split=validation", f"{root}{tmp_path / 'nowhere'}"])
    bare = make_folder(tmp_path, 12)
    (bare / "3.png").unlink()
    with pytest.raises(DataError, match=r"3\.png"):
        measure(trained, ["split=validation", f"{root}{bare}"])
    with pytest.raises(ConfigError, match="the data that is asked about"):
        measure(trained, ["split=validation", f"{root}{own_folder}"])


def test_aggregated_vectors_are_made_as_the_run_makes_them(trained: Path) -> None:
    """Given all captions, the benchmark's aggregator must repeat the split's own vectors."""
    parts = load_run(trained)
    part = parts.split("validation")
    whole = embed_split(parts, part)
    aggregator = _aggregator(parts, part, whole)
    assert aggregator.name == "uniqueness"
    again = aggregator.vectors(np.arange(len(whole.captions)))
    assert again == pytest.approx(whole.aggregated, abs=1e-6)
    kept = hold_out(whole).kept
    fewer = aggregator.vectors(kept)
    counts = np.bincount(whole.image_index[kept])
    rows = kept[np.isin(whole.image_index[kept], np.flatnonzero(counts == 1))]
    assert fewer[counts == 1] == pytest.approx(whole.captions[rows], abs=1e-6)


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("train.epochs=3",), ConfigError, "cannot change a finished run"),
        (("split=tests",), DataError, "no split 'tests'"),
        (("benchmark=fast",), ConfigError, "there is no benchmark 'fast'"),
    ],
)
def test_wrong_words(
    trained: Path, words: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        measure(trained, words)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        measure(tmp_path, [])


@pytest.mark.slow
def test_the_verb_measures_an_embeddings_file(tmp_path: Path) -> None:
    file = tmp_path / "e.safetensors"
    embeddings().save(file)
    out = run(["benchmark", str(file), *QUICK], tmp_path)
    assert "use " in out
    folder = tmp_path / "benchmark"
    assert sorted(path.name for path in folder.iterdir()) == ["benchmark.html", "benchmark.json"]
    with pytest.raises(ConfigError, match="cannot change an embeddings file"):
        measure(file, ["split=test"])
    for key in ("distractors=[rsicd]", "scenes=3"):
        with pytest.raises(ConfigError, match="holds embeddings alone"):
            measure(file, [f"benchmark.{key}"])
    with pytest.raises(SearchIndexError, match="k=900 is above the gallery of 300"):
        measure(file, [*QUICK, "benchmark.k=900"])


def test_broken_embeddings(tmp_path: Path) -> None:
    file = tmp_path / "e.safetensors"
    made = embeddings()
    made.save(file)
    names = {"format": "wfa-embeddings-1", "image_names": json.dumps(list(made.image_names))}
    tensors = load_file(file)
    tensors["images"][3, 2] = np.nan
    save_file(tensors, file, metadata=names)
    with pytest.raises(DataError, match="NaN or infinite values in images at row 3"):
        measure(file, [])
