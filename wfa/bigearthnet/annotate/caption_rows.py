"""Captions of several sentences made of a patch's facts."""

from collections.abc import Iterator, Sequence

from wfa.bigearthnet.annotate.patch_facts import Cover, PatchFacts, tier
from wfa.bigearthnet.annotate.patch_metadata import Place
from wfa.bigearthnet.annotate.wording import capital, listed, metres, named, number, verb
from wfa.bigearthnet.annotate.yes_no_questions import Question
from wfa.bigearthnet.rows import CAPTION
from wfa.draws import Draws

_PROMPTS = (
    "Give a detailed overview of this satellite scene, with its region and land cover classes.",
    "Explain the distribution of land cover in this image, including the region and season.",
    "Give a comprehensive overview of the image, with its location, climate and landscape.",
    "Describe what this satellite image shows.",
    "Describe the content of the image, with its region, climate zone and land cover.",
    "Explain what can be seen in this satellite image, and where and when it was captured.",
    "Give a detailed summary of the scene, with the distribution of land cover types.",
)
_KINDS = (
    ("built-up areas", (0, 1)),
    ("agricultural areas", (2, 3, 4, 5, 6, 7)),
    ("forests and natural areas", (8, 9, 10, 11, 12, 13, 14)),
    ("wetlands", (15, 16)),
    ("waters", (17, 18)),
)
_MOST_BORDERS = 6  # more would be a list and no description


def caption_question(facts: PatchFacts, place: Place, draws: Draws) -> Question | None:
    """Give the caption of a patch with its instruction; None where the map has no class."""
    if not facts.covers:
        return None
    unit = draws.pick(("square meters", "sqm"))
    middle = [[*_pieces(facts, unit, draws)], [*_borders(facts, draws)], [*_places(facts, draws)]]
    sentences = [
        _opening(facts, place, draws),
        *_sizes(facts, unit, draws),
        *(sentence for part in draws.shuffled(middle) for sentence in part),
        _closing(facts, place, draws),
    ]
    return Question(draws.pick(_PROMPTS), " ".join(sentences), CAPTION, "None")


def _opening(facts: PatchFacts, place: Place, draws: Draws) -> str:
    where = f" in {place.country}" if place.country else ""
    season = _season(place)
    when = draws.pick((
        f"{where} during {season}", f" during the {season} season{where}",
        f" during the {season}{where}", f" in {season}{where}",
    ))  # fmt: skip
    zone = draws.pick((
        f' within the "{place.climate_zone}" climate zone',
        f', set in the "{place.climate_zone}" climate zone',
    )) if place.climate_zone else ""  # fmt: skip
    shows = draws.pick(("depicts", "shows", "showcases", "presents"))
    of = draws.pick(("a landscape of", "a landscape with", "a scene made up of", "land with"))
    return f"This satellite image, captured{when}, {shows} {of} {listed(_kinds(facts))}{zone}."


def _kinds(facts: PatchFacts) -> Sequence[str]:
    """Name the kinds of land, the one that covers most first."""
    pixels = {
        kind: sum(cover.pixels for cover in facts.covers if cover.land in lands)
        for kind, lands in _KINDS
    }
    return sorted((kind for kind in pixels if pixels[kind]), key=lambda kind: -pixels[kind])


def _sizes(facts: PatchFacts, unit: str, draws: Draws) -> Iterator[str]:
    """Give the size of the largest class, then of the others by their tier."""
    first, *others = facts.covers
    land, size = named(first.land), metres(first.pixels, unit)
    feature = draws.pick(("the most prominent feature", "the dominant land cover"))
    yield draws.pick((
        f"{capital(land.words)} (~{size}) {verb(land, 'are', 'is')} {feature} of the scene.",
        f"The dominant feature is the {land.words}, covering approximately {size}.",
        f"The largest area is {land.words}, spanning around {size}.",
        f"Most prominent {verb(land, 'are', 'is')} the {land.words} with about {size}.",
    ))  # fmt: skip
    large = [_sized(cover, unit) for cover in others if cover.tier != "marginal"]
    small = [_sized(cover, unit) for cover in others if cover.tier == "marginal"]
    if large:
        also = draws.pick((
            "The scene also contains", "It further includes", "Beside it the image features",
            "Other parts are covered by",
        ))  # fmt: skip
        yield f"{also} {listed(large)}."
    if small:
        yield draws.pick((
            f"Less than 5% of the image each is covered by {listed(small)}.",
            f"Marginal areas below 5% of the image are {listed(small)}.",
            f"There is also a small share of {listed(small)}.",
        ))  # fmt: skip


def _sized(cover: Cover, unit: str) -> str:
    return f"{named(cover.land).words} (~{metres(cover.pixels, unit)})"


def _pieces(facts: PatchFacts, unit: str, draws: Draws) -> Iterator[str]:
    """Say of each class in several regions how many there are and how large the larger ones."""
    for cover in facts.covers:
        if len(cover.regions) == 1:
            continue
        large = [r for r in cover.regions if tier(r.pixels / facts.labels.size) != "marginal"]
        small = len(cover.regions) - len(large)
        parts = [f"one of {metres(region.pixels, unit)}" for region in large]
        if small:
            parts.append("one marginal area" if small == 1 else f"{number(small)} marginal areas")
        land = named(cover.land)
        be = verb(land, "are", "is")
        how = draws.pick((
            f"{be} distributed across", f"{be} fragmented into", f"{be} spread over",
            verb(land, "fall into", "falls into"),
        ))  # fmt: skip
        kind = draws.pick(("separate areas", "individual regions"))
        yield f"The {land.words} {how} {number(len(cover.regions))} {kind}: {listed(parts)}."


def _borders(facts: PatchFacts, draws: Draws) -> Iterator[str]:
    """Say which classes share a boundary, each pair once, the larger class first."""
    told: set[tuple[int, int]] = set()
    for cover in facts.covers:
        met = [
            other.land for other in facts.covers
            if (pair := _pair(cover.land, other.land)) in facts.borders and pair not in told
        ][: _MOST_BORDERS - len(told)]  # fmt: skip
        told |= {_pair(cover.land, other) for other in met}
        if met:
            land = named(cover.land)
            words = draws.pick((
                verb(land, "border", "borders"), f"{verb(land, 'are', 'is')} adjacent to",
                f"{verb(land, 'share', 'shares')} borders with", verb(land, "touch", "touches"),
            ))  # fmt: skip
            yield f"The {land.words} {words} {listed([named(other).words for other in met])}."


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _places(facts: PatchFacts, draws: Draws) -> Iterator[str]:
    """Say where the second class lies, seen from the largest."""
    if len(facts.covers) < 2:
        return
    first, second = facts.covers[:2]
    way = facts.direction(second.land, first.land)
    if way is not None:
        land = named(second.land)
        lies = draws.pick((verb(land, "lie", "lies"), f"{verb(land, 'are', 'is')} located"))
        yield f"The {land.words} {lies} to the {way} of the {named(first.land).words}."


def _closing(facts: PatchFacts, place: Place, draws: Draws) -> str:
    variety = {1: "uniform", 2: "simple", 3: "varied"}.get(len(facts.covers), "diverse")
    return draws.pick((
        f"Overall, it is a {variety} landscape in {_season(place)}.",
        f"All in all, this is a {variety} landscape in {_season(place)}.",
        f"The landscape is {variety}.",
        f"No other features are visible in this {variety} scene.",
    ))  # fmt: skip


def _season(place: Place) -> str:
    return place.season.lower().replace("fall", "autumn")
