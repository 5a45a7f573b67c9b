"""Referring questions: where a region is, asked for by its class or by a point in it."""

from collections.abc import Iterator

from wfa.bigearthnet.annotate.patch_facts import Cover, PatchFacts
from wfa.bigearthnet.annotate.regions import Region
from wfa.bigearthnet.annotate.wording import named
from wfa.bigearthnet.annotate.yes_no_questions import Question
from wfa.bigearthnet.rows import BOX, Box
from wfa.draws import Draws

MOST = 3
"""Questions of each category that a patch gets at most."""

LEAST_SHARE, MOST_SHARE, LEAST_FILL = 0.01, 0.5, 0.4
"""A target covers 1 to 50 % of the image and at least 40 % of its box (arXiv:2603.29630)."""

_ONLY = (
    "Identify a continuous patch of <ref>{land}</ref>.",
    "Locate a patch of <ref>{land}</ref> present in the image.",
    "Where is the <ref>{land}</ref>? Give its box.",
)
_LARGEST = (
    "Identify the location of the <ref>largest connected region of {land}</ref>.",
    "Locate the <ref>largest patch of {land}</ref>.",
)
_POINT = (
    "Give the box of the region at <point>({x}, {y})</point>.",
    "Locate the connected land cover region that contains <point>({x}, {y})</point>.",
    "Which box encloses the land cover region around <point>({x}, {y})</point>?",
)


def box_questions(facts: PatchFacts, draws: Draws) -> Iterator[Question]:
    """Give up to `MOST` questions by class and by point, about different classes and regions."""
    referred = [(cover, own) for cover in facts.covers if (own := _phrases(facts, cover))]
    for cover, wordings in draws.shuffled(referred)[:MOST]:
        text = draws.pick(wordings).format(land=named(cover.land).words)
        yield Question(text, box_text(facts.box(cover.regions[0])), BOX, "reference")
    pointed = [
        (region, point) for region in facts.regions
        if is_target(facts, region) and (point := facts.point(region)) is not None
    ]  # fmt: skip
    for region, point in draws.shuffled(pointed)[:MOST]:
        text = draws.pick(_POINT).format(x=point.x, y=point.y)
        yield Question(text, box_text(facts.box(region)), BOX, "point")


def box_text(box: Box) -> str:
    """Return a box as the data set writes it."""
    return f"[{box.x1} {box.y1}, {box.x2} {box.y2}]"


def is_target(facts: PatchFacts, region: Region) -> bool:
    """Say whether a region is large, small and compact enough to be asked for."""
    share = region.pixels / facts.labels.size
    return LEAST_SHARE <= share <= MOST_SHARE and region.fill >= LEAST_FILL


def _phrases(facts: PatchFacts, cover: Cover) -> tuple[str, ...]:
    """Return the questions that mean a class's largest region and no other; () where none does."""
    largest, *others = cover.regions
    if not is_target(facts, largest):
        return ()
    if not others:
        return _ONLY
    return _LARGEST if others[0].pixels < largest.pixels else ()
