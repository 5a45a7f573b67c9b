"""The page of a comparison: whole, offline, escaped."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.report.made_comparison import made_comparison
from wfa.errors import RunError
from wfa.report.comparison_page import render_comparison
from wfa.report.comparison_tables import sets_tables
from wfa.report.report_files import write_comparison, write_report

VOID = frozenset({"br", "hr", "img", "meta", "link", "col", "input"})


@pytest.fixture
def found() -> dict[str, Any]:
    """What comparison.json holds."""
    return made_comparison()


@pytest.fixture
def folder(found: dict[str, Any], tmp_path: Path) -> Path:
    """The folder of a comparison."""
    (tmp_path / "comparison.json").write_text(json.dumps(found))
    return tmp_path


class Checked(HTMLParser):
    """Notes headings and text, and that every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: dict[str, int] = {}
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.ids += [value or "" for name, value in attrs if name == "id"]
        for name, value in attrs:
            if name in ("src", "href"):
                assert (value or "").startswith(("data:", "#"))
        if tag not in VOID and tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(found: dict[str, Any]) -> None:
    page = render_comparison(found)
    checked = Checked(page)
    assert len(set(checked.ids)) == len(checked.ids)
    assert {"set0-guidelines", "set0-differences", "set0-weights", "set0-queries"} <= set(
        checked.ids
    )
    assert checked.tags["svg"] == 3
    assert "<b>other</b>" not in page
    assert "&lt;b&gt;other&lt;/b&gt;" in page
    assert "<pond>" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_what_failed_is_said(found: dict[str, Any]) -> None:
    page = render_comparison(found)
    assert "1 of 5 cells failed" in page
    assert "&lt;oh no&gt;" in page


def test_few_images_are_said_where_they_are_few(found: dict[str, Any]) -> None:
    for one in found["sets"]:
        one["images"] = 500
    assert "guessing" not in render_comparison(found)
    found["sets"][0]["images"] = 20
    assert "guessing reaches an R@10 of 50.0" in render_comparison(found)


def test_noise_looks_other_than_a_difference(found: dict[str, Any]) -> None:
    page = render_comparison(found)
    assert re.search(r'<td class="ok"[^>]*>\+50.0</td>', page)  # single queries: measurable
    assert re.search(r'<td class="noise"[^>]*>\+50.0</td>', page)  # aggregated ones: not


def test_copies_of_a_caption_are_one_row(found: dict[str, Any]) -> None:
    page = render_comparison(found)
    assert page.count("a &lt;pond&gt; (2 copies)") == 1
    assert page.count(">50 %<") == 2  # the copies together, and the other caption
    assert "one joined text" in page


def test_the_same_tables_in_three_languages(folder: Path) -> None:
    page = write_comparison(folder)
    markdown = (folder / "tables.md").read_text(encoding="utf-8")
    latex = (folder / "tables.tex").read_text(encoding="utf-8")
    html = page.read_text(encoding="utf-8")
    for text in (markdown, latex, html):
        assert "25.0 ± 1.2" in text
        assert "40.00 to 60.00" in text
    assert "plain\\_way" in markdown
    assert "plain\\_way" in latex
    assert markdown.startswith("- **Which?** ")
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 9
    assert markdown.count("| --- |") + markdown.count("| --- | ---: |") >= 9


def test_report_knows_a_comparison(folder: Path, tmp_path: Path) -> None:
    one = write_report([folder], tmp_path / "one.html").read_text(encoding="utf-8")
    assert one == write_comparison(folder).read_text(encoding="utf-8")
    with pytest.raises(RunError, match="is a comparison"):
        write_report([folder, folder], tmp_path / "two.html")


def test_what_is_no_comparison(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"comparison\.json cannot be read"):
        write_comparison(tmp_path)
    (tmp_path / "comparison.json").write_text("[]")
    with pytest.raises(RunError, match="holds no comparison"):
        write_comparison(tmp_path)


def test_thumbnails_from_elsewhere_are_refused(found: dict[str, Any]) -> None:
    found["sets"][0]["queries"][0]["thumbnail"] = "https://example.org/x.png"
    with pytest.raises(RunError, match="data URI"):
        render_comparison(found)


def test_a_comparison_of_one_technique_has_a_page(found: dict[str, Any]) -> None:
    one = found["sets"][0]
    name = one["techniques"][0]["label"]
    for key in ("scores", "cost", "speed", "curves", "examples", "techniques"):
        one[key] = [row for row in one[key] if row["label"] == name]
    one |= {"pairs": [], "against": [], "guidelines": [], "pareto": []}
    for query in one["queries"]:
        query["ranks"] = {name: 12.0}
    page = render_comparison(found)
    assert {"set0-results", "set0-weights"} <= set(Checked(page).ids)
    assert f">{name}<" in page
    assert "other&lt;/b&gt;" not in page


def test_dropout_that_moves_shows_both_ends(found: dict[str, Any]) -> None:
    first, second = found["sets"][0]["techniques"]
    first["options"] = {"caption_dropout": 0.9, "caption_dropout_end": 0.0}
    second["options"] = {"caption_dropout": 0.5, "caption_dropout_end": None}
    page = render_comparison(found)
    assert ">0.9 to 0.0<" in page
    assert ">0.5<" in page
    assert "caption_dropout_end" not in page


def test_several_data_sets_stand_side_by_side(found: dict[str, Any]) -> None:
    one = found["sets"][0]
    half = [{**row, "mean": row["mean"] / 2} for row in one["scores"]]
    found["sets"] = [
        {**one, "data": "redundancy 0.5"},
        {**one, "data": "redundancy 0.25", "scores": half},
    ]
    page = render_comparison(found)
    checked = Checked(page)
    assert {"sets", "set0-results", "set1-results"} <= set(checked.ids)
    assert checked.tags["svg"] == 2 + 2 * 3
    first, second = sets_tables(found)
    assert first.header == ("technique", "redundancy 0.5", "redundancy 0.25")
    assert first.rows[0] == ("plain_way", "25.0 ± 1.2", "12.5 ± 1.2")
    assert len(second.rows) == 2
    found["sets"][1]["data"] = "ponds"
    assert Checked(render_comparison(found)).tags["svg"] == 2 * 3
