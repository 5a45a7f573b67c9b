"""Questions as statements: what would be true of the image if an answer were right."""

from collections.abc import Sequence
from typing import NamedTuple

from wfa.bigearthnet.choice_statements import choice_statement
from wfa.bigearthnet.rows import Options
from wfa.bigearthnet.yes_no_statements import yes_no_statement


class YesNo(NamedTuple):
    """A yes/no question as two statements; both are None when no rule knows the question."""

    yes: str | None
    no: str | None


def of_yes_no(question: str, category: str = "") -> YesNo:
    """Return what is true for yes, and for no."""
    yes, no = (yes_no_statement(question, answer, category) for answer in (True, False))
    return YesNo(yes, no) if yes is not None and no is not None else YesNo(None, None)


def claim_of(question: str, category: str = "") -> str:
    """Return what is to be judged true or false: the statement for yes, else the question."""
    return of_yes_no(question, category).yes or question


def of_options(category: str, options: Options) -> Sequence[str]:
    """Return one statement for each option.

    Where a rule is lacking for one, all are the question with the option behind it: statements of
    two kinds would not be comparable. So are they where two options would say the same, as Fall
    does beside Autumn.
    """
    found = [choice_statement(category, options.stem, text) for text in options.texts]
    known = [statement for statement in found if statement is not None]
    if len(set(known)) == len(found):
        return known
    return [f"{options.stem} {text}" for text in options.texts]
