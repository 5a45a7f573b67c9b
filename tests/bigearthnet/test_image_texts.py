from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bigearthnet.made import three_pairs, write_rows
from wfa.bigearthnet.annotation_table import AnnotationTable
from wfa.bigearthnet.image_texts import KINDS, left_out, resolve_kinds, statement_of, texts_of
from wfa.bigearthnet.rows import CATEGORIES, Choice, Row, parse_row
from wfa.errors import ConfigError


def rows_of(path: Path) -> list[Row]:
    table = AnnotationTable(path, ["test"], CATEGORIES, "error")
    return [row for patch in range(len(table)) for row in table.rows(patch)]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("caption", ["Pastures lie here. A lake is there."]),
        ("sentences", ["Pastures lie here.", "A lake is there."]),
        ("yes_no", ["The image depicts pastures."]),
        ("negations", ["The image does not depict pastures."]),
        ("choices", ["The image was taken in autumn."]),
        ("regions", ["lake"]),
    ],
)
def test_each_kind_of_text(tmp_path: Path, kind: str, texts: list[str]) -> None:
    rows = rows_of(write_rows(tmp_path / "rows.parquet", three_pairs()))
    assert list(texts_of(rows, [kind])) == texts


def test_texts_keep_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = rows_of(write_rows(tmp_path / "rows.parquet", three_pairs()))
    assert list(texts_of(rows, list(KINDS))) == [
        "The image depicts pastures.",
        "The image was taken in autumn.",
        "Pastures lie here. A lake is there.",
        "Pastures lie here.",
        "A lake is there.",
        "lake",
        "The image does not depict pastures.",
    ]


def test_an_unknown_question_is_counted_where_its_statement_is_wanted(tmp_path: Path) -> None:
    rows = rows_of(write_rows(tmp_path / "rows.parquet", three_pairs()))
    assert [row.id for row in left_out(rows, ["yes_no", "choices"])] == [7]
    assert list(left_out(rows, ["negations", "sentences"])) == []


def test_every_option_has_its_statement() -> None:
    options = "a) Pastures, b) Transitional woodland, shrub, c) Arable land, d) Urban fabric"
    row = Row(1, "S2", "S1", f"Which class is shown? {options}", "b", "mcq", "presence")
    answer = parse_row(row)
    assert isinstance(answer, Choice)
    statements = [statement_of(row, Choice(answer.options, place)) for place in range(4)]
    assert statements == [
        "Pastures are present in the image.",
        "Transitional woodland or shrub is present in the image.",
        "Arable land is present in the image.",
        "Urban fabric is present in the image.",
    ]


def test_all_real_rows_give_texts_and_no_question_is_left_out(real_rows: Path) -> None:
    rows = rows_of(real_rows)
    assert list(left_out(rows, list(KINDS))) == []
    counts = {kind: len(list(texts_of(rows, [kind]))) for kind in KINDS}
    assert counts == {
        "caption": 3, "sentences": 16, "yes_no": 7, "negations": 3, "choices": 3, "regions": 4,
    }  # fmt: skip
    for text in texts_of(rows, ["yes_no", "negations", "choices"]):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "?" not in text
    regions = list(texts_of(rows, ["regions"]))
    assert regions[0] == "largest connected region of pastures"


def test_an_unknown_kind_is_refused() -> None:
    assert resolve_kinds("caption, yes_no") == ("caption", "yes_no")
    with pytest.raises(ConfigError, match=r"no kind 'captions'.*sentences: each sentence"):
        resolve_kinds("captions")


def test_the_rows_that_lie_beside_the_annotations_give_a_statement_each(
    data_dir: Callable[[str], Path],
) -> None:
    path = data_dir("bigearthnet_txt_rows") / "rows.parquet"
    rows = rows_of(path)
    assert len(rows) == 71
    assert list(left_out(rows, list(KINDS))) == []
    for row in rows:
        answer = parse_row(row)
        if isinstance(answer, Choice):
            right = answer.options.texts[answer.right]
            assert not right.endswith(","), row
            said = [statement_of(row, Choice(answer.options, place)) for place in range(4)]
            assert None not in said
            fall = {"Fall", "Autumn"} <= set(answer.options.texts)
            assert len(set(said)) == (3 if fall else 4), row
