"""A run measured on data sets that it was not trained on, and what they share with its own."""

import json
from pathlib import Path

import pytest

from tests.search.conftest import make_run, picture
from wfa.cli.run_words import words_of_each
from wfa.errors import ConfigError, DataError
from wfa.options.option_classes import read_choice
from wfa.plugins.registry import Choice
from wfa.report.across_data import across_data, leak_lines
from wfa.runs.evaluate_run import evaluate_on

ROWS = {
    "own": [("train", 0, "a red roof"), ("train", 1, "two cars"), ("test", 2, "a river")],
    "far": [("test", 1, "a wide field"), ("test", 8, "Two  cars."), ("test", 9, "a bridge")],
    "new": [("test", 5, "trees"), ("test", 6, "a harbour")],
}
"""Data set -> split, seed of the picture, caption."""


@pytest.fixture
def sets(tmp_path: Path, cache_dir: Path) -> dict[str, Choice]:
    for name, rows in ROWS.items():
        root = tmp_path / name
        root.mkdir()
        lines = ["file_name,caption,split"]
        for split, seed, caption in rows:
            picture(seed, (40, 40)).save(root / f"{seed}.png")
            lines.append(f"{seed}.png,{caption},{split}")
        (root / "captions.csv").write_text("\n".join(lines))
    options = {name: {"root": str(tmp_path / name)} for name in ROWS}
    return {name: read_choice("data", "captions_folder", own) for name, own in options.items()}


@pytest.fixture
def run(tmp_path: Path, sets: dict[str, Choice]) -> Path:
    return make_run(tmp_path / "run", "data=captions_folder", f"data.root={tmp_path / 'own'}")


def test_one_table_over_data_sets_is_that_of_each_alone(run: Path, sets: dict[str, Choice]) -> None:
    found = evaluate_on(run, list(sets.values()))
    assert len({folder for _, folder in found}) == 3
    for choice, (rows, folder) in zip(sets.values(), found, strict=True):
        ((alone, same),) = evaluate_on(run, [choice])
        assert same == folder
        assert alone == rows
        assert json.loads((folder / "metrics.json").read_text()) == [row.as_dict() for row in rows]
    table = across_data([rows for rows, _ in found])
    assert [row[1] for row in table.rows] == ["worst", "expected"] * 3
    frame = table.to_pandas()
    for place, (rows, _) in enumerate(found):
        (value,) = [
            row.value for row in rows
            if (row.protocol, row.queries, row.metric, row.ties) == ("strict", "single", "mR",
                                                                    "expected") and not row.oracle
        ]  # fmt: skip
        assert frame["mR"][2 * place + 1] == value


def test_what_stands_in_the_training_set_is_told(run: Path, sets: dict[str, Choice]) -> None:
    found = evaluate_on(run, [sets["own"], sets["far"], sets["new"]])
    facts = [json.loads((folder / "evaluation.json").read_text()) for _, folder in found]
    assert [each["leaks"] for each in (facts[0], facts[2])] == [[], []]
    third = pytest.approx(1 / 3)
    assert facts[1]["leaks"] == [
        {"kind": "captions", "count": 1, "share": third},
        {"kind": "images", "count": 1, "share": third},
    ]
    assert leak_lines(facts[1]) == [
        "1 captions of captions_folder (33.3 %) stand in the training set, captions_folder, too",
        "1 images of captions_folder (33.3 %) stand in the training set, captions_folder, too",
    ]
    (run / "run.json").write_text(json.dumps({"selection": {"trained": False}}))
    ((_, folder),) = evaluate_on(run, [sets["far"]])
    assert json.loads((folder / "evaluation.json").read_text())["leaks"] == []


def test_a_training_set_that_is_gone_does_not_stop_an_evaluation(
    run: Path, sets: dict[str, Choice], tmp_path: Path
) -> None:
    (tmp_path / "own").rename(tmp_path / "elsewhere")
    ((rows, folder),) = evaluate_on(run, [sets["far"]])
    assert rows and json.loads((folder / "evaluation.json").read_text())["leaks"] == []
    with pytest.raises(DataError):
        evaluate_on(run)


def test_words_name_one_data_set_or_several() -> None:
    assert words_of_each(["data=rsicd", "split=test"]) == [["data=rsicd", "split=test"]]
    assert words_of_each([]) == [[]]
    both = words_of_each(["split=test", "data=[ucm_captions,rsicd]"])
    assert both == [["data=ucm_captions", "split=test"], ["data=rsicd", "split=test"]]


def test_one_folder_is_not_given_to_several_data_sets() -> None:
    assert words_of_each(["data=[rsicd]", "data.root=a"]) == [["data=rsicd", "data.root=a"]]
    with pytest.raises(ConfigError, match="one folder for 2 data sets"):
        words_of_each(["data=[ucm_captions,rsicd]", "data.root=here"])
