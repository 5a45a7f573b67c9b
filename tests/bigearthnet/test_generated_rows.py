"""Every question that a grammar of the wordings can make becomes an English statement."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.bigearthnet.class_names import CLASSES, LandCover, classes_in, is_plural
from wfa.bigearthnet.image_texts import statement_of
from wfa.bigearthnet.rows import Choice, Located, Row, parse_row

MANY = {
    "Arable land": "arable lands",
    "Urban fabric": "urban fabrics",
    "Broad-leaved forest": "broad-leaved forests",
    "Coniferous forest": "coniferous forests",
    "Mixed forest": "mixed forests",
    "Transitional woodland, shrub": "transitional woodlands or shrubs",
    CLASSES[6].name: "lands principally occupied by agriculture with significant areas of natural "
    "vegetation",
}
"""Class -> its plural, of those whose usual form is the singular."""

IMAGE = st.sampled_from([
    "the image", "this image", "the scene", "the satellite image", "this satellite image",
])  # fmt: skip
BOUND = st.sampled_from([
    "at least 10%", "more than 288000 m2", "less than 50%", "between 0 m^2 and 144000 m^2",
    "between 10% and 20%", "at most 720000 square meters", "not more than 30%", "exactly 100%",
])  # fmt: skip
COUNT = st.sampled_from([
    "exactly one", "at least three", "fewer than four", "more than five", "at most 2", "only one",
    "two or more", "no more than three",
])  # fmt: skip
PIECES = st.sampled_from([
    "continuous region", "connected patch", "separate area", "distinct continuous region",
])  # fmt: skip

YES_NO = {
    "presence": [
        "Is any portion of {image} covered by {land}?", "{Does} {land} appear in {image}?",
        "Do parts of {image} correspond to {land}?", "Does {image} depict {land}?",
        "Does a part of {image} belong to {land}?", "{Is} there any {land} in {image}?",
        "Can you observe any {land} in {image}?", "Are there regions of {land} in {image}?",
        "Does {image} include the land cover class {land}?", "Could {land} be found in {image}?",
        "{Is} {land} among what {image} shows?", "Do you notice {land} anywhere in {image}?",
        "Tell whether {land} can be seen.", "Is it true that {image} contains {land}?",
    ],
    "area": [
        "{Does} {land} cover {bound} of {image}?", "Is the total area of {land} {bound}?",
        "{Does} {land} take up {bound} of {image}?", "Is {bound} of {image} covered by {land}?",
        "Would you say that {land} {takes} up {bound} of {image}?",
        "Is {image} fully covered by {land}?", "Does the extent of {land} amount to {bound}?",
        "Does {land} make for {bound} of what is seen?",
    ],
    "count": [
        "Does {image} contain {count} {pieces} of {land}?",
        "{Is} {land} present in {count} {pieces} within {image}?",
        "Are there {count} {pieces} of {land} in {image}?",
        "Can one make out {count} {pieces} of {land}?", "{Is} {land} split into {count} {pieces}?",
        "Would you confirm that there are {count} {pieces} of {land} in {image}?",
    ],
    "adjacency": [
        "Is there any {land} and {other} directly connected in {image}?",
        "Would you say that any {land} lies next to {other} in {image}?",
        "{Does} any {land} share a boundary with {other} in {image}?",
        "Are {land} and {other} adjacent to each other in {image}?",
        "{Is} {land} bordering {other} in {image}?", "{Does} {land} touch {other} in {image}?",
        "Do {land} and {other} have a common border in {image}?",
        "Can one walk from {land} straight into {other}?",
    ],
}  # fmt: skip
STEMS = {
    "presence": ["Which land cover class is present in {image}?", "Pick what {image} shows:"],
    "adjacency": ["Which classes are directly connected?", "Identify the adjacent classes:",
                  "Pick the touching land cover classes:", "Select the pair that meets:"],
    "area": ["What is the total area of {land} in {image}?", "Pick the area range for {land}:",
             "What is the approximate coverage of {land}?", "How large {is} the {land}?"],
    "count": ["Identify the number of continuous areas of {land}:",
              "How many separate areas of {land} can be seen?", "Count the patches of {land}:"],
    "relative pos": [
        "Which option best describes where the {land} {is} located compared to the {other}?",
        "Where {is} the {land} located relative to the {other}?",
        "How would you classify the location of the {land} in relation to the {other}?",
        "Taking the {other} as a reference, where {is} the {land}?",
        "What is the position of the {land} with respect to the {other}?",
        "In which direction from the {other} {is} the {land}?",
    ],
    "season": ["Identify the season when {image} was captured:", "Which season is shown?"],
    "country": ["Which country does {image} show?", "Pick the country of {image}:"],
    "climate zone": ["Which climate zone is depicted in {image}?", "Name the climate zone:"],
}  # fmt: skip
OPTIONS: dict[str, list[tuple[str, ...]]] = {
    "area": [
        ("864000 to 1008000 m^2", "0 to 144000 m^2", "1152000 to 1440000 m^2"),
        ("0 to 10%", "10 to 50%", "90 to 100%"),
        ("less than 10%", "between 10% and 20%", "more than 20%"),
    ],
    "count": [("0", "1", "More than five"), ("2", "5", "3"), ("one", "two", "zero")],
    "relative pos": [
        ("to the top", "to the top-right", "to the left"), ("to the bottom-left", "to the bottom"),
    ],
    "season": [("Summer", "Winter", "Fall"), ("Spring", "Autumn")],
    "country": [("Austria", "Serbia", "Luxembourg"), ("Finland", "Kosovo")],
    "climate zone": [("Cold, no dry season, warm summer", "Temperate, dry summer, hot summer")],
}  # fmt: skip
GLUE = st.sampled_from([None, " ", "", "\n"])


def written(land: LandCover, data: st.DataObject) -> str:
    """Write a class in one of its numbers."""
    return data.draw(st.sampled_from([land.words, MANY.get(land.name, land.words)]))


def filled(template: str, data: st.DataObject) -> tuple[str, list[LandCover]]:
    """Fill a wording; give it with the classes that it names."""
    two = data.draw(st.lists(st.sampled_from(CLASSES), min_size=2, max_size=2, unique=True))
    one, other = (written(land, data) for land in two)
    count, pieces = data.draw(COUNT), data.draw(PIECES)
    several = is_plural(one)
    text = template.format(
        land=one, other=other, image=data.draw(IMAGE), bound=data.draw(BOUND),
        count=count, pieces=pieces if count.endswith("one") else f"{pieces}s".replace("hs", "hes"),
        Does="Do" if several else "Does", Is="Are" if several else "Is",
        takes="take" if several else "takes", **{"is": "are" if several else "is"},
    )  # fmt: skip
    named = [land for land, key in zip(two, ("{land}", "{other}"), strict=True) if key in template]
    return text, named


def check(statement: str | None, named: list[LandCover]) -> str:
    """Check that it is one English sentence about the right classes."""
    assert statement is not None
    assert statement[0].isupper() and statement[0].isalpha()
    assert re.fullmatch(r"[^\n?]*[^\s.,?]\.", statement), statement
    assert "  " not in statement
    assert classes_in(statement) == {land.name for land in named}
    for mention in re.finditer(
        r"^(?:The |Some )?([a-z, -]+?) (are|is|cover|covers) ", statement, re.I
    ):
        if len(classes_in(mention[1])) == 1 and mention[1].lower() in WORDS:
            assert is_plural(mention[1]) == (mention[2] in ("are", "cover")), statement
    return statement


WORDS = {land.words for land in CLASSES} | set(MANY.values())


@pytest.mark.parametrize(
    ("category", "template"), [(key, one) for key, own in YES_NO.items() for one in own]
)
@settings(max_examples=15)
@given(data=st.data())
def test_yes_no_questions(category: str, template: str, data: st.DataObject) -> None:
    question, named = filled(template, data)
    glue = data.draw(GLUE)
    if glue is not None and question.endswith("?"):
        question = f"{question}{glue}{question}"
    row = Row(1, "S2", "S1", question, "yes", "binary", category)
    yes, no = (check(statement_of(row, answer), named) for answer in (True, False))
    assert yes != no
    assert not re.search(r"\bany\b", yes, re.IGNORECASE)


@pytest.mark.parametrize(
    ("category", "stem"), [(key, one) for key, own in STEMS.items() for one in own]
)
@settings(max_examples=15)
@given(data=st.data())
def test_multiple_choice(category: str, stem: str, data: st.DataObject) -> None:
    question, named = filled(stem, data)
    lands = data.draw(st.permutations(CLASSES))
    offered: tuple[str, ...]
    own: list[list[LandCover]] = []
    if category == "presence":
        own = [[land] for land in lands[:4]]
    elif category == "adjacency":
        own = [list(lands[k : k + 2]) for k in (0, 2, 4, 6)]
    if own:
        offered = tuple(" and ".join(land.name for land in part) for part in own)
    else:
        offered = data.draw(st.sampled_from(OPTIONS[category]))
        own = [named for _ in offered]
    marked = (f"{letter}) {text}" for letter, text in zip("abcd", offered, strict=False))
    between = data.draw(st.sampled_from([", ", ",\n", "; ", " "]))
    row = Row(1, "S2", "S1", f"{question} {between.join(marked)}", "a", "mcq", category)
    answer = parse_row(row)
    assert isinstance(answer, Choice)
    assert answer.options.texts == offered
    said = [
        check(statement_of(row, replace(answer, right=place)), own[place])
        for place in range(len(offered))
    ]
    assert len(set(said)) == len(offered)


@pytest.mark.parametrize("which", ["", "largest patch of ", "smallest patch of ",
                                   "largest connected region of "])  # fmt: skip
@given(st.sampled_from(CLASSES), st.booleans())
def test_phrases_that_are_to_be_found(which: str, land: LandCover, glued: bool) -> None:
    question = f"Locate the <ref>{which}{land.words}</ref>."
    if glued:
        question = f"Describe the image.\n{question}"
    row = Row(1, "S2", "S1", question, "[0.0 0.0, 1.0 1.0]", "bounding box", "reference")
    answer = parse_row(row)
    assert isinstance(answer, Located)
    assert answer.target == which + land.words
    assert answer.box == (0, 0, 1, 1)
