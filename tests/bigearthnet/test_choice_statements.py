import pytest

from wfa.bigearthnet.choice_statements import choice_statement
from wfa.bigearthnet.rows import CATEGORIES, CHOICE

CASES = [
    # the three of the 20 real rows
    ("season", "Which of the following seasons is shown in the image?", "Summer",
     "The image was taken in summer."),
    ("country", "Which of the following options corresponds to the country shown in the satellite "
     "image?", "Austria", "The image was taken in Austria."),
    ("relative pos", "How would you classify the location of the arable land in relation to the "
     "inland waters?", "to the left", "The arable land is to the left of the inland waters."),
    # other wordings
    ("season", "Identify the season depicted in the image:", "Fall",
     "The image was taken in autumn."),
    ("climate zone", "Select the climate zone shown in the satellite image:",
     "Cold, no dry season, warm summer",
     'The image lies in the climate zone "Cold, no dry season, warm summer".'),
    ("presence", "Which land cover type can be observed in this image?", "Beaches, dunes, sands",
     "Beaches, dunes or sands are present in the image."),
    ("presence", "Identify the class that appears in this satellite image:", "Mixed forest",
     "Mixed forest is present in the image."),
    ("adjacency", "Select the pair that borders each other:",
     "Natural grassland and sparsely vegetated areas and Transitional woodland, shrub",
     "Natural grassland and sparsely vegetated areas and transitional woodland or shrub share a "
     "boundary in the image."),
    ("area", "Select the area of inland waters:", "0 to 10%",
     "Inland waters cover between 0 and 10% of the image."),
    ("area", "Which range corresponds to the area covered by urban fabric?",
     "1008000 to 1152000 m^2",
     "Urban fabric covers between 1008000 and 1152000 square metres of the image."),
    ("count", "How many connected regions of pastures are visible in the image?", "one",
     "There is one connected region of pastures in the image."),
    ("count", "Select the number of continuous areas of arable lands:", "more than three",
     "There are more than three connected regions of arable lands in the image."),
    ("relative pos", "What is the relative position of the pastures to the arable land?",
     "to the top", "The pastures are above the arable land."),
    ("relative pos", "What is the spatial direction from the arable land to the urban fabric?",
     "to the bottom-left", "The urban fabric is below and to the left of the arable land."),
    ("relative pos", "Considering the mixed forest as a reference, where does the arable land "
     "appear?", "to the right", "The arable land is to the right of the mixed forest."),
    # wordings and options of the real rows that came later
    ("relative pos", "Which option best describes where the pastures are located compared to the "
     "mixed forests?", "to the top", "The pastures are above the mixed forests."),
    ("relative pos", "Where is the arable land? Locate it: where is the arable land relative to "
     "the pastures?", "to the right", "The arable land is to the right of the pastures."),
    ("count", "Identify how many continuous patches of inland wetlands are present:", "0",
     "There are no connected regions of inland wetlands in the image."),
    ("count", "How many separate areas of arable lands can be seen?", "More than five",
     "There are more than five connected regions of arable lands in the image."),
    ("area", "Pick the area range for arable lands:", "more than 90%",
     "Arable lands cover more than 90% of the image."),
    ("adjacency", "Which class touches pastures?", "Arable land",
     "Pastures and arable land share a boundary in the image."),
]  # fmt: skip


@pytest.mark.parametrize(("category", "stem", "option", "statement"), CASES)
def test_statements(category: str, stem: str, option: str, statement: str) -> None:
    assert choice_statement(category, stem, option) == statement


def test_every_category_is_covered() -> None:
    assert {category for category, *_ in CASES} == set(CATEGORIES[CHOICE])


@pytest.mark.parametrize(
    ("category", "stem", "option"),
    [
        ("presence", "Which class is not present in the image?", "Pastures"),
        ("presence", "Which class is present in the image?", "Volcanoes"),
        ("presence", "Which class lies beside pastures?", "Arable land"),
        ("adjacency", "Which classes share a boundary?", "Pastures and volcanoes"),
        ("adjacency", "Which pair does not touch?", "Pastures and Arable land"),
        ("season", "What is shown?", "Summer"),
        ("season", "Which season is shown?", "Monsoon"),
        ("country", "Which city is shown?", "Austria"),
        ("climate zone", "What is shown?", "Cold"),
        ("area", "Which class covers the largest area?", "Pastures"),
        ("area", "How large are arable land and pastures together in area?", "0 to 10%"),
        ("area", "Which area is not covered by pastures?", "0 to 10%"),
        ("count", "How many regions are there?", "one"),
        ("count", "How many regions of pastures are there?", "plenty"),
        ("relative pos", "Where is the arable land?", "to the left"),
        ("relative pos", "Where do the arable land and the pastures lie?", "to the left"),
        ("relative pos", "Where is the arable land relative to the pastures?", "far away"),
        ("colour", "Which colour?", "Green"),
    ],
)
def test_an_unknown_question_or_option_gives_nothing(category: str, stem: str, option: str) -> None:
    assert choice_statement(category, stem, option) is None
