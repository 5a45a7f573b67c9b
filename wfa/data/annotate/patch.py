"""All rows of one patch."""

from collections.abc import Iterator

from wfa.data._bigearthnet.rows import BOX, CAPTION, CHOICE, YES_NO
from wfa.data._scenes.draws import Draws
from wfa.data.annotate.absent import Universe
from wfa.data.annotate.boxes import box_questions
from wfa.data.annotate.captions import caption_question
from wfa.data.annotate.choices import choice_questions
from wfa.data.annotate.facts import PatchFacts
from wfa.data.annotate.metadata import Place
from wfa.data.annotate.yes_no import Question, yes_no_questions

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
