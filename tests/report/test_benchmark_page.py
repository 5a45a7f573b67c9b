import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.report.conftest import MakeRun
from wfa.errors import RunError
from wfa.report.benchmark_page import (
    benchmark_tables,
    label_of,
    read_benchmark,
    recommended_words,
    render_benchmark,
    search_of,
)
from wfa.report.report_files import write_report


def point(family: str, recall: float, qps: float, size: float, **more: Any) -> dict[str, Any]:
    times = {"p50": 0.5, "p95": 1.25, "p99": 2.0, "asked": 30}
    return {
        "family": family, "factory": f"<{family}>", "rerank": "none", "parameters": {},
        "device": "cpu", "recall": recall, "task": {"R@1": 0.125, "R@5": 0.5, "R@10": 0.75},
        "qps": {"median": qps, "low": qps / 2, "high": qps * 2},
        "latency_ms": {"one_thread": times, "all_threads": times},
        "bytes": size,
        "build_seconds": 1.5, "load_ms": 12.0, "best_speed": True, "best_size": False, **more,
    }  # fmt: skip


@pytest.fixture
def found() -> dict[str, Any]:
    """A benchmark made of whole cloth."""
    form = {"form": "images", "asked_with": "captions", "vectors": 9, "vectors_an_image": 1.0,
            "bytes_an_image": 64.0, "qps": {"median": 9000.0}, "latency_ms": {"p50": 0.0123},
            "task": {"R@1": 0.25, "R@5": 0.5, "R@10": 1.0},
            "duplicate_aware": {"R@1": 0.375}}  # fmt: skip
    return {
        "source": {"run": "ponds & lakes", "data": "ponds", "split": "test"},
        "settings": {"k": 10},
        "gallery": {"vectors": 5000, "width": 16, "makeup": [
            {"what": "own images", "vectors": 40},
            {"what": "synthetic (mixture)", "vectors": 4960}]},
        "queries": {"distinct": 150, "items": 200},
        "threads": {"all": 2, "one": 1},
        "machine": {"processor": "Abacus", "cores": 2},
        "gpus": 0,
        "points": [
            point("flat", 1.0, 100.0, 64.0),
            point("ivf_pq", 0.9, 1234.0, 9.0, rerank="fp16",
                  parameters={"nprobe": 4, "k_factor_rf": 16, "qb": 8}),
            point("ivf_flat", 0.5, 50.0, 70.0, device="gpu", best_speed=False),
        ],
        "skipped": [{"family": "PQ7", "where": "memory", "reason": "7 does not divide <16>"}],
        "recommended": {"place": 1, "fits": True, "why": "the fastest"},
        "forms": [form, {**form, "form": "captions", "asked_with": "images"}],
        "held_out": {"asked": 7, "held_out": 30, "single": 4, "verbatim": 2,
                     "aggregated_by": "uniqueness"},
        "notes": ["so small that times are noise"],
    }  # fmt: skip


def test_the_page_holds_curves_tables_and_advice(found: dict[str, Any]) -> None:
    page = render_benchmark(found)
    assert page == render_benchmark(json.loads(json.dumps(found)))
    assert "use ivf_pq + fp16 (&lt;ivf_pq&gt;, 4 probes x16)" in page
    assert page.count("<svg") == 2
    for words in (
        "ANN recall@10 against queries a second · gallery of 5,000, 4,960 synthetic",
        "ANN recall@10 against bytes a vector · gallery of 5,000, 4,960 synthetic",
        "40 own images, 4,960 synthetic (mixture)", "All 3 points", "Not measured (1)",
        "7 does not divide &lt;16&gt;", "ponds &amp; lakes", "ivf_flat on GPU", "12.5 %",
        "617 to 2,468", "Gallery forms", "37.5 %", "30 in all; 7 of them are asked",
        "4 images have a single distinct caption", "2 asked captions stand word for word",
        "made by uniqueness of", "Note: so small that times are noise.",
    ):  # fmt: skip
        assert words in page, words
    assert "http" not in page.replace("http-equiv", "")


def test_best_points_are_large_dots(found: dict[str, Any]) -> None:
    speed = render_benchmark(found).partition("<svg")[2].partition("</svg>")[0]
    assert speed.count('r="5"') == 2
    assert speed.count('r="3"') == 1


def test_nothing_fits(found: dict[str, Any]) -> None:
    found["recommended"] = {"place": 0, "fits": False, "why": "no point keeps it"}
    assert recommended_words(found) == (
        "nothing fits; nearest is flat (<flat>): no point keeps it "
        "(threads: 2 for batches, 1 where it says so)"
    )
    assert 'class="warning"' in render_benchmark(found)


def test_terminal_tables_fit_80_columns(found: dict[str, Any]) -> None:
    console = Console(width=80, record=True)
    for table in benchmark_tables(found):
        console.print(table.to_rich())
    text = console.export_text()
    assert "…" not in text
    assert "ivf_pq + fp16" in text
    assert "ivf_flat on GPU" not in text  # beaten in both measures
    assert "1,234" in text


def test_labels() -> None:
    measured = point("hnsw", 1, 1, 1, rerank="fp32", device="gpu", parameters={"efSearch": 64})
    assert (label_of(measured), search_of(measured)) == ("hnsw on GPU + fp32", "beam 64")


def test_a_run_report_shows_its_benchmark(found: dict[str, Any], make_run: MakeRun) -> None:
    run = make_run()
    out = run / "report.html"
    write_report([run], out)
    assert "ANN recall" not in out.read_text()
    (run / "benchmark").mkdir()
    path = run / "benchmark" / "benchmark.json"
    path.write_text(json.dumps(found))
    write_report([run], out)
    assert "ANN recall@10 against bytes" in out.read_text()
    page = write_report([path], path.with_suffix(".html"))
    assert page == path.with_suffix(".html")
    path.write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        write_report([run], out)


@pytest.mark.parametrize(
    ("text", "message"),
    [("3", "cannot be read"), ("{}", "has no source"), ("nonsense", "cannot be read")],
)
def test_what_is_no_benchmark(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "benchmark.json"
    path.write_text(text)
    with pytest.raises(RunError, match=message):
        read_benchmark(path)
