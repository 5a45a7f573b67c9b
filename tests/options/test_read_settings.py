"""One reader for every verb: sections, plug-ins, recipes and words in their order."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.options.test_typed_options import WRITTEN
from wfa.captions.options import UniquenessOptions
from wfa.errors import ConfigError
from wfa.options.option_classes import choices, read_choice
from wfa.options.read_settings import read_settings
from wfa.options.recipes import from_yaml
from wfa.options.run_config import resolve
from wfa.plugins.registry import Choice

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@dataclass(frozen=True)
class Group:
    """Options with plug-ins in them."""

    beside: tuple[Choice, ...] = choices("data")
    depth: int = 1


@dataclass(frozen=True)
class Made:
    """A field of each kind that a verb may declare."""

    data: Choice = field(metadata={"plugin": "data"})
    out: Path = field(metadata={"placeholder": "DIR"})
    against: Choice | None = field(default=None, metadata={"plugin": "data"})
    train: Any = field(default=None, metadata={"options": "train"})
    uniqueness: UniquenessOptions = field(
        default_factory=UniquenessOptions, metadata={"flat": True}
    )
    group: Group = field(default_factory=Group)
    split: str = "test"
    files: tuple[str, ...] = field(default=(), metadata={"words": "bare"})

    usage: ClassVar[str] = "made data=NAME out=DIR"


def made(*words: str, **recipe: Any) -> Made:
    return read_settings(Made, ["data=rsicd", "out=o", *words], recipe, "here")


def test_every_kind_of_field() -> None:
    found = made(
        "a.jsonl", "data.root=007", "against=rsitmd", "against.root=x", "train.epochs=010",
        "max_order=2", "group.beside=[rsicd,ucm_captions]", "group.beside.rsicd.root=r",
        "split=1.10", "b/c=d",
    )  # fmt: skip
    assert (found.data.name, found.data.options.root) == ("rsicd", "007")
    assert found.against is not None and found.against.options.root == "x"
    assert (found.train.epochs, found.uniqueness.max_order, found.split) == (10, 2, "1.10")
    assert [(one.name, one.options.root) for one in found.group.beside] == [
        ("rsicd", "r"), ("ucm_captions", ""),
    ]  # fmt: skip
    assert (found.files, found.out) == (("a.jsonl", "b/c=d"), Path("o"))


def test_words_win_over_a_recipe_and_the_last_over_the_first() -> None:
    recipe = {"data": {"name": "rsitmd", "root": "a", "on_bad_image": "skip"}, "split": "train"}
    words = ["out=o", "data.root=b", "data.root=c"]
    found = read_settings(Made, words, recipe, "here")
    assert (found.data.name, found.data.options.root, found.split) == ("rsitmd", "c", "train")
    assert found.data.options.on_bad_image == "skip"
    other = read_settings(Made, ["data=rsicd", *words], recipe, "here").data.options
    assert (other.root, other.on_bad_image) == ("c", "error")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["spilt=test"], "there is no key 'spilt'; did you mean 'split'"),
        (["uniqueness.maxorder=2"], "did you mean 'uniqueness.max_order'"),
        (["against.root=x"], "needs against=NAME"),
        (["against=rsicdd"], "there is no data 'rsicdd'; did you mean 'rsicd'"),
        (["data.name=rsicd"], "write data=rsicd"),
        (["out="], "out= is empty"),
        (["group.beside.rsicdd.root=x"], "did you mean 'rsicd'"),
        (["group.beside.rsicd.rot=x"], "did you mean 'group.beside.rsicd.root'"),
        (["group.depth.x=1"], "group.depth"),
        (["data.root.x=1"], "data.root"),
        (["data.shards=a"], "data=rsicd has no data.shards: it is an option of data=webdataset"),
        (["uniqueness.measure=blue"], "uniqueness.measure='blue' is not known"),
        (["train.lr=${train.seed}"], "train.lr wants float"),
        (["split=\udcff"], "no text in UTF-8"),
    ],
)
def test_wrong_words_are_named(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        made(*words)
    assert message in str(error.value)


def test_what_is_missing_is_named_with_an_example() -> None:
    with pytest.raises(ConfigError, match="out=DIR is missing: made data=NAME out=DIR"):
        read_settings(Made, ["data=rsicd"])
    with pytest.raises(ConfigError, match="data is not chosen: add data=NAME, one of"):
        read_settings(Made, ["out=o"])
    with pytest.raises(ConfigError, match="here: there is no key 'dta'; did you mean 'data'"):
        made(dta={})


@pytest.mark.parametrize("text", WRITTEN)
def test_a_text_goes_through_a_run_s_config(text: str, tmp_path: Path) -> None:
    config = resolve(["data=captions_folder", f"data.root={text}", f"data.caption_column={text}"])
    assert (config.data.options.root, config.data.options.caption_column) == (text, text)
    file = tmp_path / "config.yaml"
    file.write_text(config.as_yaml(), encoding="utf-8", newline="")
    assert resolve(file=file) == config


@settings(deadline=None)  # the classes of options are read in the first example
@given(TEXT)
def test_any_text_goes_through_a_config(text: str) -> None:
    config = resolve(["data=captions_folder", f"data.root={text}"])
    assert config.data.options.root == text
    saved = from_yaml(config.as_yaml(), "here")
    assert read_choice("data", "captions_folder", {"root": saved["data"]["root"]}) == config.data


def test_a_name_is_text() -> None:
    assert resolve(["name=2024_01_05"]).name == "2024_01_05"
    assert resolve(["name=007"]).name == "007"
    with pytest.raises(ConfigError, match=r"use letters, digits and \. _ \+ - only"):
        resolve(["name=a b"])
