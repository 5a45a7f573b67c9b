"""What a comparison is asked for: words, YAML, and clear messages for mistakes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wfa.comparing.settings import CompareSettings, Request
from wfa.errors import ConfigError
from wfa.options.read_settings import read_settings
from wfa.options.recipes import recipe_names

Make = Callable[..., Request]


def asked(*words: str) -> Request:
    return read_settings(CompareSettings, words).request()


def test_labels_and_words(request_of: Make) -> None:
    made = request_of(
        "compare.seeds=[3,5]", "compare.budget.images=500", "train.lr=0.01",
        techniques={"plain": "single", "two": "mean loss=multi_positive", "three": ["a=1", "b=2"]},
        losses=["info_nce"], settings="train.batch_size=64", budget={"epochs": 3},
    )  # fmt: skip
    assert made.techniques == {
        "plain": ("aggregation=single",),
        "two": ("aggregation=mean", "loss=multi_positive"),
        "three": ("a=1", "b=2"),
    }
    assert made.losses == {"info_nce": ("loss=info_nce",)}
    assert made.settings == ("train.batch_size=64", "train.lr=0.01")
    assert made.seeds == (3, 5)
    assert made.budget == ("images", 500)
    assert made.name == "asked"


def test_the_default_is_scenes() -> None:
    assert asked().name == "scenes"


def test_where_it_runs_does_not_change_what_it_is(request_of: Make) -> None:
    plain = request_of()
    assert plain.request_id == request_of("compare.workers=2", "compare.devices=[0,1]").request_id
    assert plain.request_id != request_of("compare.seeds=3").request_id
    assert plain.request_id != request_of("train.lr=0.5").request_id


@pytest.mark.parametrize(
    ("word", "devices"),
    [("0", (0,)), ("1", (1,)), ("[0,1]", (0, 1)), ("[]", ())],
)
def test_one_gpu_is_named_as_well_as_several(
    request_of: Make, word: str, devices: tuple[int, ...]
) -> None:
    assert request_of(f"compare.devices={word}").devices == devices


@pytest.mark.parametrize("word", ["train.epochs=1", "train.max_images=9", "train.max_seconds=5"])
def test_a_setting_that_the_budget_overrules_is_refused(word: str) -> None:
    with pytest.raises(ConfigError, match=r"set compare\.budget\."):
        asked("compare=scenes", word)


@pytest.mark.parametrize("name", recipe_names("compare"))
def test_shipped_recipes_are_understood(name: str) -> None:
    assert asked(f"compare={name}").techniques


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"technique": ["single"]}, "did you mean 'compare.techniques'?"),
        ({"colour": 1}, "known: compare.techniques"),
        ({"techniques": None}, "names no techniques"),
        ({"techniques": []}, "names no techniques"),
        ({"techniques": ["single", "mean", "single"]}, "the label 'single' twice"),
        ({"techniques": {"a": {"b": 3}}}, "wants KEY=VALUE words"),
        ({"seeds": 0}, "compare.seeds=0"),
        ({"seeds": [1, 1]}, "holds a seed twice"),
        ({"budget": {"epochs": 3, "images": 4}}, "must be one of epochs, images, seconds"),
        ({"budget": {"steps": 3}}, "must be one of epochs, images, seconds"),
        ({"budget": {"epochs": 2.5}}, "whole number above 0"),
        ({"alpha": 2}, "compare.alpha=2"),
        ({"workers": 0}, "compare.workers=0"),
        ({"workers": 2.5}, "compare.workers wants int, but is '2.5'"),
        ({"devices": "gpu"}, "compare.devices wants int, but is 'gpu'"),
        ({"devices": [0, -1]}, "compare.devices=-1 must be in [0, 1024]"),
        ({"target": "high"}, "compare.target wants float, but is 'high'"),
    ],
)
def test_mistakes_are_named(request_of: Make, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?").replace("[", r"\[")):
        request_of(**values)


def test_a_label_twice_in_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("techniques:\n  a: single\n  a: mean\n")
    with pytest.raises(ConfigError, match="duplicate key a"):
        asked(f"compare={path}")


def test_an_unknown_recipe_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="did you mean 'ucm_frozen'"):
        asked("compare=ucm_frosen")
