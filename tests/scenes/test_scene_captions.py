"""Captions are read back by a grammar of their own and checked against the scene."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.draws import CAPTIONS, Draws
from wfa.scenes.land_classes import CODE
from wfa.scenes.scene_captions import Caption, compose, write_captions
from wfa.scenes.scene_facts import Absence, Border, Cover, Fact, Ground, Lines, Place, scene_facts
from wfa.scenes.scene_layout import Scene, make_scene

LAND = {
    "town": "a residential area|a built-up area|a housing estate",
    "industry": "an industrial site|an industrial estate|factory ground",
    "wheat": "wheat|a wheat field|land under wheat",
    "maize": "maize|a maize field|a field of corn",
    "rapeseed": "rapeseed|a rapeseed field|a field of oilseed rape",
    "ploughed": "ploughed soil|a ploughed field|bare farmland",
    "orchard": "an orchard|rows of fruit trees|a fruit plantation",
    "vineyard": "a vineyard|rows of vines|vineyard land",
    "pasture": "pasture|a green meadow|grazing land",
    "broadleaf": "broad-leaved forest|a deciduous wood|broad-leaved trees",
    "conifer": "coniferous forest|a pine wood|conifers",
    "mixed": "mixed forest|a mixed wood|mixed woodland",
    "grassland": "natural grassland|wild grass|open grassland",
    "heath": "heath|heathland|a moor",
    "scrub": "scrub|shrubland|land full of bushes",
    "sand": "sand|bare sand|a sandy stretch",
    "marsh": "marsh|a swamp|wetland",
    "lake": "a lake|the water of a lake|a body of fresh water",
    "river": "a river|a winding river|a stream",
    "sea": "the sea|sea water|open sea",
}
THINGS = {
    "house": "houses?|homes?",
    "warehouse": "warehouses?|large sheds?",
    "tank": "storage tanks?|round tanks?",
    "ship": "ships?|boats?|vessels?",
    "aeroplane": "aeroplanes?|planes?|aircraft",
    "car park": "car parks?|parking lots?",
    "runway": "runways?|airstrips?",
    "road": "roads?|lanes?",
}
COUNTS = (
    "a pair of|a single|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    "|thirteen|fourteen|fifteen|sixteen"
)
NUMBER = {word: number for number, word in enumerate(COUNTS.split("|")[3:], start=1)}
NUMBER |= {"a": 1, "an": 1, "a single": 1, "a pair of": 2}
LOOKS = "red|grey|brown|white|blue|black|yellow|full|empty"
CELL = (
    r"(?:in|at|on|near) the (?:(?P<down>upper|lower|top|bottom)|(?P<mid>centre|middle))?"
    r" ?(?P<side>left|right|middle)?(?: corner| side| edge)?"
)
SHARE = {"most": "most", "half": "half", "third": "third", "little": "small|little"}
PLURAL_LAND = re.compile("rows of|conifers|broad-leaved trees")
LANDS = "|".join(LAND.values())
AREA = re.compile(
    rf"(?P<land>{LANDS}) (?:(?:next to|beside|bordering) (?P<other>{LANDS})"
    r"|(?:over|covering|in) (?:about |roughly |a |very )*(?P<share>most|half|third|small|little)"
    rf"(?: part)?(?: of)? the (?:image|ground)|{CELL})"
)
OBJECTS = re.compile(
    rf"(?P<count>{COUNTS}) (?:(?P<look>{LOOKS}) )?(?P<noun>{'|'.join(THINGS.values())})"
    rf"(?: with (?P<roofs>a )?(?P<roof>{LOOKS}) roof(?P<plural>s)?)?"
    r"(?: running (?P<way>from left to right|across the picture|from top to bottom"
    rf"|down the picture)| (?:in|on) (?P<ground>{LANDS})| {CELL})?"
)
FRAME = re.compile(
    r"(?P<start>(?:there (?P<verb>is|are)|an aerial view of|this image shows"
    r"|a satellite picture with|we look down on) )?(?P<things>.*?)(?: can be seen from above)?"
    r"(?: (?:in|on an?|under) (?P<time>(?:snowy )?(?:spring|summer|autumn|winter)(?: day| snow)?))?"
    r"(?:(?:,? but no| without any) (?P<missing>\w+))?\.",
    re.IGNORECASE,
)
TOPICS = {"boats": "ships", "aircraft": "planes"}


@cache
def scene(index: int) -> Scene:
    return make_scene(11, "test", index, 64)


def written(index: int, redundancy: float | None, **options: float | int) -> tuple[Caption, ...]:
    count, verbatim = options.get("count"), options.get("verbatim", 0.5)
    draws = Draws(11, "test", index, CAPTIONS)
    number = None if count is None else int(count)
    return compose(scene(index), redundancy, draws, number, float(verbatim))


def facts_read(text: str) -> Iterator[tuple[object, ...]]:
    """Read a caption; every word must be understood."""
    frame = FRAME.fullmatch(text)
    assert frame, text
    if frame["time"]:
        season = re.search("spring|summer|autumn|winter", frame["time"])
        assert season
        yield "time", season[0], "snow" in frame["time"]
    if frame["missing"]:
        yield "missing", TOPICS.get(frame["missing"], frame["missing"])
    things = frame["things"]
    if not frame["start"]:
        things = things[0].lower() + things[1:]
    for place, phrase in enumerate(re.split(", | and ", things)):
        area, objects = AREA.fullmatch(phrase), OBJECTS.fullmatch(phrase)
        assert area or objects, phrase
        if place == 0 and frame["verb"]:
            many = PLURAL_LAND.match(phrase) if area else objects and NUMBER[objects["count"]] > 1
            assert frame["verb"] == ("are" if many else "is"), text
        yield area_read(area) if area else objects_read(objects)


def named(table: dict[str, str], word: str) -> str:
    (name,) = (name for name, words in table.items() if re.fullmatch(words, word))
    return name


def area_read(match: re.Match[str]) -> tuple[object, ...]:
    land = named(LAND, match["land"])
    if match["other"]:
        return "border", frozenset({land, named(LAND, match["other"])})
    if match["share"]:
        return "cover", land, named(SHARE, match["share"])
    return "place", land, cell_read(match)


def objects_read(match: re.Match[str] | None) -> tuple[object, ...]:
    assert match
    kind, number = named(THINGS, match["noun"]), NUMBER[match["count"]]
    assert match["noun"].endswith("s") == (number > 1) or match["noun"] == "aircraft"
    if match["roof"]:
        assert bool(match["plural"]) == (number > 1) == (not match["roofs"])
    if match["count"] in ("a", "an"):
        after = match.string[len(match["count"]) + 1]
        assert (match["count"] == "an") == (after in "aeiou"), match.string
    if match["way"]:
        return "lines", kind, match["way"] in ("from left to right", "across the picture"), number
    look = match["roof"] or match["look"]
    if match["ground"]:
        return "ground", kind, look, number, named(LAND, match["ground"])
    return "group", kind, look, number, cell_read(match)


def cell_read(match: re.Match[str]) -> str | None:
    down, side = match["down"], match["side"]
    if not (down or side or match["mid"]):
        return None
    row = {"top": "upper", "bottom": "lower"}.get(down, down)
    column = side if side in ("left", "right") else None
    if row and column:
        return f"{row} {column}"
    return {"upper": "top", "lower": "bottom", None: column or "centre"}[row]


def as_read(fact: Fact) -> tuple[object, ...]:
    """Give a fact as `facts_read` does."""
    match fact:
        case Cover(land, share):
            return "cover", land, share
        case Place(land, cell):
            return "place", land, cell
        case Border(first, second):
            return "border", frozenset({first, second})
        case Ground(kind, look, count, land):
            return "ground", kind, look, count, land
        case Lines(kind, across, count):
            return "lines", kind, across, count
        case Absence(topic):
            return "missing", topic
        case _:
            name = "time" if hasattr(fact, "season") else "group"
            return name, *vars(fact).values()


@settings(max_examples=150, deadline=None)
@given(index=st.integers(0, 10**9))
def test_captions_say_only_what_is_true(index: int) -> None:
    place = make_scene(11, "test", index, 64)
    true = {as_read(fact) for fact in scene_facts(place)}
    assert set(LAND) == set(CODE)
    for caption in compose(place, None, Draws(11, "test", index, CAPTIONS)):
        read = list(facts_read(caption.text))
        assert Counter(read) == Counter(map(as_read, caption.facts)), caption.text
        assert set(read) <= true
        assert 5 <= len(caption.text.split()) <= 20
        assert caption.text[0].isupper()


def test_counts_run_from_one_to_eight() -> None:
    assert {len(written(index, None)) for index in range(150)} == set(range(1, 9))
    for count in range(1, 9):
        assert len(written(3, 0.5, count=count)) == count


def test_without_redundancy_each_caption_tells_something_new() -> None:
    for index in range(100):
        told: set[Fact] = set()
        texts = set()
        for caption in written(index, 0.0, count=8):
            assert not caption.repeats
            assert set(caption.facts) - told
            told |= set(caption.facts)
            texts.add(caption.text)
        assert len(texts) == 8


@pytest.mark.parametrize("redundancy", [0.25, 0.5, 0.75])
def test_redundancy_is_the_share_of_repeats(redundancy: float) -> None:
    after_first = [
        caption for index in range(120) for caption in written(index, redundancy, count=6)[1:]
    ]
    share = sum(caption.repeats for caption in after_first) / len(after_first)
    assert abs(share - redundancy) < 0.06  # 3 standard errors of 600 draws


def test_repeats_say_nothing_new() -> None:
    for index in range(60):
        captions = written(index, 1.0, count=5)
        assert [caption.repeats for caption in captions] == [False, True, True, True, True]
        assert {caption.facts for caption in captions} == {captions[0].facts}


def test_repeats_are_copies_or_paraphrases() -> None:
    same = [written(index, 1.0, count=8, verbatim=1.0) for index in range(40)]
    assert all(len({caption.text for caption in captions}) == 1 for captions in same)
    other = [written(index, 1.0, count=8, verbatim=0.0) for index in range(40)]
    distinct = sum(len({caption.text for caption in captions}) for captions in other)
    assert distinct > 0.7 * 40 * 8


def test_a_sweep_of_redundancy_is_paired() -> None:
    for index in range(40):
        fresh = written(index, 0.0, count=6)
        repeated: set[int] = set()
        for redundancy in (0.2, 0.5, 0.8, 1.0):
            captions = written(index, redundancy, count=6)
            now = {place for place, caption in enumerate(captions) if caption.repeats}
            assert repeated <= now
            assert all(captions[place] == fresh[place] for place in set(range(6)) - now)
            repeated = now


def test_images_vary_in_redundancy_when_none_is_given() -> None:
    shares = [
        sum(caption.repeats for caption in written(index, None, count=8)[1:]) / 7
        for index in range(100)
    ]
    assert min(shares) == 0
    assert max(shares) > 0.8


def test_write_captions_gives_the_texts() -> None:
    texts = write_captions(scene(0), 0.5, Draws(11, "test", 0, CAPTIONS), count=4)
    assert texts == tuple(caption.text for caption in written(0, 0.5, count=4))


def test_sixteen_have_at_least_nine_that_differ() -> None:
    for index in range(20):
        scene = make_scene(0, "train", index, 64)
        captions = write_captions(scene, 0.0, Draws(0, "train", index, CAPTIONS), count=16)
        assert len(captions) == 16
        assert len(set(captions)) >= 9  # facts run out, and the last ones repeat
