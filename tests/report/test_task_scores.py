"""The tables of scores.json: what stands beside published results, and what does not."""

from typing import Any

import pytest
from rich.console import Console

from wfa.report.task_scores import score_notes, score_tables


def content(comparable: bool) -> dict[str, Any]:
    counts = {"rows": 12, "unparsed": 0, "missing": 0}
    boxes = ("mIoU", "Acc@25", "Acc@50", "Acc@75", "Acc@90")
    figures = [
        {"task": task, "metric": "accuracy", "value": 0.5, **counts}
        for task in ("binary/presence", "binary", "mcq/relative pos", "mcq")
    ]
    figures += [
        {"task": task, "metric": metric, "value": 1.0, **counts}
        for task in ("referring/reference", "referring")
        for metric in boxes
    ]
    figures += [{"task": "captioning", "metric": "BLEU-4", "value": 0.25, **counts}]
    return {
        "data": {"name": "scenes_s1s2", "split": "bench", "bad_rows": 0}, "figures": figures,
        "methods": {"BLEU-4": "corpus BLEU"}, "left_out": {},
        "published": {
            "source": "arXiv:1", "comparable": comparable,
            "results": [{"model": "GPT", "bleu4": 1, "binary": 60, "mcq": 30, "miou": 20}],
        },
    }  # fmt: skip


def printed(found: dict[str, Any]) -> str:
    console = Console(width=80)
    with console.capture() as capture:
        for table in score_tables(found, "mine"):
            console.print(table.to_rich())
    return capture.get()


@pytest.mark.parametrize("comparable", [True, False])
def test_published_results_are_called_what_they_are(comparable: bool) -> None:
    found = content(comparable)
    assert "GPT" in printed(found)
    assert ("NOT comparable" in printed(found)) is not comparable
    assert any("not the official" in note for note in score_notes(found)) is not comparable


def test_no_figure_is_cut_off_at_80_columns() -> None:
    assert "…" not in printed(content(True))
    assert "100.00" in printed(content(True))
