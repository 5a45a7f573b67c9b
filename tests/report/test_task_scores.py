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


def test_controls_of_all_tasks_fit_and_say_what_is_seen() -> None:
    found = content(True)
    row = {"answers": "generated", "metric": "mIoU", "value": 1.0, "p": 0.0125, "seen": True}
    found["controls"] = {
        "seen": [{**row, "task": "referring/reference"}],
        "figures": [
            {"control": name, "of": "", "task": "referring/reference", "metric": "mIoU",
             "value": 1.0}
            for name in ("majority", "prior", "blind", "shuffled")
        ],
        "methods": {"blind": "without images"},
        "left_out": {"prior": "one patch only"},
    }  # fmt: skip
    shown = printed(found)
    assert "…" not in shown
    for word in ("generated", "majority", "prior", "blind", "shuffled", "0.013", "seen", "yes"):
        assert word in shown
    notes = score_notes(found)
    assert "blind: without images" in notes
    assert any("prior could not be computed: one patch only" in note for note in notes)


def test_both_rules_stand_side_by_side_where_they_differ() -> None:
    found = content(True)
    found["figures"][0] |= {"unparsed": 3}
    found["lenient"] = [{**found["figures"][0], "value": 0.75, "unparsed": 1}]
    found["not_parsed"] = [
        {"task": "mcq/season", "ID": 7, "output": "a) summer", "lenient": "a"},
        {"task": "mcq/season", "ID": 8, "output": "who knows", "lenient": None},
    ]
    shown = printed(found)
    assert "75.00" in shown
    assert "lenient" in shown
    notes = " ".join(score_notes(found))
    assert "ID 7 (mcq/season): 'a) summer', leniently 'a'" in notes
    assert "'who knows', leniently neither" in notes
