import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from wfa.report.audit_page import audit_notices, audit_tables, render_audit
from wfa.report.report_files import write_report


def names(*first: str) -> dict[str, Any]:
    return {"count": len(first), "first": list(first)}


def split(label: str, name: str, data: str = "ponds", **changes: Any) -> dict[str, Any]:
    """Say what audit.json holds of a split of 4 images with 2 captions each."""
    part = {
        "label": label, "split": name, "data": data,
        "images_by_captions": {"2": 3, "3": 1},
        "distinctness": {
            "images": 4, "captions": 8, "distinct_strings": 6, "distinct": 5,
            "distinct_share": 0.75, "mean_an_image": 1.5, "images_by_distinct": {"1": 2, "2": 2},
        },
        "uniqueness": {"mean": 0.25, "quantiles": {"0.5": 0.2}, "histogram": [6, *[0] * 18, 2]},
        "collapse": {"merge": 0.0, "keep": 0.5},
        "uniqueness_means": {"merge": 0.9375, "keep": 0.25},
        "effective_mean": 1.25, "effective_kernel": "cosine",
        "distinct_n": {"1": 0.5, "2": 0.6, "3": 0.7, "4": 0.8},
        "shared": {"distinct": 1, "captions_share": 0.375, "images_share": 0.5,
                   "most_shared": [["a <pond> & a [road]", 3]]},
        "false_negatives": [{"batch_size": 4, "expected": 1.5, "texts_share": 0.3},
                            {"batch_size": 8, "expected": 3.0, "texts_share": 0.4}],
        "ceilings": {k: {"best": 0.875, "expected": 0.8} for k in ("1", "5", "10")},
        "text_tokens": [{"batch_size": 4, "stock": 616.0, "one_caption": 308.0, "distinct": 400.0,
                         "trimmed": 154.0, "packed": 77.0},
                        {"batch_size": 8, "stock": 1232.0, "one_caption": 616.0, "distinct": 800.0,
                         "trimmed": 308.0, "packed": 154.0}],
        "strange": {"empty": names("x.png, caption 2"), "long": names(), "surrogates": names(),
                    "images_of_one": names(), "images_of_none": names()},
        "left_out": names("y.png: empty caption"),
    }  # fmt: skip
    return part | changes


@pytest.fixture
def found() -> dict[str, Any]:
    """An audit of two splits, one of which holds an image of the other."""
    pair = {"captions": 2, "captions_share": 0.25, "distinct_share": 0.2, "images": 2,
            "images_two": 1, "images_two_share": 0.25}  # fmt: skip
    return {
        "data": "ponds",
        "against": None,
        "settings": {"tokenizer": "CLIP BPE", "context_length": 77},
        "splits": [split("train", "train"), split("test", "test")],
        "shared_captions": [
            {"one": "train", "other": "test", **pair},
            {"one": "test", "other": "train", **pair},
        ],
        "images": {
            "splits": [
                {"label": "train", "read": 3, "flat": names(), "unreadable": names("z is cut")},
                {"label": "test", "read": 4, "flat": names(), "unreadable": names()},
            ],
            "same": [{"hash": "0" * 16, "identical": True, "images": ["train/a", "test/b"]}],
            "shared": [{"one": "test", "other": "train", "images": 1, "images_share": 0.25}],
        },
        "leaks": [],
    }


def printed(found: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=80)
    for table in audit_tables(found):
        console.print(table.to_rich())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_shows_the_figures_within_80_columns(found: dict[str, Any]) -> None:
    found["splits"].insert(1, split("validation", "validation"))
    rows = {line.partition("  ")[0].strip(): line.split() for line in printed(found).splitlines()}
    assert rows["distinct strings / captions"][-6:] == ["75.0", "%"] * 3
    assert rows["images with weights all 0: keep"][-2:] == ["50.0", "%"]
    assert rows["false negatives a batch"][-3:] == ["1.5", "(B", "4)"]
    assert rows["text tokens, trimmed / stock"][-2:] == ["25.0", "%"]
    assert rows["text tokens, packed / stock"][-2:] == ["12.5", "%"]
    assert rows["captions to look at"][-1] == "1"
    assert rows["test"] == ["test", "train", "2", "25.0", "%", "1", "1"]
    assert "train/a = test/b" in printed(found)
    assert "\u2026" not in printed(found)


