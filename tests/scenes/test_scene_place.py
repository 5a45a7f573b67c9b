import re
from collections import Counter

from wfa.bigearthnet.annotate.patch_metadata import CLIMATES
from wfa.bigearthnet.class_names import CLASSES
from wfa.data.dataset import SPLITS
from wfa.scenes.scene_place import MOST_IMAGES, place_scene

PATCH = re.compile(r"S2A_MSIL2A_\d{8}T10\d{4}_N9999_R022_T\d\d[A-Z]{3}_\d\d_\d\d")
S1 = re.compile(r"S1A_IW_GRDH_1SDV_\d{8}T16\d{4}_\d\d[A-Z]{3}_\d{1,2}_\d{1,2}")
PLACES = [place_scene(0, "train", index) for index in range(3000)]


def test_names_have_the_official_form() -> None:
    for index in (0, 7, 8_099, 8_100, MOST_IMAGES - 1):
        place = place_scene(0, "bench", index)
        assert PATCH.fullmatch(place.patch_id)
        assert S1.fullmatch(place.s1_name)


def test_names_are_unique() -> None:
    places = [
        place_scene(0, split, index)
        for split in SPLITS
        for index in [*range(300), *range(8_000, 8_200), MOST_IMAGES - 1]
    ]
    assert len({place.patch_id for place in places}) == len(places)
    assert len({place.s1_name for place in places}) == len(places)


def test_the_date_is_in_the_month_and_the_season() -> None:
    seasons = {"Winter": (12, 1, 2), "Spring": (3, 4, 5), "Summer": (6, 7, 8), "Fall": (9, 10, 11)}
    for place in PLACES[:100]:
        date = place.patch_id.split("_")[2]
        assert int(date[4:6]) == place.month
        assert int(date[:4]) == (2017 if place.month > 5 else 2018)
        assert place.s1_name.split("_")[4][:8] == date[:8]
        assert place.month in seasons[place.season]


def test_frequencies_are_the_published_ones() -> None:
    """Shares of the 480,038 patches, counted in the official metadata."""
    countries = Counter(place.country for place in PLACES)
    lands = Counter(CLASSES[land].name for place in PLACES for land in place.lands)
    pairs = Counter(
        (CLASSES[one].name, CLASSES[other].name)
        for place in PLACES for one in place.lands for other in place.lands if one < other
    )  # fmt: skip
    published = {
        "Finland": 0.323, "Portugal": 0.187, "Serbia": 0.153, "Luxembourg": 0.007,
        "Arable land": 0.392, "Mixed forest": 0.345, "Marine waters": 0.129,
        "Industrial or commercial units": 0.023, "Urban fabric": 0.133,
    }  # fmt: skip
    for name, share in published.items():
        found = (countries[name] or lands[name]) / len(PLACES)
        assert abs(found - share) < 0.03, name
    forests = pairs["Coniferous forest", "Mixed forest"] / len(PLACES)
    assert abs(forests - 0.243) < 0.03
    assert abs(sum(place.lands == (18,) for place in PLACES) / len(PLACES) - 0.109) < 0.02


def test_places_have_their_climates_and_classes() -> None:
    assert {place.climate_zone for place in PLACES} <= set(CLIMATES)
    for place in PLACES:
        assert list(place.lands) == sorted(set(place.lands))
        assert 36 < place.latitude < 70
        assert -10 < place.longitude < 33
        south = place.country == "Portugal"
        assert ("dry summer" in place.climate_zone.replace("no dry", "")) == south
        assert (place.latitude < 41) == south
