"""Referring questions: where a region is, asked for by its class or by a point in it."""

from collections.abc import Iterator

from wfa.bigearthnet.annotate.patch_facts import Cover, PatchFacts
from wfa.bigearthnet.annotate.regions import Region
from wfa.bigearthnet.annotate.wording import named
from wfa.bigearthnet.annotate.yes_no_questions import Question
from wfa.bigearthnet.rows import BOX, Box
from wfa.draws import Draws

MOST = 4
"""Questions of each category that a patch gets at most: 4.8 an image in all are published."""

LEAST_SHARE, MOST_SHARE, LEAST_FILL = 0.01, 0.5, 0.4
"""A target covers 1 to 50 % of the image and at least 40 % of its box (arXiv:2603.29630)."""

_ONLY = (
    "Identify a continuous patch of <ref>{land}</ref>.",
    "Locate a patch of <ref>{land}</ref> present in the image.",
    "Point out a patch of <ref>{land}</ref> in the image.",
    "Where is the <ref>{land}</ref>? Give its box.",
)
_LARGEST = (
    "Identify the location of the <ref>largest connected region of {land}</ref>.",
    "Locate the <ref>largest patch of {land}</ref>.",
    "Identify the <ref>largest patch of {land}</ref> in this image.",
)
_SMALLEST = (
    "Show the <ref>smallest patch of {land}</ref>.",
    "Identify the location of the <ref>smallest connected region of {land}</ref>.",
)
_POINT = tuple(
    f"{ask} <point>({{x}}, {{y}})</point>{where}."
    for ask in (
        "Give the box of the region at",
        "Locate the connected land cover region that contains",
        "Create a bounding box for the land cover class instance positioned at",
        "Generate a bounding box around the land cover class instance located at",
        "Provide a bounding box for the land cover class instance at",
        "Output a bounding box enclosing the land cover class instance positioned at",
    )
    for where in ("", " in the image", " in the satellite image")
)


def box_questions(facts: PatchFacts, draws: Draws) -> Iterator[Question]:
    """Give up to `MOST` questions by class and by point, about different classes and regions."""
    referred = [asked for cover in facts.covers for asked in _phrases(facts, cover)]
    for region, wordings in draws.shuffled(referred)[:MOST]:
        text = draws.pick(wordings).format(land=named(region.land).words)
        yield Question(text, box_text(facts.box(region)), BOX, "reference")
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


def _phrases(facts: PatchFacts, cover: Cover) -> Iterator[tuple[Region, tuple[str, ...]]]:
    """Give the regions of a class that words mean and no other, with the questions that do."""
    first, last = cover.regions[0], cover.regions[-1]
    if first is last:
        ends: list[tuple[Region, tuple[str, ...]]] = [(first, _ONLY)]
    else:
        ends = [(first, _LARGEST), (last, _SMALLEST)]
    for region, wordings in ends:
        alike = [own for own in cover.regions if own.pixels == region.pixels]
        if len(alike) == 1 and is_target(facts, region):
            yield region, wordings
