"""Questions as prompts for other models: what is asked, and in which form to answer."""

from collections.abc import Iterable
from pathlib import Path

from wfa.bigearthnet.rows import BOX, CAPTION, CHOICE, YES_NO
from wfa.tasks.predictions import write_lines
from wfa.tasks.questions import Question

FORMS = {
    YES_NO: "Answer with yes or no only.",
    CHOICE: "Answer with the letter of the right option only.",
    BOX: "Answer with one box only, in the form [x1 y1, x2 y2]: its left, top, right and bottom "
    "edge in shares of the image's width and height, from 0 to 1, with two decimals; the origin is "
    "the top left corner.",
    CAPTION: "Answer with one paragraph of plain English, without headings or lists.",
}
"""Type -> how an answer is to be given, so that `wfa score` can read it."""


def write_prompts(path: Path, questions: Iterable[Question]) -> int:
    """Write one JSON object a question: ID, patch_id, s1_name, type, category, prompt.

    The right answers are not in the file.

    Returns:
        How many there are.

    Raises:
        UserError: The disk is full or the folder may not be written to.
    """
    return write_lines(path, map(_prompt, questions))


def _prompt(question: Question) -> dict[str, str | int]:
    row = question.row
    return {
        "ID": row.id,
        "patch_id": row.patch_id,
        "s1_name": row.s1_name,
        "type": row.type,
        "category": row.category,
        "prompt": f"{row.question.strip()}\n{FORMS[row.type]}",
    }
