import re
from pathlib import Path

import pytest

from wfa.bigearthnet.annotation_table import AnnotationTable
from wfa.bigearthnet.class_names import CLASSES, is_plural, land_cover
from wfa.bigearthnet.rows import CATEGORIES
from wfa.bigearthnet.yes_no_statements import yes_no_statement

AGRICULTURE = "principally occupied by agriculture with significant areas of natural vegetation"

REAL = [
    (
        "Would you say that any arable land lies next to pastures in the image?",
        "Some arable land lies next to pastures in the image.",
        "It is not true that any arable land lies next to pastures in the image.",
    ),
    (
        "Do pastures take up between 0 square meters and 288000 square meters of the image?",
        "Pastures take up between 0 square meters and 288000 square meters of the image.",
        "Pastures do not take up between 0 square meters and 288000 square meters of the image.",
    ),
    (
        "Is any portion of the image covered by mixed forest?",
        "Some of the image is covered by mixed forest.",
        "No portion of the image is covered by mixed forest.",
    ),
    (
        "Does the image depict permanent crops?",
        "The image depicts permanent crops.",
        "The image does not depict permanent crops.",
    ),
    (
        "Would you say that mixed forests take up between 0 m2 and 720000 m2 of the image?",
        "Mixed forests take up between 0 m2 and 720000 m2 of the image.",
        "It is not true that mixed forests take up between 0 m2 and 720000 m2 of the image.",
    ),
    (
        "Can you identify inland waters in the satellite image?",
        "Inland waters can be identified in the satellite image.",
        "No inland waters can be identified in the satellite image.",
    ),
    (
        "Does the satellite image contain land principally occupied by agriculture with "
        "significant areas of natural vegetation?",
        "The satellite image contains land principally occupied by agriculture with significant "
        "areas of natural vegetation.",
        "The satellite image does not contain land principally occupied by agriculture with "
        "significant areas of natural vegetation.",
    ),
    (
        "Do mixed forests cover at least 50% of the image?",
        "Mixed forests cover at least 50% of the image.",
        "Mixed forests do not cover at least 50% of the image.",
    ),
    (
        "Does this scene feature arable land?",
        "This scene features arable land.",
        "This scene does not feature arable land.",
    ),
    (
        "Does the satellite view capture complex cultivation patterns?",
        "The satellite view captures complex cultivation patterns.",
        "The satellite view does not capture complex cultivation patterns.",
    ),
]
"""The ten yes/no questions among the 20 real rows."""

