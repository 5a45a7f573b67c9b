"""All rows of one patch."""

from collections.abc import Iterator

from wfa.bigearthnet.annotate.box_questions import box_questions
from wfa.bigearthnet.annotate.caption_rows import caption_question
from wfa.bigearthnet.annotate.choice_questions import choice_questions
from wfa.bigearthnet.annotate.patch_facts import PatchFacts
from wfa.bigearthnet.annotate.patch_metadata import Place
from wfa.bigearthnet.annotate.wrong_classes import Universe
from wfa.bigearthnet.annotate.yes_no_questions import Question, yes_no_questions
from wfa.bigearthnet.rows import BOX, CAPTION, CHOICE, YES_NO
from wfa.draws import Draws

_STREAMS = {YES_NO: 10, CHOICE: 11, BOX: 12, CAPTION: 13}
"""Each type draws for itself: a change to one leaves the others' rows as they were."""


def patch_questions(
    facts: PatchFacts, place: Place, universe: Universe, seed: int
) -> Iterator[Question]:
    """Give the rows of a patch: the same for a seed, whatever other patches there are.

    Only the frequencies in `universe` are taken from the rest of the data set.

    Args:
        facts: What is true of its map.
        place: What is known of it otherwise.
        universe: How frequent classes are, for wrong answers.
        seed: Seed, >= 0.
    """
    draws = {kind: Draws(seed, place.patch_id, 0, stream) for kind, stream in _STREAMS.items()}
    yield from yes_no_questions(facts, universe, draws[YES_NO])
    yield from choice_questions(facts, place, universe, draws[CHOICE])
    yield from box_questions(facts, draws[BOX])
    caption = caption_question(facts, place, draws[CAPTION])
    if caption is not None:
        yield caption
