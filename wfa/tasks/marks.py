"""Marks of single answers by the official rule: strict, so that every model is read alike.

What counts as an answer:
- yes/no: `yes` or `no`, in any case, with a full stop or not;
- multiple choice: one option letter, `b`, `B`, `b)`, `(b)` or `b.`; neither the option's text nor
  a letter that the question does not offer;
- box: `[x1 y1, x2 y2]` in shares of width and height, 0 to 1, x1 < x2 and y1 < y2;
- caption: any text that is not blank.
Any other answer is unparsed: it is wrong, its box has IoU 0, its caption is scored as empty, and
it is counted. A question without an answer is missing: the same, counted apart.
"""

from wfa.bigearthnet.rows import Box, Choice, Located, parse_box, parse_letter, parse_yes_no
from wfa.tasks.box_overlap import box_iou
from wfa.tasks.questions import Question


def mark_answer(question: Question, output: str) -> float:
    """Return 1 for right and 0 for wrong, the IoU of a box, 1 for any caption.

    Raises:
        ValueError: It is no answer by the rules of this module.
    """
    right = question.answer
    if isinstance(right, bool):
        return float(parse_yes_no(output) == right)
    if isinstance(right, Choice):
        return float(parse_letter(output, len(right.options.texts)) == right.right)
    if isinstance(right, Located):
        return box_iou(parse_box(output), Box(*right.box))
    if not output.strip():
        raise ValueError("the caption is blank")
    return 1.0


def mark_or_none(question: Question, output: str | None) -> float | None:
    """Return what `mark_answer` does, and None for no answer."""
    if output is None:
        return None
    try:
        return mark_answer(question, output)
    except ValueError:
        return None
