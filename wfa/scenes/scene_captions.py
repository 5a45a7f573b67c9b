"""Captions of a scene: English sentences made of its facts, some of them said before."""

from collections.abc import Sequence
from dataclasses import dataclass

from wfa.draws import Draws
from wfa.scenes.scene_facts import Absence, Fact, Time, scene_facts, subjects
from wfa.scenes.scene_layout import Scene
from wfa.scenes.vocabulary import Phrase, circumstance, thing_phrase

MOST_CAPTIONS = 16
"""Of an image; many a scene has facts for fewer, and the last captions then repeat earlier ones."""
_MOST_DRAWN = 8
FEWEST_WORDS, MOST_WORDS = 5, 20
_TRIES = 12
_FRAMES = (
    "{things}",
    "there {is_are} {things}",
    "an aerial view of {things}",
    "this image shows {things}",
    "a satellite picture with {things}",
    "we look down on {things}",
    "{things} can be seen from above",
)


@dataclass(frozen=True)
class Caption:
    """A caption and the facts that it states; `repeats` if it says only what was said before."""

    text: str
    facts: tuple[Fact, ...]
    repeats: bool


def write_captions(
    scene: Scene,
    redundancy: float | None,
    draws: Draws,
    count: int | None = None,
    verbatim: float = 0.5,
) -> tuple[str, ...]:
    """Write the captions of a scene; see `compose` for what the options mean."""
    return tuple(caption.text for caption in compose(scene, redundancy, draws, count, verbatim))


def compose(
    scene: Scene,
    redundancy: float | None,
    draws: Draws,
    count: int | None = None,
    verbatim: float = 0.5,
) -> tuple[Caption, ...]:
    """Write captions together with the facts that each one states.

    The first caption is always new. With the same draws, a higher redundancy only turns more of
    the others into repeats: what is left of the new ones stays the same, so a sweep is paired.

    Args:
        scene: What to describe.
        redundancy: Chance, 0 to 1, that a caption after the first one only repeats or paraphrases
            an earlier one; None draws it anew for each image.
        draws: Random numbers; the same ones give the same captions.
        count: Number of captions, 1 to 16; None draws 1 to 8.
        verbatim: Share of the repeats that are copied word for word, 0 to 1.
    """
    number, level = draws.between(1, _MOST_DRAWN), draws.fraction()
    number = number if count is None else count
    level = level if redundancy is None else redundancy
    lots = [(draws.fraction(), draws.fraction(), draws.fraction()) for _ in range(number)]
    told = _tell_new(scene_facts(scene), number, draws)
    captions: list[Caption] = []
    for place, (repeat, source, copy) in enumerate(lots):
        # A poor scene may run out of facts: the rest can then only be repeats.
        if place and (repeat < level or place >= len(told)):
            earlier = captions[int(source * place)]
            text = None if copy < verbatim else _sentence(earlier.facts, draws)
            text = earlier.text if text is None else text
            captions.append(Caption(text, earlier.facts, repeats=True))
        else:
            captions.append(told[place])
    return tuple(captions)


def _tell_new(facts: Sequence[Fact], number: int, draws: Draws) -> list[Caption]:
    """Write up to `number` captions, each led by a fact that no other one has told before."""
    things = draws.shuffled([fact for fact in facts if not isinstance(fact, Time | Absence)])
    about = draws.shuffled([fact for fact in facts if isinstance(fact, Time | Absence)])
    order = things + about
    leads, spare = order[:number], order[number:]
    captions: list[Caption] = []
    for place, lead in enumerate(leads):
        # Context comes from facts that lead nowhere, then from what was said already. What is
        # missing is no context: nearly everything is missing from nearly every image.
        context = draws.shuffled(spare) + draws.shuffled(leads[:place])
        present = [fact for fact in context if not isinstance(fact, Absence)]
        told = _different([lead, *present], draws.between(2, 3))
        for extent in (len(told), 2, 1):
            text = _sentence(told[:extent], draws)
            if text is not None:
                captions.append(Caption(text, tuple(told[:extent]), repeats=False))
                break
    return captions


def _different(facts: Sequence[Fact], number: int) -> list[Fact]:
    """Take the first facts about different things, `number` of them if there are so many.

    One of the first two is about a thing, for a sentence needs one.
    """
    chosen: list[Fact] = []
    for fact in facts:
        if len(chosen) == number:
            break
        bare = all(isinstance(told, Time | Absence) for told in chosen)
        if len(chosen) == 1 and bare and isinstance(fact, Time | Absence):
            continue
        if all(subjects(fact).isdisjoint(subjects(told)) for told in chosen):
            chosen.append(fact)
    return chosen


def _sentence(facts: Sequence[Fact], draws: Draws) -> str | None:
    """Say the facts in one sentence of 5 to 20 words; None where no such sentence is found."""
    if all(isinstance(fact, Time | Absence) for fact in facts):
        return None
    for _ in range(_TRIES):
        phrases = [
            thing_phrase(fact, draws) for fact in facts if not isinstance(fact, Time | Absence)
        ]
        # The season first: "in autumn, but no water".
        ends = [circumstance(fact, draws) for fact in facts if isinstance(fact, Time)]
        ends += [circumstance(fact, draws) for fact in facts if isinstance(fact, Absence)]
        frame = draws.pick(_FRAMES)
        body = frame.format(
            things=_enumerated(phrases), is_are="are" if phrases[0].plural else "is"
        )
        text = body + "".join(ends) + "."
        if FEWEST_WORDS <= len(text.split()) <= MOST_WORDS:
            return text[0].upper() + text[1:]
    return None


def _enumerated(phrases: Sequence[Phrase]) -> str:
    *first, last = [phrase.text for phrase in phrases]
    return f"{', '.join(first)} and {last}" if first else last
