"""What scoring leaves behind: `scores.json`, read by tables and reports."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wfa.errors import ConfigError
from wfa.files import write_text
from wfa.provenance import git_state, versions
from wfa.tasks.captioning.caption_figures import METHODS
from wfa.tasks.published_bench import PUBLISHED, SOURCE, is_official
from wfa.tasks.score import Scores

FILE = "scores.json"


def scores_json(
    scores: Scores,
    data: Mapping[str, Any],
    about: Mapping[str, Any],
    controls: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of `scores.json`.

    Args:
        scores: The figures.
        data: What was asked: `name`, `split`, `bad_rows` and their `reasons`.
        about: Whose answers they are.
        controls: What `wfa.tasks.controls` found, where it was asked.

    Returns:
        `figures` as a list of rows by the strict rule, `lenient` the same of the answers read
        leniently, `not_parsed` examples of the difference; `controls`; `bad_rows` that were left
        out; `methods` of the captions' figures and `left_out` among them; `published` results with
        `comparable`: whether these are the official bench rows.
    """
    return {
        "data": {**data, "rows": scores.rows},
        "answers": dict(about),
        "figures": [figure.as_dict() for figure in scores.figures],
        "lenient": [figure.as_dict() for figure in scores.lenient],
        "not_parsed": [example._asdict() for example in scores.examples],
        **({} if controls is None else {"controls": dict(controls)}),
        "methods": METHODS,
        "left_out": scores.left_out,
        "published": {
            "source": SOURCE,
            "unit": "percent",
            "comparable": data["split"] == "bench" and is_official(scores.rows),
            "results": [result._asdict() for result in PUBLISHED],
        },
        "git": git_state(),
        "versions": versions(),
    }


def check_scores_of(path: Path, answers: str) -> None:
    """Refuse a `scores.json` that `wfa score` did not make of this file of answers.

    Args:
        path: The file that is to be written.
        answers: Name of the file of answers.

    Raises:
        ConfigError: It holds the scores of other answers, or something else.
    """
    if not path.exists():
        return
    try:
        held = json.loads(path.read_text(encoding="utf-8"))["answers"]["file"]
    except (OSError, ValueError, KeyError, TypeError):
        held = None
    if held != answers:
        of = f"the scores of {held}" if isinstance(held, str) else "no scores of a file of answers"
        raise ConfigError(
            f"{path} holds {of}, not of {answers}: say out=FILE to keep both, such as "
            f"out={path.with_name(f'{Path(answers).stem}.{FILE}')}"
        )


def write_scores(path: Path, content: Mapping[str, Any]) -> None:
    """Write `scores.json`, whole or not at all.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
