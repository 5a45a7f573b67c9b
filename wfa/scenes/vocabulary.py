"""The vocabulary: several ways to say each thing, as noun phrases that know their number."""

from dataclasses import dataclass

from wfa.draws import Draws
from wfa.scenes.scene_facts import (
    Absence,
    Border,
    Cover,
    Fact,
    Ground,
    Group,
    Lines,
    Place,
    Time,
)


@dataclass(frozen=True)
class Phrase:
    """A noun phrase in lower case, and whether it takes a plural verb."""

    text: str
    plural: bool


LAND_WORDS = {
    "town": ("a residential area", "a built-up area", "a housing estate"),
    "industry": ("an industrial site", "an industrial estate", "factory ground"),
    "wheat": ("wheat", "a wheat field", "land under wheat"),
    "maize": ("maize", "a maize field", "a field of corn"),
    "rapeseed": ("rapeseed", "a rapeseed field", "a field of oilseed rape"),
    "ploughed": ("ploughed soil", "a ploughed field", "bare farmland"),
    "orchard": ("an orchard", "rows of fruit trees", "a fruit plantation"),
    "vineyard": ("a vineyard", "rows of vines", "vineyard land"),
    "pasture": ("pasture", "a green meadow", "grazing land"),
    "broadleaf": ("broad-leaved forest", "a deciduous wood", "broad-leaved trees"),
    "conifer": ("coniferous forest", "a pine wood", "conifers"),
    "mixed": ("mixed forest", "a mixed wood", "mixed woodland"),
    "grassland": ("natural grassland", "wild grass", "open grassland"),
    "heath": ("heath", "heathland", "a moor"),
    "scrub": ("scrub", "shrubland", "land full of bushes"),
    "sand": ("sand", "bare sand", "a sandy stretch"),
    "marsh": ("marsh", "a swamp", "wetland"),
    "lake": ("a lake", "the water of a lake", "a body of fresh water"),
    "river": ("a river", "a winding river", "a stream"),
    "sea": ("the sea", "sea water", "open sea"),
}
_PLURAL = ("rows ", "conifers", "broad-leaved trees")

OBJECT_WORDS = {
    "house": (("house", "houses"), ("home", "homes")),
    "warehouse": (("warehouse", "warehouses"), ("large shed", "large sheds")),
    "tank": (("storage tank", "storage tanks"), ("round tank", "round tanks")),
    "ship": (("ship", "ships"), ("boat", "boats"), ("vessel", "vessels")),
    "aeroplane": (("aeroplane", "aeroplanes"), ("plane", "planes"), ("aircraft", "aircraft")),
    "car park": (("car park", "car parks"), ("parking lot", "parking lots")),
    "runway": (("runway", "runways"), ("airstrip", "airstrips")),
    "road": (("road", "roads"), ("lane", "lanes")),
}
NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
)

CELL_WORDS = {
    "upper left": ("in the upper left", "in the top left corner", "at the upper left"),
    "top": ("at the top", "in the upper middle", "near the upper edge"),
    "upper right": ("in the upper right", "in the top right corner", "at the upper right"),
    "left": ("on the left", "on the left side", "near the left edge"),
    "centre": ("in the centre", "in the middle", "at the centre"),
    "right": ("on the right", "on the right side", "near the right edge"),
    "lower left": ("in the lower left", "in the bottom left corner", "at the lower left"),
    "bottom": ("at the bottom", "in the lower middle", "near the lower edge"),
    "lower right": ("in the lower right", "in the bottom right corner", "at the lower right"),
}
SHARE_WORDS = {
    "most": ("over most of the image", "covering most of the ground"),
    "half": ("over about half of the image", "covering roughly half of the ground"),
    "third": ("over about a third of the image", "covering roughly a third of the ground"),
    "little": ("in a small part of the image", "covering very little of the ground"),
}
WAY_WORDS = {
    "across": ("from left to right", "across the picture"),
    "down": ("from top to bottom", "down the picture"),
}
TIME_WORDS = {
    "spring": (" in spring", " on a spring day"),
    "summer": (" in summer", " on a summer day"),
    "autumn": (" in autumn", " on an autumn day"),
    "winter": (" in winter", " on a winter day"),
    "snow": (" under winter snow", " on a snowy winter day"),
}
ABSENCE_WORDS = {
    "water": (" without any water", ", but no water"),
    "forest": (" without any forest", ", but no forest"),
    "crops": (" without any crops", ", but no crops"),
    "buildings": (" without any buildings", ", but no buildings"),
    "roads": (" without any roads", ", but no roads"),
    "ships": (" without any ships", ", but no boats"),
    "planes": (" without any planes", ", but no aircraft"),
    "sand": (" without any sand", ", but no sand"),
}


def thing_phrase(fact: Fact, draws: Draws) -> Phrase:
    """Say a fact about things as a noun phrase, in one of several ways.

    Raises:
        TypeError: The fact is one for `circumstance`.
    """
    match fact:
        case Cover(land, share):
            return _land(land, draws, draws.pick(SHARE_WORDS[share]))
        case Place(land, cell):
            return _land(land, draws, draws.pick(CELL_WORDS[cell]))
        case Border(first, second):
            if draws.chance(50):
                first, second = second, first
            link = draws.pick(("next to", "beside", "bordering"))
            return _land(first, draws, f"{link} {draws.pick(LAND_WORDS[second])}")
        case Group(kind, look, count, cell):
            where = "" if cell is None else draws.pick(CELL_WORDS[cell])
            return _objects(kind, look, count, draws, where)
        case Ground(kind, look, count, land):
            link = "in" if kind in ("house", "car park") and land != "industry" else "on"
            return _objects(kind, look, count, draws, f"{link} {draws.pick(LAND_WORDS[land])}")
        case Lines(kind, across, count):
            way = draws.pick(WAY_WORDS["across" if across else "down"])
            return _objects(kind, "plain", count, draws, f"running {way}")
        case _:
            raise TypeError(f"{fact} is not about things")


def circumstance(fact: Time | Absence, draws: Draws) -> str:
    """Say the season, or what is missing, as the end of a sentence."""
    if isinstance(fact, Time):
        return draws.pick(TIME_WORDS["snow" if fact.snow else fact.season])
    return draws.pick(ABSENCE_WORDS[fact.topic])


def _land(land: str, draws: Draws, tail: str) -> Phrase:
    noun = draws.pick(LAND_WORDS[land])
    return Phrase(f"{noun} {tail}", noun.startswith(_PLURAL))


def _objects(kind: str, look: str, count: int, draws: Draws, tail: str) -> Phrase:
    singular, plural = draws.pick(OBJECT_WORDS[kind])
    colour = "" if look == "plain" else f"{look} "
    if kind == "house" and draws.chance(40):
        colour = ""
        roof = f"with {'a ' if count == 1 else ''}{look} roof{'' if count == 1 else 's'}"
        tail = f"{roof} {tail}".rstrip()
    noun = colour + (singular if count == 1 else plural)
    text = f"{_number(count, noun, draws)} {noun} {tail}".rstrip()
    return Phrase(text, count > 1)


def _number(count: int, noun: str, draws: Draws) -> str:
    if count == 1:
        article = "an" if noun[0] in "aeiou" else "a"
        return draws.pick((article, article, "a single", "one"))
    if count == 2 and draws.chance(25):
        return "a pair of"
    return NUMBERS[count] if count < len(NUMBERS) else f"more than {NUMBERS[-1]}"
