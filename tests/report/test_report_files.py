import csv
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.report.conftest import metric_rows, run_info
from wfa.errors import RunError, UserError
from wfa.report.finished_run import load_run
from wfa.report.report_files import render_runs as render
from wfa.report.report_files import write_report
from wfa.report.side_by_side import legends, side_by_side

VOID = frozenset({"br", "hr", "img", "meta", "link", "col", "input"})
MakeRun = Callable[..., Path]
Json = dict[str, Any]
ATTACK = (
    """</title></style></script><script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;"""
)


class Page(HTMLParser):
    """Reads a page; fails where an element is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


def test_one_run_shows_every_part(make_run: MakeRun) -> None:
    page = Page(render([load_run(make_run())]))
    headings = ["At a glance", "Results", "Curves", "Queries and what was found", "Settings",
                "Cost", "Provenance"]  # fmt: skip
    places = [page.words.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "right image among its first five in 50.0 %" in page.words
    assert "Chance would reach 12.5 %" in page.words
    assert "The weights of epoch 2 of 3 were kept" in page.words
    assert "rank 3 \u00b7 1 more image bears it" in page.words
    assert "wfa train --config-file config.yaml" in page.words
    assert "abababababab with uncommitted changes" in page.words
    assert "50.0 % of all queries" in page.words  # ranks 3 and 10 of 1, 3, 10, 40


def test_hits_are_marked_own_same_caption_or_wrong(make_run: MakeRun) -> None:
    page = Page(render([load_run(make_run())]))
    kinds = [kind for kind in page.values("class") if kind in ("own", "ok", "same", "no")]
    assert kinds[-4:] == ["own", "same", "no", "ok"]
    alts = page.values("alt")
    assert alts[0] == "pond1.png: the query's image"
    assert alts[1] == "pond2.png: bears the same caption"


def test_several_runs_are_compared_before_each_is_shown(make_run: MakeRun) -> None:
    runs = [load_run(make_run("a")), load_run(make_run("b", aggregation="attention", seed=8))]
    page = Page(render(runs))
    assert "Comparison of 2 runs" in page.words
    assert "ponds (a) ponds (b)" in page.words  # the legend: equal names carry their folders
    differing = page.words.partition("Settings that differ")[2]
    assert "aggregation.name mean attention train.seed 7 8" in differing
    targets = set(page.values("id"))
    links = [link for link in page.values("href") if link.startswith("#")]
    assert links == ["#run1", "#run2"]
    assert {link[1:] for link in links} <= targets
    assert len(targets) == len(page.values("id"))
    assert "different data" not in page.words


def test_runs_measured_on_different_data_carry_a_warning(
    make_run: MakeRun, info_of: Callable[[str], Json]
) -> None:
    info = info_of("ponds")
    info["data"]["splits"]["test"] = {"images": 40, "captions": 200, "checksum": "other"}
    page = Page(render([load_run(make_run("a")), load_run(make_run("b", run=info))]))
    assert "their numbers cannot be compared" in page.words


def test_a_selection_on_another_split_carries_a_warning(
    make_run: MakeRun, info_of: Callable[[str], Json]
) -> None:
    info = info_of("ponds")
    info["selection"]["metric"] = "test/mR"
    assert (
        "not selected on the validation split" in Page(render([load_run(make_run(run=info))])).words
    )


def test_a_loss_that_is_not_finite_carries_a_warning(make_run: MakeRun) -> None:
    folder = make_run()
    path = folder / "history.csv"
    path.write_text(path.read_text().replace(",3.0,", ",nan,"))
    assert "not a finite number in 1 of the rows" in Page(render([load_run(folder)])).words


def test_the_page_fetches_nothing(make_run: MakeRun) -> None:
    text = render([load_run(make_run("a")), load_run(make_run("b"))])
    page = Page(text)
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert all(link.startswith("#") for link in page.values("href"))
    assert not {"link", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(|@import|https?://|fetch\(|XMLHttp|import\(", text)


def test_whatever_the_files_say_no_markup_of_theirs_reaches_the_page(
    make_run: MakeRun, info_of: Callable[[str], Json], gallery_of: Callable[..., Json],
    rows: list[Json],
) -> None:  # fmt: skip
    harmless = Page(render([load_run(make_run("a")), load_run(make_run("b"))]))
    info = info_of(ATTACK)
    for part in ("git", "versions", "machine"):
        info[part] = dict.fromkeys(info[part], ATTACK)
    info["config_id"] = info["device"] = info["seed"] = ATTACK
    info["data"] = {
        "name": ATTACK,
        "splits": {**info["data"]["splits"], ATTACK: {"checksum": ATTACK}},
    }
    info["selection"]["queries"] = ATTACK
    own = [row | {"data": ATTACK} for row in rows if row["split"] == "test"]
    gallery = gallery_of(ATTACK, ATTACK) | {"data": ATTACK}
    files = {"run": info, "metrics": own, "gallery": gallery}
    runs = [load_run(make_run("c", name=ATTACK, aggregation=ATTACK, **files)),
            load_run(make_run("d", name=ATTACK, **files))]  # fmt: skip
    page = Page(render(runs))
    for name in ("script", "style", "title", "img"):
        count = sum(tag == name for tag, _ in page.tags)
        assert count == sum(tag == name for tag, _ in harmless.tags)
    assert not [key for _, attrs in page.tags for key in attrs if key.startswith("on")]
    assert " ".join(ATTACK.split()) in page.words


def test_only_the_script_of_ours_may_run(make_run: MakeRun) -> None:
    text = render([load_run(make_run())])
    policy = Page(text).values("content")[0]
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "unsafe-eval" not in policy


def test_the_same_runs_give_the_same_bytes(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run()
    first = write_report([folder], tmp_path / "first.html").read_bytes()
    assert write_report([folder], tmp_path / "deep" / "second.html").read_bytes() == first


def test_a_bare_run_is_shown_all_the_same(
    make_run: MakeRun, info_of: Callable[[str], Json], rows: list[Json]
) -> None:
    empty: Json = {"git": {}, "versions": {}, "machine": {}, "data": {}, "seconds": {},
                   "selection": {}, "throughput": {}, "parameters": {}}  # fmt: skip
    few = [row for row in rows if row["metric"] == "mAP"]
    folder = make_run(run=info_of("bare") | empty, metrics=few)
    (folder / "gallery.json").unlink()
    (folder / "history.csv").write_text("step,epoch,loss\n")
    page = Page(render([load_run(folder)]))
    assert not re.search(r"\b(None|nan|inf)\b", page.words)


def test_a_broken_run_leaves_no_page(make_run: MakeRun, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    with pytest.raises(RunError):
        write_report([make_run("a"), tmp_path / "nowhere"], out)
    assert not out.exists()
    with pytest.raises(RunError, match="at least one run folder"):
        write_report([], out)


def test_legends_name_techniques_and_runs_only_where_those_agree(make_run: MakeRun) -> None:
    mean, other, again = (
        load_run(make_run(folder, aggregation=technique))
        for folder, technique in (("a", "mean"), ("b", "attention"), ("c", "mean"))
    )
    assert legends([mean, other]) == ["mean", "attention"]
    assert legends([mean, again]) == ["mean \u00b7 ponds (a)", "mean \u00b7 ponds (c)"]
    seeds = [load_run(make_run(f"s{seed}", run=run_info("ponds") | {"seed": seed}))
             for seed in (1, 2)]  # fmt: skip
    assert legends(seeds) == ["mean, seed 1", "mean, seed 2"]


@pytest.mark.parametrize("name", ["t.md", "t.tex", "t.csv", "t.TEX"])
def test_the_name_says_the_format(make_run: MakeRun, tmp_path: Path, name: str) -> None:
    runs = [make_run("a"), make_run("b", aggregation="attention")]
    text = write_report(runs, tmp_path / name).read_text(encoding="utf-8")
    assert "<html" not in text
    if name == "t.csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert len(rows) == 2 * len(metric_rows())
        assert {row["technique"] for row in rows} == {"mean", "attention"}
        want = [row["value"] for row in metric_rows()]
        assert [float(row["value"]) for row in rows[: len(want)]] == want
    else:
        mark = "| 12.5 |" if name == "t.md" else "& 12.5 &"
        assert mark in text
        assert "ponds (a) \u00b7 ponds \u00b7 test" in text


def test_an_ending_that_is_no_report_is_refused(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    for name in ("t.pdf", "t.json", "t.htm.gz"):
        with pytest.raises(UserError, match=r"a report is no \.\w+ file; name one that ends in"):
            write_report([run], tmp_path / "out" / name)
    assert not (tmp_path / "out").exists()
    assert "<html" in write_report([run], tmp_path / "page").read_text(encoding="utf-8")


def test_the_figures_of_the_page_are_those_of_metrics_json(make_run: MakeRun) -> None:
    rows = metric_rows()
    for place, row in enumerate(rows):
        row["value"] = 0.001 * (place + 1)
    page = render([load_run(make_run(metrics=rows))])
    shown = [float(value) for value in re.findall(r'data-sort="([\d.]+)"', page)]
    assert {row["value"] for row in rows} <= set(shown)


def test_both_colour_schemes_are_there(make_run: MakeRun) -> None:
    page = render([load_run(make_run())])
    assert "prefers-color-scheme: dark" in page
    light, dark = page.partition("@media (prefers-color-scheme: dark)")[::2]
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", page)) - {"--part"}
    assert "--s0" in used
    for scheme in (light, dark[: dark.index("* {")]):
        assert used <= set(re.findall(r"(--[a-z0-9]+):", scheme))
    svg = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert not re.search(r"#[0-9a-f]{6}|#[0-9a-f]{3}\b", svg)


def test_published_results_stand_beside_a_run_in_every_format(
    make_run: MakeRun, info_of: Callable[[str], dict[str, Any]], rows: list[dict[str, Any]],
    tmp_path: Path,
) -> None:  # fmt: skip
    test = [{**row, "data": "rsicd"} for row in rows if row["split"] == "test"]
    info = info_of("ponds")
    info["data"]["name"] = "rsicd"
    both = [{**row, "ties": ties} for row in test for ties in ("worst", "expected")]
    folder = make_run(run=info, metrics=both)
    for ending in ("html", "md", "tex"):
        text = write_report([folder], tmp_path / f"out.{ending}").read_text()
        assert "GeoRSCLIP-FT ViT-B/32" in text
        assert "38.9" in text
        assert "selected on an unknown split" in text
    assert "GeoRSCLIP" not in write_report([folder], tmp_path / "out.csv").read_text()


def test_runs_under_two_rules_of_ties_say_so_side_by_side(make_run: MakeRun) -> None:
    one, other = load_run(make_run("a")), load_run(make_run("b"))
    assert "ties" not in side_by_side([one, other])["scores"].header
    told = replace(other, config={**other.config, "retrieval": {"ties": "expected"}})
    scores = side_by_side([one, told])["scores"]
    column = scores.header.index("ties")
    assert [row[column] for row in scores.rows] == ["worst", "expected"]
