"""Splits are opened by their name; several together where a data set reads them as one."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.data.tiny import TinyDataset
from wfa.data.dataset import SourceConfig
from wfa.errors import DataError
from wfa.plugins.registry import Choice
from wfa.runs.parts import open_split
from wfa.search.benchmark.benchmark_run import _other_splits


class Joined(TinyDataset):
    """A data set that reads test and bench as one, as BigEarthNet.txt does."""

    joined = ("test+bench",)

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        del options
        return ("train", "test", "bench")

    def __init__(self, options: SourceConfig, split: str) -> None:
        del options
        super().__init__([["a"]], split)


class TrainAndTest(Joined):
    """The same without bench."""

    @classmethod
    def splits(cls, options: SourceConfig) -> tuple[str, ...]:
        del options
        return ("train", "test")


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Choice:
    monkeypatch.setattr("wfa.plugins.registry.plugin_class", lambda kind, name: Joined)
    return Choice("data", "joined", SourceConfig())


def test_a_joined_split_is_there_where_all_its_parts_are(data: Choice) -> None:
    present = Joined.splits(data.options)
    assert open_split(data, "test+bench", present).split == "test+bench"
    assert open_split(data, "bench", present).split == "bench"
    with pytest.raises(DataError, match=r"'tset'; it has: train, test, bench, test\+bench"):
        open_split(data, "tset", present)
    with pytest.raises(DataError, match=r"no split 'train\+test'"):
        open_split(data, "train+test", present)


def test_a_joined_split_is_absent_with_one_of_its_parts(
    data: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfa.plugins.registry.plugin_class", lambda kind, name: TrainAndTest)
    with pytest.raises(DataError, match=r"no split 'test\+bench'; it has: train, test$"):
        open_split(data, "test+bench", TrainAndTest.splits(data.options))


@pytest.mark.parametrize(
    ("asked", "others"),
    [("test", ["train", "bench"]), ("test+bench", ["train"])],
)
def test_what_is_asked_about_is_no_distractor(data: Choice, asked: str, others: list[str]) -> None:
    config: Any = SimpleNamespace(data=data)
    found = _other_splits(config, asked, ("train", "test", "bench"))
    assert [dataset.split for _, dataset in found] == others
