import re
from collections import Counter
from dataclasses import replace

from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, COUNTRIES
from wfa.data.dataset import SPLITS
from wfa.scenes.scene_layout import Scene, make_scene
from wfa.scenes.scene_place import MOST_IMAGES, place_scene

SCENE = make_scene(0, "train", 0, 32)
PATCH = re.compile(r"S2A_MSIL2A_\d{8}T10\d{4}_N9999_R022_T\d\d[A-Z]{3}_\d\d_\d\d")
S1 = re.compile(r"S1A_IW_GRDH_1SDV_\d{8}T16\d{4}_\d\d[A-Z]{3}_\d{1,2}_\d{1,2}")


def scene(split: str, index: int, season: str = "summer") -> Scene:
    return replace(SCENE, split=split, index=index, season=season)


def test_names_have_the_official_form() -> None:
    for index in (0, 7, 8_099, 8_100, MOST_IMAGES - 1):
        place = place_scene(scene("bench", index))
        assert PATCH.fullmatch(place.patch_id)
        assert S1.fullmatch(place.s1_name)


def test_names_are_unique() -> None:
    places = [
        place_scene(scene(split, index))
        for split in SPLITS
        for index in [*range(300), *range(8_000, 8_200), MOST_IMAGES - 1]
    ]
    assert len({place.patch_id for place in places}) == len(places)
    assert len({place.s1_name for place in places}) == len(places)


def test_the_date_is_in_the_season() -> None:
    months = {"winter": "01", "spring": "04", "summer": "07", "autumn": "10"}
    for season, month in months.items():
        place = place_scene(scene("test", 1, season))
        assert place.patch_id.split("_")[2][4:6] == month
        assert place.s1_name.split("_")[4][4:6] == month
        assert place.season == {"autumn": "Fall"}.get(season, season.capitalize())


def test_countries_are_drawn_alike_and_have_their_climates() -> None:
    places = [place_scene(scene("train", index)) for index in range(1000)]
    counts = Counter(place.country for place in places)
    assert set(counts) == set(COUNTRIES)
    assert max(counts.values()) < 150
    assert {place.climate_zone for place in places} <= set(CLIMATES)
    for country in COUNTRIES:
        own = [place for place in places if place.country == country]
        assert len({place.climate_zone for place in own}) <= 2
        assert max(place.latitude for place in own) - min(place.latitude for place in own) < 1
