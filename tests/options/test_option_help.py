"""What there is to set, from the classes of options themselves."""

from dataclasses import fields
from pathlib import Path

import pytest

from wfa.errors import ConfigError
from wfa.options.option_classes import OPTIONS, imported_class
from wfa.options.option_help import OptionHelp, help_tables, sections
from wfa.plugins.registry import PACKAGES, names


def test_one_option() -> None:
    (table,) = help_tables("train.lr")
    assert table.title == "train"
    assert table.options == (
        OptionHelp("lr", "float", "0.001", "above 0", "Highest learning rate of AdamW."),
    )


def test_options_within_options_and_those_of_a_base() -> None:
    (table,) = help_tables("benchmark.recommend")
    assert [one.key for one in table.options] == [
        "recommend.min_recall", "recommend.max_ms", "recommend.max_bytes",
    ]  # fmt: skip
    (table,) = help_tables("data.rsicd.root")
    assert table.options[0].meaning.startswith("Folder of the data set; empty means")


WORDS = '''"""Weights by the number of words."""

from dataclasses import dataclass

from wfa.aggregation.base import Aggregation, AggregationConfig


@dataclass(frozen=True)
class Config(AggregationConfig):
    """Options.

    Attributes:
        power: Of the number of words.
    """

    power: float = 1.5


class Words(Aggregation):
    """A caption counts by its number of words."""
'''


def test_a_plug_in_file(tmp_path: Path) -> None:
    path = tmp_path / "words.py"
    path.write_text(WORDS)
    (table,) = help_tables(str(path))
    assert table.title == f"aggregation={path}"
    assert table.about == "Weights by the number of words."
    power = OptionHelp("power", "float", "1.5", "", "Of the number of words.")
    assert power in table.options
    assert "caption_dropout" in [option.key for option in table.options]
    (alone,) = help_tables(f"{path}.power")
    assert alone.options == (power,)
    with pytest.raises(ConfigError, match=r"did you mean .*words\.py\.power'"):
        help_tables(f"{path}.powr")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("class Words:\n    pass", "defines no plug-in: .* wfa.aggregation.base.Aggregation"),
        ("x = (", r"words\.py cannot be imported: SyntaxError"),
        (WORDS.replace("(frozen=True)", ""), "frozen"),
    ],
)
def test_a_file_that_is_no_plug_in_says_why(tmp_path: Path, code: str, message: str) -> None:
    path = tmp_path / "words.py"
    path.write_text(code)
    with pytest.raises(ConfigError, match=message):
        help_tables(str(path))
    with pytest.raises(ConfigError, match=r"gone\.py: there is no such file"):
        help_tables(str(tmp_path / "gone.py"))


def test_a_kind_of_plug_in_says_what_all_have_once() -> None:
    common, *own = help_tables("aggregation")
    assert [one.key for one in common.options] == [
        "caption_dropout", "caption_dropout_end", "prior_temperature",
    ]  # fmt: skip
    assert [table.title for table in own] == [f"aggregation={one}" for one in names("aggregation")]
    assert common.options[0].default == "0.0"
    assert all(option not in table.options for table in own for option in common.options)
    found = {table.title: table.options[0] for table in help_tables("aggregation.caption_dropout")}
    assert found["aggregation"] == common.options[0]
    assert found["aggregation=mean"].default == "0.7"  # what its file in configs/ says
    assert "aggregation=single" not in found
    assert {table.title for table in help_tables("aggregation.count")} == {
        "aggregation=uniqueness_sampling"
    }


@pytest.mark.parametrize("topic", [*OPTIONS, *(f"{k}.{n}" for k in PACKAGES for n in names(k))])
def test_every_option_says_what_it_means(topic: str) -> None:
    (table,) = help_tables(topic)
    assert table.about
    for option in table.options:
        assert option.type and option.meaning, option


def test_a_section_whose_options_follow_from_its_value() -> None:
    assert [table.title for table in help_tables("task")] == [
        "task=bigearthnet_txt", "task=classification",
    ]  # fmt: skip
    (one,) = help_tables("task.classification.k")
    assert [option.key for option in one.options] == ["k"]
    assert help_tables("task.k") == [one]
    assert "task" in sections()


def test_every_option_is_there() -> None:
    for section in OPTIONS:
        (table,) = help_tables(section)
        heads = {option.key.partition(".")[0] for option in table.options}
        cls = imported_class(section)
        assert heads == {one.name for one in fields(cls) if "filled" not in one.metadata}


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("trian", "there is no section 'trian'; did you mean 'train'"),
        ("train.lrr", "did you mean 'train.lr'"),
        ("aggregation.uniquenes", "did you mean 'aggregation.uniqueness'"),
        ("aggregation.uniqueness.temprature", "did you mean 'aggregation.uniqueness.temperature'"),
        ("data.rsicd.rot", "did you mean 'data.rsicd.root'"),
        ("", "there is no section ''; known: data, "),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(topic: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        help_tables(topic)
    assert message in str(error.value)
