"""Multiple-choice questions: one right option and three wrong ones."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from wfa.bigearthnet.annotate.patch_facts import DIRECTIONS, PatchFacts
from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, COUNTRIES, SEASONS, Place
from wfa.bigearthnet.annotate.wording import SQUARE_METRES, capital, named, number, verb
from wfa.bigearthnet.annotate.wrong_classes import Universe
from wfa.bigearthnet.annotate.yes_no_questions import Question, counted, touch
from wfa.bigearthnet.rows import CHOICE
from wfa.draws import Draws

_LETTERS = "abcd"
_WRONG = 3
_SHARES = (0, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)  # per cent: the edges of ranges
_MARGIN = 0.5  # per cent: nearer to an edge two ranges would do
_LEAST = 0.002
_IMAGE = 1_440_000

Asked = tuple[str, str, Sequence[str]]
"""The stem, the right option, wrong options."""


def choice_questions(
    facts: PatchFacts, place: Place, universe: Universe, draws: Draws
) -> Iterator[Question]:
    """Give one question of each category where the map and the metadata have enough to ask."""
    for category, ask in _OF_MAP.items():
        yield from _question(category, ask(facts, universe, draws), draws)
    for category, asked in _of_place(place, draws):
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
    ranges = list(pairwise(_SHARES))
    seen = [
        cover
        for cover in facts.covers
        if cover.share >= _LEAST
        and min(abs(100 * cover.share - edge) for edge in _SHARES[1:-1]) >= _MARGIN
    ]
    if not seen:
        return None
    cover = draws.pick(seen)
    right = sum(100 * cover.share > edge for edge in _SHARES[1:-1])
    # The right range may be any of the four when they are put in order.
    first = max(0, min(right - draws.below(_WRONG + 1), len(ranges) - _WRONG - 1))
    unit = draws.pick(("%", *SQUARE_METRES))
    texts = [_range(low, high, unit) for low, high in ranges]
    wrong = [texts[k] for k in range(first, first + _WRONG + 1) if k != right]
    stem = draws.pick((
        "How large is the area covered by {land} in the image?",
        "What is the extent of {land} in the image?",
        "How much of the image is covered by {land}?",
    ))  # fmt: skip
    return stem.format(land=named(cover.land).words), texts[right], wrong


def _range(low: int, high: int, unit: str) -> str:
    if unit == "%":
        return f"{low}% to {high}%"
    return f"{low * _IMAGE // 100} {unit} to {high * _IMAGE // 100} {unit}"


def _count(facts: PatchFacts, universe: Universe, draws: Draws) -> Asked | None:
    del universe
    cover = counted(facts, draws)
    if cover is None:
        return None
    count = len(cover.regions)
    first = max(1, count - draws.below(_WRONG + 1))
    wrong = [number(k) for k in range(first, first + _WRONG + 1) if k != count]
    stem = draws.pick((
        "How many connected regions of {land} are there in the image?",
        "What is the number of separate areas of {land} in the image?",
    ))  # fmt: skip
    return stem.format(land=named(cover.land).words), number(count), wrong


def _adjacency(facts: PatchFacts, universe: Universe, draws: Draws) -> Asked | None:
    if not facts.borders:
        return None
    right = draws.pick(sorted(facts.borders))
    lands = [cover.land for cover in facts.covers]
    apart = [
        (one, other) for one in lands for other in lands
        if one < other and not touch(facts, one, other)
    ]  # fmt: skip
    wrong = draws.shuffled(apart)[:_WRONG]
    while len(wrong) < _WRONG:
        # Any pair so far may be the model: the right one must not be what the others vary.
        like = draws.pick([right, *wrong])
        kept, replaced = like if draws.chance(50) else like[::-1]
        taken = {land for pair in wrong for land in pair if kept in pair} | {*lands, kept}
        other = universe.draw(draws, taken, near=replaced)
        if other is None:
            return None
        wrong.append((kept, other))
    stem = draws.pick((
        "Which of the following pairs of land cover classes share a boundary in the image?",
        "Which two land cover classes lie next to each other in the image?",
    ))  # fmt: skip
    return stem, _pair(right, draws), [_pair(pair, draws) for pair in wrong]


def _pair(pair: tuple[int, int], draws: Draws) -> str:
    one, other = pair if draws.chance(50) else pair[::-1]
    return f"{capital(named(one).words)} and {named(other).words}"


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


def _of_place(place: Place, draws: Draws) -> Iterator[tuple[str, Asked | None]]:
    """Give what is asked of the metadata: country, season and climate zone."""
    yield "country", _one_of(place.country, COUNTRIES, draws.pick((
        "Which of the following countries is shown in the satellite image?",
        "Which of the following options corresponds to the country shown in the satellite image?",
    )))  # fmt: skip
    fall = draws.pick(("Fall", "Autumn"))
    spoken = [fall if season == "Fall" else season for season in SEASONS]
    season = fall if place.season == "Fall" else place.season
    yield "season", _one_of(season, spoken, draws.pick((
        "Which of the following seasons is shown in the image?",
        "In which season was the image taken?",
    )))  # fmt: skip
    yield "climate zone", _one_of(place.climate_zone, CLIMATES, draws.pick((
        "Which of the following climate zones does the image lie in?",
        "Which climate zone does the image belong to?",
    )))  # fmt: skip


def _one_of(right: str, known: Sequence[str], stem: str) -> Asked | None:
    return (stem, right, [text for text in known if text != right]) if right else None
