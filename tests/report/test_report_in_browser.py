"""Pages in a real browser: nothing to complain about, tables that sort, no page too wide."""

import json
from pathlib import Path

from tests.report.conftest import MakeRun
from tests.report.made_comparison import made_comparison
from tests.search.browser import Browser
from wfa.report.report_files import write_report

SORTED = """(() => {
  const table = document.querySelector("table.sort");
  table.tHead.rows[1].cells[COLUMN].querySelector("button").click();
  return [...table.tBodies[0].rows].map((row) => row.cells[COLUMN].textContent);
})()"""


def opened(browser: Browser, page: Path) -> None:
    browser.complaints.clear()
    browser.open(page.as_uri())
    browser.wait(f"location.pathname.endsWith('{page.name}') && document.readyState === 'complete'")


def test_runs_are_sorted_by_their_numbers(
    browser: Browser, make_run: MakeRun, tmp_path: Path
) -> None:
    runs = [make_run("a"), make_run("b", aggregation="attention"), make_run("c", seed=8)]
    for run, seconds in zip(runs, (65.0, 3700.0, 8.0), strict=True):
        info = json.loads((run / "run.json").read_text())
        info["seconds"]["fit"] = seconds
        (run / "run.json").write_text(json.dumps(info))
    opened(browser, write_report(runs, tmp_path / "runs.html"))
    last = SORTED.replace("COLUMN", "11")
    slowest_first = ["1 h 02 min", "1 min 05 s", "8.0 s"]
    assert browser.run(last) == slowest_first
    assert browser.run(last) == slowest_first[::-1]
    assert browser.complaints == []


def test_every_page_fits_a_narrow_window(
    browser: Browser, make_run: MakeRun, tmp_path: Path
) -> None:
    (tmp_path / "comparison.json").write_text(json.dumps(made_comparison()))
    for name, path in (("run", make_run()), ("comparison", tmp_path)):
        opened(browser, write_report([path], tmp_path / f"{name}.html"))
        browser.run("document.body.style.width = '390px'")
        assert browser.run("document.body.scrollWidth") <= 390
        assert browser.complaints == []
