"""Techniques are compared from Python, and tables tell what was found."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import wfa
from tests.comparing.conftest import TINY
from tests.face.three_images import refused
from tests.report.made_comparison import NAMES, made_comparison
from wfa.plugins import registry as plugins


class Plain(wfa.aggregation.Aggregation):
    """The mean, under a name of its own."""


def tiny(section: str) -> dict[str, Any]:
    """Return the options of a section that make a cell small."""
    pairs = [word.partition("=") for word in TINY if word.startswith(f"{section}.")]
    return {
        key.partition(".")[2]: int(text) if text.isdecimal() else text for key, _, text in pairs
    }


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing is registered, cached or written beyond a test."""
    monkeypatch.setenv("WFA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    plugins._registered.clear()


def test_tables_are_those_of_the_folder(tmp_path: Path) -> None:
    made = made_comparison()
    (tmp_path / "comparison.json").write_text(json.dumps(made))
    found = wfa.Comparison(tmp_path)

    scores, pairs = found.scores.to_pandas(), found.pairs.to_pandas()
    (one,) = made["sets"]
    assert scores["mean"].tolist() == [row["mean"] for row in one["scores"]]
    assert set(scores["technique"]) == set(NAMES)
    assert pairs["higher"].tolist() == [pair["one"] for pair in one["pairs"]]
    assert pairs["measurable"].tolist() == ["yes", "no", "yes"]
    assert pairs["p_holm"].tolist() == [pair["p_holm"] for pair in one["pairs"]]
    assert "50.00" in found.pairs.to_markdown()
    assert all(name in str(found) for name in ("plain\\_way", "ponds"))
    assert list(found.guidelines.items()) == [
        (line["question"], line["answer"]) for line in one["guidelines"]
    ]
    assert found.failures == {
        cell["folder"]: cell["message"] for cell in made["cells"] if cell["state"] == "failed"
    }
    with refused("no comparison|run `wfa compare`"):
        wfa.Comparison(tmp_path / "cells")


@pytest.mark.slow
def test_names_and_objects_are_compared(apart: Path) -> None:
    def compared() -> wfa.Comparison:
        return wfa.compare(
            {"half": Plain(caption_dropout=0.5), "mean": "mean"},
            {"name": "scenes", **tiny("data")},
            {"name": "small", **tiny("encoder")},
            seeds=[1], epochs=1, out=apart / "compared", **tiny("train"),
        )  # fmt: skip

    found = compared()
    assert set(found.scores.to_pandas()["technique"]) == {"half", "mean"}
    half = json.loads((apart / "compared" / "cells" / "half-s1" / "run.json").read_text())
    assert half["plugins"]["aggregation"]["name"] == "plain"
    config = (apart / "compared" / "cells" / "half-s1" / "config.yaml").read_text()
    assert "caption_dropout: 0.5" in config
    again = compared()  # nothing is trained again
    assert json.loads((found.path / "cells" / "half-s1" / "run.json").read_text()) == half
    assert again.scores.to_pandas().equals(found.scores.to_pandas())


@pytest.mark.slow
def test_a_cell_that_fails_is_warned_of(apart: Path) -> None:
    class Broken(wfa.aggregation.Aggregation):
        def pool(self, *given: Any) -> Any:
            raise ValueError("no such luck")

    with pytest.warns(UserWarning, match=r"broken-s0 failed and is left out: .*no such luck"):
        found = wfa.compare(
            ["mean", Broken],
            {"name": "scenes", **tiny("data")},
            {"name": "small", **tiny("encoder")},
            seeds=1, epochs=1, out=apart / "compared", **tiny("train"),
        )  # fmt: skip
    assert list(found.failures) == ["broken-s0"]
    assert set(found.scores.to_pandas()["technique"]) == {"mean"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wfa.compare(["mean", "maen"]), "did you mean 'mean'"),
        (lambda: wfa.compare("mean"), "must be a list"),
        (lambda: wfa.compare(["mean", {"name": "mean", "caption_dropout": 0.5}]), "two techniques"),
        (lambda: wfa.compare(["mean"], epoch=3), "did you mean 'train.epochs'"),
        (lambda: wfa.compare(["mean"], lr="fast"), "train.lr wants float"),
        (lambda: wfa.compare(["mean"], seeds=0), "number of seeds above 0"),
        (lambda: wfa.compare(["mean"], seeds=[1, 1]), "holds a seed twice"),
        (lambda: wfa.compare(["mean"], against="max"), "none of the techniques"),
        (lambda: wfa.compare([Plain], processes=2), "is an object of this program"),
        (lambda: wfa.compare(["mean"], retrieval={"ties": "expected"}), "counts ties as worst"),
    ],
)
def test_what_does_not_fit_is_refused(apart: Path, call: Callable[[], Any], message: str) -> None:
    with refused(message):
        call()
    assert not list(apart.rglob("comparison.yaml"))
