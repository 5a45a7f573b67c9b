"""Yes/no questions about presence, area, number of regions and adjacency.

The answer is drawn first, yes and no alike, then a question that has it and that could as well
have had the other one: its wording tells nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple, TypeVar

from wfa.bigearthnet.annotate.patch_facts import Cover, PatchFacts
from wfa.bigearthnet.annotate.wording import SQUARE_METRES, does, many, named, number, verb
from wfa.bigearthnet.annotate.wrong_classes import Universe
from wfa.bigearthnet.rows import YES_NO
from wfa.draws import Draws

T = TypeVar("T")

EACH = {"presence": 5, "area": 2, "count": 1, "adjacency": 1}
"""Questions of each category that a patch gets at most: 7.8 an image in all are published."""

_PRESENCE = (
    "Is any portion of the image covered by {land}?",
    "Does the image depict {land}?",
    "Does this scene feature {land}?",
    "Can you identify {land} in the satellite image?",
    "Does the satellite view capture {land}?",
    "Does the satellite image contain {land}?",
    "Does the image capture {land}?",
    "Are there regions of {land} in the satellite image?",
    "Can you observe any {land} in the satellite image?",
    "Do parts of the image correspond to {land}?",
)
_ADJACENCY = (
    "Would you say that any {one} {lies} next to {other} in the image?",
    "{Does} any {one} share a boundary with {other} in the image?",
    "{Does} any {one} directly touch {other}?",
    "{Is} there any {one} bordering {other} in the image?",
    "{Is} there any {one} and {other} directly connected in the scene?",
)
_SHARE = (
    "{Does} {land} cover {bound} of the image?",
    "{Does} {land} take up {bound} of the image?",
    "Would you say that {land} {takes} up {bound} of the image?",
    "Is the total area of {lands} {bound} of the image?",
    "Is the region of {lands} {bound} of the image?",
)
_COUNT = (
    "{Is} there {bound} of {land} in the image?",
    "Can you confirm that there {is_} {bound} of {land} in this image?",
    "Does the image contain {bound} of {land}?",
    "Are {lands} present in {bound} within the image?",
)
_REGIONS = (
    ("connected region", "connected regions"),
    ("continuous patch", "continuous patches"),
    ("separate area", "separate areas"),
)
_DECILES = range(10, 100, 10)
_NEAR = 25  # per cent: a threshold further from the truth is too easy
_MARGIN = 1  # per cent: one that is nearer cannot be judged by eye
_IMAGE = 1_440_000  # square metres
_LEAST = 0.002  # of the image: less cannot be seen


class Question(NamedTuple):
    """One row's own columns: `input`, `output`, `type` and `category`."""

    text: str
    answer: str
    type: str
    category: str


def yes_no_questions(facts: PatchFacts, universe: Universe, draws: Draws) -> Iterator[Question]:
    """Give up to `EACH` different questions of each category; their number follows the map."""
    for category, ask in _ASK.items():
        asked: set[str] = set()
        for _ in range(EACH[category]):
            wanted = draws.chance(50)
            text = ask(facts, universe, draws, wanted)
            if text is not None and text not in asked:
                asked.add(text)
                yield Question(text, "yes" if wanted else "no", YES_NO, category)


def _presence(facts: PatchFacts, universe: Universe, draws: Draws, wanted: bool) -> str | None:
    seen = [cover.land for cover in facts.covers if cover.share >= _LEAST]
    if not seen:
        return None
    land: int | None = draws.pick(seen)
    if not wanted:
        land = universe.draw(draws, {cover.land for cover in facts.covers}, near=land)
    return None if land is None else draws.pick(_PRESENCE).format(land=named(land).words)


def _adjacency(facts: PatchFacts, universe: Universe, draws: Draws, wanted: bool) -> str | None:
    if not facts.borders:
        return None  # then only "no" could be asked for
    pair = draws.pick(sorted(facts.borders))
    pair = pair if draws.chance(50) else pair[::-1]
    if not wanted:
        kept = pair[0]
        present = [cover.land for cover in facts.covers]
        apart = universe.draw_pair(draws, touching(facts), present, of=kept)
        if apart is None:
            return None
        pair = apart if apart[0] == kept else apart[::-1]
    one, other = map(named, pair)
    return draws.pick(_ADJACENCY).format(
        one=one.words,
        other=other.words,
        lies=verb(one, "lie", "lies"),
        Does=does(one),
        Is=verb(one, "Are", "Is"),
    )


