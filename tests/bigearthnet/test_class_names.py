"""Classes in running English, in every form that questions and captions write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.bigearthnet.class_names import CLASSES, classes_in, land_cover

LONG = "Land principally occupied by agriculture, with significant areas of natural vegetation"
FORMS = {
    "Urban fabric": ["urban fabrics", "Urban Fabric"],
    "Industrial or commercial units": ["industrial or commercial unit", "industrial and commercial "
                                       "units", "industrial/commercial units"],
    "Arable land": ["arable lands"],
    "Pastures": ["pasture", "pasture land"],
    LONG: [
        "land principally occupied by agriculture with significant areas of natural vegetation",
        "lands principally occupied by agriculture with significant areas of natural vegetation",
        "land principally occupied by agriculture with significant natural vegetation",
        "Land principally occupied\nby agriculture",
    ],
    "Agro-forestry areas": ["agro-forestry area", "agroforestry areas"],
    "Broad-leaved forest": ["broad-leaved forests", "broadleaved forest", "broad leaved forest"],
    "Natural grassland and sparsely vegetated areas": [
        "natural grasslands or sparsely vegetated areas", "natural grassland",
        "sparsely vegetated areas",
    ],
    "Moors, heathland and sclerophyllous vegetation": [
        "moors, heathland, or sclerophyllous vegetation", "moors heathland and sclerophyllous "
        "vegetation", "moors and heathland", "heathlands",
    ],
    "Transitional woodland, shrub": [
        "transitional woodlands or shrubs", "transitional woodland and shrub",
        "transitional woodland/shrub", "transitional woodland",
    ],
    "Beaches, dunes, sands": ["beaches, dunes and sands", "beaches, dunes, and sands", "beach"],
    "Inland waters": ["inland water", "inland water bodies"],
    "Marine waters": ["marine water"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "form"), [(name, form) for name, forms in FORMS.items() for form in forms]
)
def test_every_form_names_its_class_and_no_other(name: str, form: str) -> None:
    assert classes_in(f"The dominant feature is the {form} (~724,000 sqm), in summer.") == {name}


@pytest.mark.parametrize("land", CLASSES, ids=lambda land: land.name)
def test_the_official_name_and_the_running_one_are_known(land: object) -> None:
    own = next(other for other in CLASSES if other is land)
    assert land_cover(own.name) is land_cover(own.words) is land
    assert classes_in(own.name) == classes_in(own.words.upper()) == {own.name}


@pytest.mark.parametrize(
    "text",
    [
        "forest and seminatural areas", "forests and semi-natural areas", "agricultural areas",
        "artificial surfaces", "water bodies", "wetlands", "a forested landscape", "mixed feelings",
        "agricultural and forested areas", "",
    ],
)  # fmt: skip
def test_a_group_of_classes_is_none(text: str) -> None:
    assert classes_in(text) == frozenset()


def test_a_noun_may_be_shared() -> None:
    assert classes_in("Broad-leaved, coniferous and mixed forests, inland and marine waters.") == {
        "Broad-leaved forest", "Coniferous forest", "Mixed forest", "Inland waters",
        "Marine waters",
    }  # fmt: skip


@given(st.lists(st.sampled_from(CLASSES), unique=True, max_size=6), st.data())
def test_all_classes_of_a_caption_are_found(lands: list[object], data: st.DataObject) -> None:
    own = [land for land in CLASSES if land in lands]
    forms = [
        data.draw(st.sampled_from([land.words, land.name, *FORMS.get(land.name, [])]))
        for land in own
    ]
    said = "; ".join(f"the {form} (~72,000 sqm) borders water bodies" for form in forms)
    assert classes_in(said) == {land.name for land in own}
