from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bigearthnet.made import names, row, three_pairs, write_rows
from wfa.bigearthnet import annotation_table as table_module
from wfa.bigearthnet.annotation_table import COLUMNS, AnnotationTable, splits_in
from wfa.bigearthnet.row_checks import doubtful
from wfa.bigearthnet.rows import CATEGORIES, Row, parse_row
from wfa.errors import DataError


def read(path: Path, split: str = "test", on_bad_row: str = "error") -> AnnotationTable:
    return AnnotationTable(path, [split], CATEGORIES, on_bad_row)


def test_rows_are_grouped_by_patch_in_the_order_of_the_file(tmp_path: Path) -> None:
    table = read(write_rows(tmp_path / "rows.parquet", three_pairs(), row_group_size=2))
    assert table.patch_ids.to_pylist() == [names(1)[0], names(0)[0], names(2)[0]]
    assert table.s1_names.to_pylist() == [names(1)[1], names(0)[1], names(2)[1]]
    assert [[row.id for row in table.rows(patch)] for patch in range(3)] == [
        [1, 3],
        [2, 4, 5, 7],
        [6],
    ]
    assert table.rows(2) == [
        Row(6, *names(2), "Does the image depict pastures?", "no", "binary", "presence")
    ]
    assert table.has_type(["captioning"]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    "text", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_every_arrow_text_and_any_row_group_reads_the_same(tmp_path: Path, text: Any) -> None:
    rows = pa.Table.from_pylist(three_pairs())
    texts = [pa.field(f.name, text if pa.types.is_string(f.type) else f.type) for f in rows.schema]
    pq.write_table(rows.cast(pa.schema(texts)), tmp_path / "rows.parquet", row_group_size=3)
    plain = read(write_rows(tmp_path / "plain.parquet", three_pairs()))
    found = read(tmp_path / "rows.parquet")
    assert [found.rows(patch) for patch in range(3)] == [plain.rows(patch) for patch in range(3)]
    assert b"".join(found.digest_parts()) == b"".join(plain.digest_parts())


def test_only_the_asked_split_is_read(tmp_path: Path) -> None:
    rows = three_pairs()
    rows[0]["split"] = rows[2]["split"] = "train"
    path = write_rows(tmp_path / "rows.parquet", rows, row_group_size=1)
    assert splits_in(path) == {"train", "test"}
    assert [row.id for row in read(path, "train").rows(0)] == [1, 3]
    both = AnnotationTable(path, ["train", "test"], CATEGORIES, "error")
    assert len(both) == 3
    assert len(read(path, "bench")) == 0


@pytest.mark.parametrize(
    "note",
    [
        {"tool": "web", "author": "ada"},
        {"tool": "web", "version": 2},
        ["x", "y"],
        {"a": {"b": b"c"}},
    ],
    ids=["texts", "numbers", "list", "deep"],
)
def test_columns_before_the_split_may_be_nested(tmp_path: Path, note: Any) -> None:
    rows = three_pairs()
    path = write_rows(tmp_path / "plain.parquet", rows)
    table = pq.read_table(path)
    place = table.column_names.index("split")
    noted = table.add_column(place, "note", pa.array([note] * len(rows)))
    pq.write_table(noted, tmp_path / "noted.parquet", row_group_size=2)
    plain, found = read(path), read(tmp_path / "noted.parquet")
    assert [found.rows(patch) for patch in range(3)] == [plain.rows(patch) for patch in range(3)]
    assert splits_in(tmp_path / "noted.parquet") == splits_in(path)


@pytest.mark.parametrize("name", ["split", "type", "patch_id", "input"])
def test_columns_of_another_type_are_refused(tmp_path: Path, name: str) -> None:
    table = pq.read_table(write_rows(tmp_path / "rows.parquet", three_pairs()))
    place = table.column_names.index(name)
    for values, message in (
        (pa.array(range(len(table))), f"column {name} holds int64, wanted is text"),
        (pa.array([["x"]] * len(table)), f"column {name} holds list<.*>, wanted is text"),
    ):
        pq.write_table(table.set_column(place, name, values), tmp_path / "bad.parquet")
        with pytest.raises(DataError, match=message):
            read(tmp_path / "bad.parquet")
    pq.write_table(table.append_column(name, table[name]), tmp_path / "bad.parquet")
    with pytest.raises(DataError, match=f"2 columns {name}"):
        splits_in(tmp_path / "bad.parquet")


def test_a_bad_row_stops_or_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = three_pairs()
    rows[3]["output"] = "[0.5 0.1, 0.0 1.0]"
    rows[6]["type"] = "riddle"
    path = write_rows(tmp_path / "rows.parquet", rows)
    with pytest.raises(DataError, match=r"row ID 4 .*reversed.*on_bad_row=skip"):
        read(path)
    table = read(path, on_bad_row="skip")
    assert table.bad_rows.count == 2
    assert [reason.partition(" (")[0] for reason in table.bad_rows.reasons] == [
        "row ID 4",
        "row ID 7",
    ]
    assert [row.id for row in table.rows(1)] == [2, 5]


def test_a_null_answer_is_a_bad_row(tmp_path: Path) -> None:
    rows = three_pairs()
    rows[0]["output"] = None
    with pytest.raises(DataError, match=r"row ID 1 .*neither yes nor no"):
        read(write_rows(tmp_path / "rows.parquet", rows))


def test_a_patch_with_two_s1_names_is_refused(tmp_path: Path) -> None:
    rows = three_pairs()
    rows[4]["s1_name"] = "S1_other"
    with pytest.raises(DataError, match=rf"row ID 5 pairs patch {names(0)[0]} .*{names(0)[1]}"):
        read(write_rows(tmp_path / "rows.parquet", rows))


@pytest.mark.parametrize("column", ["ID", "output", "split"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    rows = [{k.replace(column, f"{column}_x"): v for k, v in row.items()} for row in three_pairs()]
    with pytest.raises(DataError, match=rf"no column {column}; it has: .*{column}_x"):
        read(write_rows(tmp_path / "rows.parquet", rows))


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.parquet is missing: `wfa data prepare"):
        read(tmp_path / "rows.parquet")
    (tmp_path / "rows.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(DataError, match="is no Parquet file"):
        read(tmp_path / "rows.parquet")


QUESTIONS = st.sampled_from(
    ["Which? a) X, b) Y, c) Z, d) W", "Which: a) X, b) , c) Z, d) W", "Which? a) X, b) Y",
     "a) X, b) Y, c) Z, d) W", "Who? a) X, a) Y, b) Z, c) W, d) V", "<ref>lake</ref>",
     "<ref> </ref>", "<point>(0.1, 0.2)</point>", "<point>(1.1, 0.2)</point>",
     "<point>(1.0, 0)</point>", "", "x"]
)  # fmt: skip
ANSWERS = st.sampled_from(
    ["yes", "no", "Yes", "a", "d", "e", "D", "", " ", "A lake.", "[0.0 0.1, 0.5 1.0]",
     "[0.5 0.1, 0.0 1.0]", "[0 0, 1 1]", "[0.0 0.0, 1.01 1.0]", "[0.1 0.1, 0.1 0.2]", None]
)  # fmt: skip
KINDS = st.sampled_from([*CATEGORIES, "riddle"])
CATEGORY = st.sampled_from(sorted({one for own in CATEGORIES.values() for one in own} | {"no"}))


@given(st.lists(st.tuples(KINDS, CATEGORY, QUESTIONS, ANSWERS), min_size=1, max_size=20))
def test_what_the_first_look_passes_parses(cells: list[tuple[str, str, str, str | None]]) -> None:
    rows = [
        row(number, 0, k, c, q, "") | {"output": a} for number, (k, c, q, a) in enumerate(cells)
    ]
    (batch,) = pa.Table.from_pylist(rows, pa.schema([
        (name, pa.int64() if name == "ID" else pa.string()) for name in COLUMNS[:8]
    ])).to_batches()  # fmt: skip
    doubts = doubtful(batch, frozenset(CATEGORIES))
    for number in set(range(len(cells))) - set(doubts.tolist()):
        kind, category, question, answer = cells[number]
        parse_row(Row(number, "S2", "S1", question, str(answer), kind, category))
    assert np.all(np.diff(doubts) > 0)


def test_the_real_rows_need_no_second_look(real_rows: Path) -> None:
    (batch,) = pq.read_table(real_rows).combine_chunks().to_batches()
    assert batch.num_rows == 20
    assert doubtful(batch, frozenset(CATEGORIES)).size == 0


def test_all_real_rows_parse(real_rows: Path) -> None:
    table = read(real_rows)
    rows = [row for patch in range(len(table)) for row in table.rows(patch)]
    assert len(rows) == 20
    assert len([parse_row(row) for row in rows]) == 20
    assert [row.id for row in (rows[0], rows[9], rows[-1])] == [1, 32, 76]


def test_names_are_coded_anew_in_every_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small batches over several row groups give what one batch gives."""
    path = write_rows(tmp_path / "rows.parquet", three_pairs() * 3, row_group_size=5)
    types = ("binary", "mcq", "captioning", "bounding box")
    whole = AnnotationTable(path, ["test"], types, "error")
    monkeypatch.setattr(table_module, "_BATCH", 2)
    parts = AnnotationTable(path, ["test"], types, "error")
    assert parts.patch_ids.to_pylist() == whole.patch_ids.to_pylist()
    assert parts.s1_names.to_pylist() == whole.s1_names.to_pylist()
    for patch in range(3):
        assert parts.rows(patch) == whole.rows(patch)
    assert b"".join(map(bytes, parts.digest_parts())) == b"".join(map(bytes, whole.digest_parts()))


def test_row_groups_of_other_splits_are_not_read(tmp_path: Path) -> None:
    """Their rows would not parse, but nobody looks at them."""
    broken = [{**row, "split": "train", "patch_id": None} for row in three_pairs()]
    path = write_rows(tmp_path / "rows.parquet", [*broken, *three_pairs()], row_group_size=7)
    assert len(AnnotationTable(path, ["test"], ["captioning"], "error")) == 1
    with pytest.raises(DataError, match="row ID 1 has no patch_id"):
        AnnotationTable(path, ["train"], ["captioning"], "error")