def touching(facts: PatchFacts) -> Collection[tuple[int, int]]:
    """Return the pairs of classes that share an edge, or so much as a corner."""
    return facts.borders | facts.corners


def _share(facts: PatchFacts, universe: Universe, draws: Draws, wanted: bool) -> str | None:
    del universe
    seen = [cover for cover in facts.covers if cover.share >= _LEAST]
    unit = draws.pick(SQUARE_METRES)
    kept = {cover.land: dict(_share_bounds(cover.share, unit)) for cover in seen}
    found = _splitting(kept, draws, wanted)
    if found is None:
        return None
    land, bound = named(found[0]), found[1]
    return draws.pick(_SHARE).format(
        Does=does(land),
        land=land.words,
        lands=many(land),
        takes=verb(land, "take", "takes"),
        bound=bound,
    )


def _splitting(
    kept: Mapping[int, Mapping[T, bool]], draws: Draws, wanted: bool
) -> tuple[int, T] | None:
    """Draw a bound that some classes keep to and others do not, then a class as it is wanted.

    The bound would be as likely drawn for the other answer: it tells nothing.

    Args:
        kept: Class -> bounds near it -> whether it keeps to them.
        draws: Random numbers.
        wanted: Whether the class shall keep to the bound.
    """
    lands: dict[tuple[T, bool], list[int]] = {}
    for land, bounds in kept.items():
        for bound, true in bounds.items():
            lands.setdefault((bound, true), []).append(land)
    both = [bound for bound, true in lands if true and (bound, False) in lands]
    if not both:
        return None
    bound = draws.pick(both)
    return draws.pick(lands[bound, wanted]), bound


def _share_bounds(share: float, unit: str) -> Iterator[tuple[str, bool]]:
    """Give bounds near a share, and whether it keeps to them."""
    percent = 100 * share
    for limit in _DECILES:
        if _MARGIN <= abs(percent - limit) <= _NEAR:
            yield f"at least {limit}%", percent > limit
            yield f"less than {limit}%", percent < limit
    for low in range(0, 100, 10):
        for high in (low + 10, low + 20):
            gap = min(abs(percent - edge) for edge in (low, high) if 0 < edge < 100)
            if high <= 100 and _MARGIN <= gap <= _NEAR:
                least, most = low * _IMAGE // 100, high * _IMAGE // 100
                yield f"between {least} {unit} and {most} {unit}", low <= percent <= high


def _count(facts: PatchFacts, universe: Universe, draws: Draws, wanted: bool) -> str | None:
    del universe
    seen = countable(facts)
    kept = {cover.land: dict(_count_bounds(len(cover.regions))) for cover in seen}
    found = _splitting(kept, draws, wanted)
    if found is None:
        return None
    land, (how, limit) = found
    one, more = draws.pick(_REGIONS)
    single = limit == 1 and how == "exactly"
    return draws.pick(_COUNT).format(
        Is="Is" if single else "Are",
        is_="is" if single else "are",
        land=named(land).words,
        lands=many(named(land)),
        bound=f"{how} {number(limit)} {one if limit == 1 else more}",
    )


def countable(facts: PatchFacts) -> list[Cover]:
    """Return the classes whose regions are all large enough to be seen."""
    least = _LEAST * facts.labels.size
    return [cover for cover in facts.covers if cover.regions[-1].pixels >= least]


def _count_bounds(count: int) -> Iterator[tuple[tuple[str, int], bool]]:
    """Give bounds near a number of regions, and whether it keeps to them."""
    for limit in range(max(1, count - 2), count + 3):
        yield ("exactly", limit), count == limit
        yield ("more than", limit), count > limit
        if limit > 1:
            yield ("at least", limit), count >= limit
            yield ("fewer than", limit), count < limit


_ASK: dict[str, Callable[[PatchFacts, Universe, Draws, bool], str | None]] = {
    "presence": _presence,
    "area": _share,
    "count": _count,
    "adjacency": _adjacency,
}
