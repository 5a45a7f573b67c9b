"""What an image's rows say as texts to aggregate: captions, sentences, statements, phrases."""

from collections.abc import Iterator, Mapping, Sequence

from wfa.bigearthnet.choice_statements import choice_statement
from wfa.bigearthnet.rows import (
    BOX,
    CAPTION,
    CHOICE,
    YES_NO,
    Answer,
    Choice,
    Located,
    Row,
    parse_row,
)
from wfa.bigearthnet.yes_no_statements import yes_no_statement
from wfa.captions.sentences import split_sentences
from wfa.errors import ConfigError

KINDS: Mapping[str, tuple[str, str]] = {
    "caption": (CAPTION, "the whole caption"),
    "sentences": (CAPTION, "each sentence of the caption"),
    "yes_no": (YES_NO, "statements of the yes/no questions that are answered with yes"),
    "negations": (YES_NO, "denials of the yes/no questions that are answered with no"),
    "choices": (CHOICE, "statements of the right options"),
    "regions": (BOX, "the phrases that regions are referred to by"),
}
"""Kind of text -> the type of row that it comes from, and what it is."""


def resolve_kinds(wanted: str) -> tuple[str, ...]:
    """Return the kinds of text in a list joined by commas.

    Raises:
        ConfigError: There is no such kind, or none is named.
    """
    kinds = tuple(part.strip() for part in wanted.split(","))
    for kind in kinds:
        if kind not in KINDS:
            known = "; ".join(f"{name}: {what}" for name, (_, what) in KINDS.items())
            raise ConfigError(
                f"data.texts={wanted!r}: there is no kind {kind!r}. Known, to be joined by commas, "
                f"are {known}"
            )
    return kinds


def texts_of(rows: Sequence[Row], kinds: Sequence[str]) -> Iterator[str]:
    """Give the texts of one image's rows, in the order of the rows.

    A question that no rule knows gives nothing.

    Raises:
        DataError: A row does not parse; the message names its ID.
    """
    for row in rows:
        answer = parse_row(row)
        yield from _texts(row, answer, kinds)


def left_out(rows: Sequence[Row], kinds: Sequence[str]) -> Iterator[Row]:
    """Give the questions whose statement is wanted but that no rule knows.

    Raises:
        DataError: A row does not parse; the message names its ID.
    """
    for row in rows:
        if row.type in (YES_NO, CHOICE):
            answer = parse_row(row)
            if _is_wanted(answer, kinds) and statement_of(row, answer) is None:
                yield row


def statement_of(row: Row, answer: Answer) -> str | None:
    """Return what a question's answer says of the image, or None when no rule knows it.

    Args:
        row: A yes/no or multiple-choice question.
        answer: Its own answer, or another one of the same kind to have its statement.
    """
    if isinstance(answer, bool):
        return yes_no_statement(row.question, answer, row.category)
    if isinstance(answer, Choice):
        options = answer.options
        return choice_statement(row.category, options.stem, options.texts[answer.right])
    return None


def _is_wanted(answer: Answer, kinds: Sequence[str]) -> bool:
    if isinstance(answer, bool):
        return ("yes_no" if answer else "negations") in kinds
    return isinstance(answer, Choice) and "choices" in kinds


def _texts(row: Row, answer: Answer, kinds: Sequence[str]) -> Iterator[str]:
    if isinstance(answer, str):
        if "caption" in kinds:
            yield answer
        if "sentences" in kinds:
            yield from split_sentences(answer)
    elif isinstance(answer, Located):
        if "regions" in kinds and isinstance(answer.target, str):
            yield answer.target
    elif _is_wanted(answer, kinds):
        statement = statement_of(row, answer)
        if statement is not None:
            yield statement