MORE = [
    # adjacency
    (
        "Is any broad-leaved forest and pastures side by side in the image?",
        "Some broad-leaved forest and pastures are side by side in the image.",
        "No broad-leaved forest and pastures are side by side in the image.",
    ),
    (
        "Does any inland water come into contact with a mixed forest?",
        "Some inland water comes into contact with a mixed forest.",
        "No inland water comes into contact with a mixed forest.",
    ),
    (
        "Would you identify any arable land as lying adjacent to pastures?",
        "Some arable land lies adjacent to pastures.",
        "It is not true that any arable land lies adjacent to pastures.",
    ),
    (
        "Does any instance of pastures directly touch a mixed forest?",
        "An instance of pastures directly touches a mixed forest.",
        "No instance of pastures directly touches a mixed forest.",
    ),
    (
        "Do regions of any arable land directly adjoin urban fabrics?",
        "Regions of arable land directly adjoin urban fabrics.",
        "Regions of any arable land do not directly adjoin urban fabrics.",
    ),
    (
        "Does the boundary of any instance of pastures touch that of urban fabrics?",
        "The boundary of an instance of pastures touches that of urban fabrics.",
        "The boundary of any instance of pastures does not touch that of urban fabrics.",
    ),
    (
        "Does any inland water and marine waters share a common boundary?",
        "Some inland water and marine waters share a common boundary.",
        "No inland water and marine waters share a common boundary.",
    ),
    (
        "Is there evidence of pastures touching urban fabrics?",
        "There is evidence of pastures touching urban fabrics.",
        "There is no evidence of pastures touching urban fabrics.",
    ),
    # count
    (
        "Are fewer than three continuous areas of arable lands visible here?",
        "Fewer than three continuous areas of arable lands are visible here.",
        "It is not true that fewer than three continuous areas of arable lands are visible here.",
    ),
    (
        "Can you confirm that there are exactly four connected patches of pastures in this image?",
        "There are exactly four connected patches of pastures in this image.",
        "It is not true that there are exactly four connected patches of pastures in this image.",
    ),
    (
        "Is there only one continuous patch of pastures in the image?",
        "There is only one continuous patch of pastures in the image.",
        "It is not true that there is only one continuous patch of pastures in the image.",
    ),
    (
        "Do transitional woodlands or shrubs occupy two or less continuous areas in the image?",
        "Transitional woodlands or shrubs occupy two or less continuous areas in the image.",
        "Transitional woodlands or shrubs do not occupy two or less continuous areas in the image.",
    ),
    # area
    (
        "Is the area covered by moors, heathland, or sclerophyllous vegetation at least 10%?",
        "The area covered by moors, heathland, or sclerophyllous vegetation is at least 10%.",
        "The area covered by moors, heathland, or sclerophyllous vegetation is not at least 10%.",
    ),
    (
        "Is the surface of pastures not greater than 288000 square meters?",
        "The surface of pastures is not greater than 288000 square meters.",
        "The surface of pastures is greater than 288000 square meters.",
    ),
    (
        "Would you classify arable lands as taking up between 0 m^2 and 144000 m^2 of the image?",
        "Arable lands take up between 0 m^2 and 144000 m^2 of the image.",
        "It is not true that arable lands take up between 0 m^2 and 144000 m^2 of the image.",
    ),
    (
        "Does urban fabric occupy more than 30% of the image?",
        "Urban fabric occupies more than 30% of the image.",
        "Urban fabric does not occupy more than 30% of the image.",
    ),
    # presence
    (
        "Can any industrial or commercial units be observed in this image?",
        "Some industrial or commercial units can be observed in this image.",
        "No industrial or commercial units can be observed in this image.",
    ),
    (
        "Would you classify part of this image as coniferous forest?",
        "Part of this image can be classified as coniferous forest.",
        "No part of this image can be classified as coniferous forest.",
    ),
    (
        "Is the land cover type pastures present in the satellite image?",
        "The land cover type pastures is present in the satellite image.",
        "The land cover type pastures is not present in the satellite image.",
    ),
    (
        "Is there some part of the image not covered by pastures?",
        "There is some part of the image not covered by pastures.",
        "There is no part of the image not covered by pastures.",
    ),
]


@pytest.mark.parametrize(("question", "yes", "no"), [*REAL, *MORE])
def test_statements_of_every_kind_of_question(question: str, yes: str, no: str) -> None:
    assert yes_no_statement(question, True) == yes
    assert yes_no_statement(question, False) == no


@pytest.mark.parametrize(
    "question",
    [
        "What is this?",
        "Is the image beautiful?",
        "Do cats cover the image?",
        "Does the image swallow pastures?",
        "Do pastures cover the image",
        "Pastures cover the image.",
        "Would you describe pastures as shimmering in the image?",
        "Why does the image show pastures?",
        "",
    ],
)
def test_an_unknown_question_gives_nothing(question: str) -> None:
    assert yes_no_statement(question, True) is None
    assert yes_no_statement(question, False) is None


@pytest.mark.parametrize("land", CLASSES, ids=lambda land: land.name)
def test_every_class_is_known_by_each_of_its_names(land: object) -> None:
    assert land in CLASSES
    found = [other for other in CLASSES if land_cover(other.name) is land]
    assert found == [land]
    words = found[0].words
    statement = yes_no_statement(f"Does the image show {words}?", True)
    assert statement == f"The image shows {words}."
    verb = "Do" if found[0].plural else "Does"
    expected = f"{words[0].upper()}{words[1:]} {'cover' if found[0].plural else 'covers'} 50%."
    assert yes_no_statement(f"{verb} {words} cover 50%?", True) == expected


