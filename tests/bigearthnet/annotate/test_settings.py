from pathlib import Path

import pytest

from wfa.bigearthnet.annotate.settings import AnnotateSettings
from wfa.errors import ConfigError
from wfa.options.read_settings import read_settings

FILES = ["maps=a b", "metadata=m.parquet", "out=~/o.parquet"]


def test_files_and_options() -> None:
    request = read_settings(AnnotateSettings, [
        *FILES, "seed=3", "annotate.workers=2", "on_bad_row=skip", "paraphrase.url=http://h:1/v1",
        "paraphrase.model=x:7b",
    ])  # fmt: skip
    assert request.maps == Path("a b")
    assert request.out == Path("~/o.parquet").expanduser()
    assert (request.annotate.seed, request.annotate.workers) == (3, 2)
    assert request.annotate.on_bad_row == "skip"
    assert (request.paraphrase.url, request.paraphrase.model) == ("http://h:1/v1", "x:7b")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (FILES[:2], "out=FILE is missing"),
        (FILES[2:], "maps=DIR and metadata=FILE are missing"),
        ([*FILES, "sede=1"], r"no key 'sede'; did you mean 'annotate\.seed'"),
        ([*FILES, "seed=one"], r"annotate\.seed wants int"),
        ([*FILES, "paraphrase.adress=x"], r"no key 'paraphrase\.adress'"),
        ([*FILES, "data.root=x"], r"no key 'data\.root'; known: maps, metadata, out"),
        ([*FILES, "seed"], "is not KEY=VALUE"),
    ],
)
def test_wrong_words(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_settings(AnnotateSettings, words)