def test_two_data_sets_have_a_table_each(found: dict[str, Any]) -> None:
    found["against"] = "lakes"
    found["splits"].append(split("lakes/train", "train", "lakes"))
    assert [grid.title for grid in audit_tables(found)][:2] == ["ponds", "lakes (against)"]


def test_of_two_data_sets_only_pairs_that_share_are_shown(found: dict[str, Any]) -> None:
    found["against"] = "lakes"
    found["images"]["splits"][0]["read"] = 0
    nothing = found["shared_captions"][0] | {"other": "lakes/train", "captions": 0}
    found["shared_captions"].append(nothing)
    rows = [row for grid in audit_tables(found) for row in grid.rows if row[0] in ("train", "test")]
    assert [(row[0], row[1], row[5]) for row in rows] == [
        ("train", "test", "\u2013"),
        ("test", "train", "\u2013"),
    ]


class Names(HTMLParser):
    """Collects tags and addresses that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for key, value in attrs if key in ("src", "href")]


def written(found: dict[str, Any], folder: Path) -> Path:
    (folder / "audit.json").write_text(json.dumps(found))
    return write_report([folder], folder / "audit.html")


def test_the_page_has_its_plots_and_loads_nothing(found: dict[str, Any], tmp_path: Path) -> None:
    page = written(found, tmp_path).read_text(encoding="utf-8")
    parser = Names()
    parser.feed(page)
    assert parser.tags.count("svg") == 5
    assert parser.loads == []
    assert "a &lt;pond&gt; &amp; a [road]" in page
    assert "x.png, caption 2" in page
    assert "y.png: empty caption" in page
    assert "z is cut" in page
    assert not any("nan" in svg.lower() for svg in re.findall(r"<svg.*?</svg>", page))
    assert render_audit(found) == page


def test_one_split_of_one_image_without_pictures(found: dict[str, Any]) -> None:
    one = split(
        "train", "train", false_negatives=[{"batch_size": 1, "expected": 0.0, "texts_share": 0.0}],
        shared={"distinct": 0, "captions_share": 0.0, "images_share": 0.0, "most_shared": []},
    )  # fmt: skip
    found |= {"splits": [one], "shared_captions": [], "images": None}
    page = render_audit(found)
    assert "no two images share a caption" in page
    assert "Images were not compared" in page
    assert len(audit_tables(found)) == 1


def test_what_the_figures_warn_of_is_said_and_nothing_only_where_nothing_is(
    found: dict[str, Any],
) -> None:
    found["leaks"] = [
        {"kind": "captions", "one": "test", "other": "train", "count": 12, "share": 0.546},
        {"kind": "images", "one": "test", "other": "train", "count": 90, "share": 0.9},
    ]
    page = render_audit(found)
    assert "54.6 % of the captions of test (12) stand in train too" in page
    assert page.index("90.0 % of the images") < page.index("54.6 % of the captions")
    assert "train: on 50.0 % of the images every caption is repeated" in page
    assert "uniqueness is 0.938 with copies merged, 0.250 with copies kept" in page
    assert "train: 40.0 % of the texts of a batch of 8 have a false negative" in page
    assert "a strict text-to-image R@1 of 87.5 %" in page
    assert "Nothing." not in page
    calm = split(
        "train", "train", collapse={"merge": 0.0, "keep": 0.0}, left_out=names(),
        false_negatives=[], ceilings={k: {"best": 1.0, "expected": 1.0} for k in ("1", "5", "10")},
        strange={key: names() for key in found["splits"][0]["strange"]},
    )  # fmt: skip
    found |= {"splits": [calm], "leaks": []}
    found["images"]["splits"] = found["images"]["splits"][1:]
    assert "Nothing." in render_audit(found)
    assert audit_notices(found) == []
    leak = {"kind": "captions", "one": "test", "other": "train", "count": 1, "share": 0.01}
    assert "Nothing." not in render_audit(found | {"leaks": [leak]})


def test_figures_as_csv_are_unrounded(found: dict[str, Any], tmp_path: Path) -> None:
    written(found, tmp_path)
    text = write_report([tmp_path], tmp_path / "a.csv").read_text(encoding="utf-8")
    assert "ponds,train,distinct strings / captions,0.75" in text.splitlines()