@pytest.mark.parametrize(
    ("words", "plural"),
    [
        ("arable land", False),
        ("arable lands", True),
        ("pastures", True),
        ("inland water", False),
        (f"lands {AGRICULTURE}", True),
        (f"land {AGRICULTURE}", False),
        ("transitional woodland, shrub", False),
        ("transitional woodlands or shrubs", True),
        ("moors, heathland or sclerophyllous vegetation", True),
    ],
)  # fmt: skip
def test_number_follows_how_the_class_is_written(words: str, plural: bool) -> None:
    assert is_plural(words) is plural


def test_statements_of_all_real_questions_are_those_read_here(real_rows: Path) -> None:
    table = AnnotationTable(real_rows, ["test"], CATEGORIES, "error")
    rows = [row for patch in range(len(table)) for row in table.rows(patch) if row.type == "binary"]
    assert [row.question for row in rows] == [question for question, _, _ in REAL]
    # A statement keeps the question's words, so nothing is invented.
    for question, yes, no in REAL:
        said = set(re.findall(r"[\w%-]+", question.lower()))
        for statement in (yes, no):
            added = set(re.findall(r"[\w%-]+", statement.lower())) - said
            assert {word.rstrip("s") for word in added} <= {
                "some", "no", "not", "do", "doe", "it", "i", "true", "that", "can", "be",
                "identified", *(word.rstrip("s") for word in said),
            }  # fmt: skip


@pytest.mark.parametrize(
    ("category", "question", "yes", "no"),
    [
        ("presence", "Do parts of the image correspond to industrial or commercial units?",
         "Parts of the image correspond to industrial or commercial units.",
         "No parts of the image correspond to industrial or commercial units."),
        ("adjacency", "Is there any arable land and pastures directly connected in the scene?",
         "Arable land and pastures are directly connected in the scene.",
         "No arable land and pastures are directly connected in the scene."),
        ("area", "Do pastures take up not more than 30% of the image?",
         "Pastures take up not more than 30% of the image.",
         "Pastures take up more than 30% of the image."),
        ("area", "Is at least half of the image made of arable lands?",
         "Arable lands cover at least half of the image.",
         "Arable lands do not cover at least half of the image."),
        ("area", "Does the scene, fully and entirely, consist of nothing but marine waters?",
         "Marine waters cover all of the image.",
         "Marine waters do not cover all of the image."),
        ("count", "Can one find a single region of inland waters?",
         "There is exactly one connected region of inland waters in the image.",
         "It is not true that there is exactly one connected region of inland waters in the "
         "image."),
        ("presence", "Does the image swallow pastures?",
         "Pastures are present in the image.", "The image shows no pastures."),
        ("adjacency", "Can one step from arable land into pastures?",
         "Arable land and pastures share a boundary in the image.",
         "Arable land and pastures share no boundary in the image."),
        ("presence", "Does the image depict\nmixed forest?Is any of it covered by mixed forest?",
         "The image depicts mixed forest.", "The image does not depict mixed forest."),
    ],
)  # fmt: skip
def test_a_category_helps_where_the_words_are_new(
    category: str, question: str, yes: str, no: str
) -> None:
    assert yes_no_statement(question, True, category) == yes
    assert yes_no_statement(question, False, category) == no


@pytest.mark.parametrize(
    ("category", "question"),
    [
        ("presence", "Does the image swallow no pastures?"),
        ("presence", "Does the image swallow pastures and arable land?"),
        ("area", "Does the image swallow pastures?"),
        ("count", "Does the image swallow pastures?"),
        ("adjacency", "Does the image swallow pastures?"),
        ("colour", "Does the image swallow pastures?"),
    ],
)
def test_a_question_of_unknown_meaning_gives_nothing(category: str, question: str) -> None:
    assert yes_no_statement(question, True, category) is None
