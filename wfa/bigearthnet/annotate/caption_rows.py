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
    sentences = [
        _opening(facts, place, draws),
        *_sizes(facts, draws),
        *_pieces(facts),
        *_borders(facts, draws),
        *_places(facts, draws),
        _closing(facts, place, draws),
    ]
    return Question(draws.pick(_PROMPTS), " ".join(sentences), CAPTION, "None")


def _opening(facts: PatchFacts, place: Place, draws: Draws) -> str:
    where = f" in {place.country}" if place.country else ""
    zone = f' within the "{place.climate_zone}" climate zone' if place.climate_zone else ""
    shows = draws.pick(("depicts", "shows"))
    return (
        f"This satellite image, captured{where} during {_season(place)}, {shows} a landscape of "
        f"{listed(_kinds(facts))}{zone}."
    )


def _kinds(facts: PatchFacts) -> Sequence[str]:
    """Name the kinds of land, the one that covers most first."""
    pixels = {
        kind: sum(cover.pixels for cover in facts.covers if cover.land in lands)
        for kind, lands in _KINDS
    }
    return sorted((kind for kind in pixels if pixels[kind]), key=lambda kind: -pixels[kind])


def _sizes(facts: PatchFacts, draws: Draws) -> Iterator[str]:
    """Give the size of the largest class, then of the others by their tier."""
    first, *others = facts.covers
    land = named(first.land)
    feature = draws.pick(("the most prominent feature", "the dominant land cover"))
    yield (
        f"{capital(land.words)} (~{metres(first.pixels)}) {verb(land, 'are', 'is')} {feature} "
        "of the scene."
    )
    large = [_sized(cover) for cover in others if cover.tier != "marginal"]
    small = [_sized(cover) for cover in others if cover.tier == "marginal"]
    if large:
        yield f"The scene also contains {listed(large)}."
    if small:
        yield f"Less than 5% of the image each is covered by {listed(small)}."


def _sized(cover: Cover) -> str:
    return f"{named(cover.land).words} (~{metres(cover.pixels)})"


def _pieces(facts: PatchFacts) -> Iterator[str]:
    """Say of each class in several regions how many there are and how large the larger ones."""
    for cover in facts.covers:
        if len(cover.regions) == 1:
            continue
        large = [r for r in cover.regions if tier(r.pixels / facts.labels.size) != "marginal"]
        small = len(cover.regions) - len(large)
        parts = [f"one of {metres(region.pixels)}" for region in large]
        if small:
            parts.append("one marginal area" if small == 1 else f"{number(small)} marginal areas")
        land = named(cover.land)
        yield (
            f"The {land.words} {verb(land, 'are', 'is')} distributed across "
            f"{number(len(cover.regions))} separate areas: {listed(parts)}."
        )


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
    opening = draws.pick(("Overall, it is", "All in all, this is"))
    return f"{opening} a {variety} landscape in {_season(place)}."


def _season(place: Place) -> str:
    return place.season.lower().replace("fall", "autumn")
