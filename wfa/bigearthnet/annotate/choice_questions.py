"""Multiple-choice questions: one right option and three wrong ones."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from math import prod

from wfa.bigearthnet.annotate.patch_facts import DIRECTIONS, PatchFacts
from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, COUNTRIES, SEASONS, Place
from wfa.bigearthnet.annotate.wording import SQUARE_METRES, many, named, verb
from wfa.bigearthnet.annotate.wrong_classes import Universe, drawn
from wfa.bigearthnet.annotate.yes_no_questions import Question, countable, touching
from wfa.bigearthnet.rows import CHOICE
from wfa.draws import Draws

_LETTERS = "abcd"
_WRONG = 3
_TENTHS = range(10, 100, 10)  # per cent: the inner edges of ranges
_MARGIN = 0.5  # per cent: nearer to an edge two ranges would do
_LEAST = 0.002
_IMAGE = 1_440_000
_COUNTS = ("0", "1", "2", "3", "4", "5", "More than five")
_ASKED_FOR = (1, 2, 4, 8, 12, 16, 20)
"""How readily each number is asked for: most classes lie in one piece, and "1" would be a good
guess."""
_ODDS = dict(enumerate((9, 20, 20, 9, 4, 2, 1)))
"""How readily each number is a wrong option: as often as it is right."""
_NONE, _LEFT_OUT = 18, 40  # per cent: of a class that is not there, of those in one piece
_ASKED = (3, 6, 10, 13, 12, 9, 8, 7, 6, 26)
"""How often the share that is asked for lies in each tenth, in per cent."""
Range = tuple[int, int]

Asked = tuple[str, str, Sequence[str]]
"""The stem, the right option, wrong options."""


def choice_questions(
    facts: PatchFacts, place: Place, universe: Universe, draws: Draws
) -> Iterator[Question]:
    """Give one question of each category where the map and the metadata have enough to ask."""
    for category, ask in _OF_MAP.items():
        yield from _question(category, ask(facts, universe, draws), draws)
    for category, asked in _of_place(place, universe, draws):
        yield from _question(category, asked, draws)


def _question(category: str, asked: Asked | None, draws: Draws) -> Iterator[Question]:
    if asked is None:
        return
    stem, right, wrong = asked
    options = draws.shuffled([right, *draws.shuffled(wrong)[:_WRONG]])
    marked = (f"{letter}) {text}" for letter, text in zip(_LETTERS, options, strict=True))
    yield Question(f"{stem} {', '.join(marked)}", _LETTERS[options.index(right)], CHOICE, category)


def _presence(facts: PatchFacts, universe: Universe, draws: Draws) -> Asked | None:
    seen = [cover.land for cover in facts.covers if cover.share >= _LEAST]
    if not seen:
        return None
    right, unwanted = draws.pick(seen), {cover.land for cover in facts.covers}
    wrong = _absent(universe, draws, unwanted, near=[right] * _WRONG)
    stem = draws.pick((
        "Which of the following land cover classes is present in the image?",
        "Which land cover class can be found in the image?",
    ))  # fmt: skip
    return (stem, named(right).name, [named(land).name for land in wrong]) if wrong else None


def _absent(
    universe: Universe, draws: Draws, unwanted: set[int], near: Sequence[int]
) -> list[int] | None:
    """Draw different absent classes, one like each of `near`; None where there are too few."""
    taken = set(unwanted)
    found = []
    for like in near:
        land = universe.draw(draws, taken, near=like)
        if land is None:
            return None
        taken.add(land)
        found.append(land)
    return found


def _area(facts: PatchFacts, universe: Universe, draws: Draws) -> Asked | None:
    del universe
    seen = [
        cover
        for cover in facts.covers
        if cover.share >= _LEAST
        and min(abs(100 * cover.share - edge) for edge in _TENTHS) >= _MARGIN
    ]
    if not seen:
        return None
    # The larger the likelier: there are more small areas than large ones.
    cover = seen[drawn([cover.pixels for cover in seen], draws)]
    tenth = min(int(10 * cover.share), 9)

    def offer() -> tuple[Range, Sequence[Range]]:
        edges = draws.shuffled(_TENTHS)[: draws.between(_WRONG, _WRONG + 2)]
        ranges = list(pairwise([0, *sorted(edges), 100]))
        right = next(own for own in ranges if own[0] <= 10 * tenth < own[1])
        return right, draws.shuffled([own for own in ranges if own != right])[:_WRONG]

    right, wrong = _fair(offer, draws)
    unit = draws.pick(("%", *SQUARE_METRES))
    stem = draws.pick((
        "How large is the area covered by {land} in the image?",
        "What is the extent of {land} in the image?",
        "How much of the image is covered by {land}?",
        "What is the approximate coverage of {land}?",
        "What is the total area of {land} in the image?",
        "Pick the area range for {land}:",
        "Select the correct total area for {land}:",
    ))  # fmt: skip
    stem = stem.format(land=many(named(cover.land)))
    return stem, _range(right, unit), [_range(own, unit) for own in wrong]


def _fair(
    offer: Callable[[], tuple[Range, Sequence[Range]]], draws: Draws
) -> tuple[Range, Sequence[Range]]:
    """Draw ranges until they are taken: then a wide one is as likely right as a narrow one.

    Args:
        offer: Gives the right range and wrong ones; what is drawn does not depend on the right one
            but through its being there.
        draws: Random numbers.
    """
    while True:
        right, wrong = offer()
        often = [sum(_ASKED[low // 10 : high // 10]) for low, high in (right, *wrong)]
        if draws.below(often[0]) < min(often):
            return right, wrong


def _range(tenths: Range, unit: str) -> str:
    low, high = tenths
    if unit == "%":
        return f"{low} to {high}%"
    return f"{low * _IMAGE // 100} to {high * _IMAGE // 100} {unit}"


def _count(facts: PatchFacts, universe: Universe, draws: Draws) -> Asked | None:
    lands: dict[int, list[int]] = {}
    for cover in countable(facts):
        lands.setdefault(min(len(cover.regions), len(_COUNTS) - 1), []).append(cover.land)
    if not lands:
        return None
    missing = universe.draw(draws, {cover.land for cover in facts.covers})
    if missing is not None and draws.chance(_NONE):
        lands = {0: [missing]}
    numbers = sorted(lands)
    count = numbers[drawn([_ASKED_FOR[number] for number in numbers], draws)]
    if count == 1 and draws.chance(_LEFT_OUT):
        return None
    rest = list(combinations([number for number in _ODDS if number != count], _WRONG))
    wrong = rest[drawn([prod(_ODDS[number] for number in some) for some in rest], draws)]
    stem = draws.pick((
        "How many connected regions of {land} are there in the image?",
        "What is the number of separate areas of {land} in the image?",
        "Identify the number of continuous areas of {land}:",
        "How many separate patches of {land} are visible?",
        "How many separate areas of {land} can be observed?",
        "How many separate regions of {land} are in the scene?",
    ))  # fmt: skip
    stem = stem.format(land=many(named(draws.pick(lands[count]))))
    return stem, _COUNTS[count], [_COUNTS[number] for number in wrong]


def _adjacency(facts: PatchFacts, universe: Universe, draws: Draws) -> Asked | None:
    if not facts.borders:
        return None
    right = draws.pick(sorted(facts.borders))
    present = [cover.land for cover in facts.covers]
    wrong: list[tuple[int, int]] = []
    for _ in range(_WRONG):
        pair = universe.draw_pair(draws, {*touching(facts), *wrong}, present)
        if pair is None:
            return None
        wrong.append(pair)
    stem = draws.pick((
        "Which of the following pairs of land cover classes share a boundary in the image?",
        "Which two land cover classes lie next to each other in the image?",
        "Which classes are directly connected?",
        "Identify the adjacent classes:",
        "Pick the touching land cover classes:",
        "Select the adjacent classes in the image:",
    ))  # fmt: skip
    return stem, _pair(right, draws), [_pair(pair, draws) for pair in wrong]


def _pair(pair: tuple[int, int], draws: Draws) -> str:
    one, other = pair if draws.chance(50) else pair[::-1]
    return f"{named(one).name} and {named(other).name}"


def _position(facts: PatchFacts, universe: Universe, draws: Draws) -> Asked | None:
    del universe
    seen = [cover.land for cover in facts.covers if cover.share >= _LEAST]
    placed = [
        (one, other, way) for one in seen for other in seen
        if one != other and (way := facts.direction(one, other)) is not None
    ]  # fmt: skip
    if not placed:
        return None
    one, other, right = draws.pick(placed)
    target = named(one)
    stem = draws.pick((
        "Where {is_} the {one} located relative to the {other}?",
        "How would you classify the location of the {one} in relation to the {other}?",
        "Which option best describes where the {one} {is_} located compared to the {other}?",
    ))  # fmt: skip
    stem = stem.format(one=target.words, other=named(other).words, is_=verb(target, "are", "is"))
    return stem, f"to the {right}", [f"to the {way}" for way in DIRECTIONS if way != right]


_OF_MAP: dict[str, Callable[[PatchFacts, Universe, Draws], Asked | None]] = {
    "presence": _presence,
    "area": _area,
    "count": _count,
    "adjacency": _adjacency,
    "relative pos": _position,
}


def _of_place(place: Place, universe: Universe, draws: Draws) -> Iterator[tuple[str, Asked | None]]:
    """Give what is asked of the metadata: country, season and climate zone."""
    stem = draws.pick((
        "Which of the following countries is shown in the satellite image?",
        "Which of the following options corresponds to the country shown in the satellite image?",
        "Which country does this satellite image show?",
        "Which country is depicted in this image?",
        "Which country does the satellite image capture?",
    ))  # fmt: skip
    wrong = universe.wrong_words(place.country, COUNTRIES, _WRONG, draws)
    yield "country", (stem, place.country, wrong) if place.country else None
    fall = draws.pick(("Fall", "Autumn"))
    spoken = [fall if season == "Fall" else season for season in SEASONS]
    season = fall if place.season == "Fall" else place.season
    stem = draws.pick((
        "Which of the following seasons is shown in the image?",
        "In which season was the image taken?",
        "In which of the following seasons was this satellite image captured?",
        "Identify the season when the satellite image was captured:",
        "Which season is shown in the satellite image?",
        "Choose the season depicted in the satellite image:",
    ))  # fmt: skip
    yield "season", (stem, season, [text for text in spoken if text != season])
    stem = draws.pick((
        "Which of the following climate zones does the image lie in?",
        "Which climate zone does the image belong to?",
    ))  # fmt: skip
    wrong = universe.wrong_words(place.climate_zone, CLIMATES, _WRONG, draws)
    yield "climate zone", (stem, place.climate_zone, wrong) if place.climate_zone else None
