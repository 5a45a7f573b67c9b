"""Facts against counts by plain loops, and on maps made by hand."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wfa.scenes.land_classes import CODE, LAND
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
    cell_name,
    scene_facts,
)
from wfa.scenes.scene_layout import Scene, SceneObject, make_scene


def by_hand(rows: list[str], *objects: SceneObject, season: str = "spring") -> Scene:
    """Make a scene from letters, each a block of 8 x 8 pixels."""
    letters = {"s": "sea", "w": "wheat", "p": "pasture", "b": "sand", "f": "conifer"}
    small = np.array([[CODE[letters[letter]] for letter in row] for row in rows], dtype=np.uint8)
    return Scene(0, "train", 0, small.repeat(8, 0).repeat(8, 1), objects, season, False)


def test_a_coast_by_hand() -> None:
    ships = (SceneObject("ship", "red", 2, 2, 8, 5), SceneObject("ship", "red", 2, 10, 8, 13))
    scene = by_hand(["ssbpp", "ssbpp", "ssbpp", "ssbpw", "ssbpp"], *ships)
    assert set(scene_facts(scene)) == {
        Cover("sea", "half"),
        Cover("pasture", "third"),
        Cover("wheat", "little"),
        Place("sea", "left"),
        Place("sand", "centre"),
        Place("pasture", "right"),
        Place("wheat", "lower right"),
        Border("wheat", "pasture"),
        Border("pasture", "sand"),
        Border("sand", "sea"),
        Group("ship", "red", 2, "upper left"),
        Ground("ship", "red", 2, "sea"),
        Time("spring", False),
        Absence("forest"),
        Absence("buildings"),
        Absence("roads"),
        Absence("planes"),
    }


def test_lines_far_groups_and_mixed_ground_by_hand() -> None:
    things = (
        SceneObject("road", "plain", 0, 10, 40, 12),
        SceneObject("road", "plain", 30, 0, 32, 40),
        SceneObject("house", "grey", 0, 0, 4, 4),
        SceneObject("house", "grey", 35, 35, 39, 39),
    )
    facts = scene_facts(by_hand(["wwwpp"] * 5, *things))
    assert Lines("road", True, 1) in facts
    assert Lines("road", False, 1) in facts
    assert Group("house", "grey", 2, None) in facts
    assert not any(isinstance(fact, Ground) for fact in facts)
    assert Absence("roads") not in facts
    assert Absence("buildings") not in facts


def test_one_class_covers_most() -> None:
    assert Cover("conifer", "most") in scene_facts(by_hand(["f"]))


def test_cells() -> None:
    assert cell_name(0, 0, 60) == "upper left"
    assert cell_name(30, 30, 60) == "centre"
    assert cell_name(19, 40, 60) == "lower left"
    assert cell_name(60, 30, 60) == "right"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**40), index=st.integers(0, 10**6))
def test_facts_are_true(seed: int, index: int) -> None:
    scene = make_scene(seed, "validation", index, 64)
    facts = scene_facts(scene)
    assert len(facts) == len(set(facts)) >= 8
    for fact in facts:
        assert holds(fact, scene), fact


def holds(fact: Fact, scene: Scene) -> bool:
    names = [[LAND[code].name for code in row] for row in scene.land_cover.tolist()]
    cover = Counter(name for row in names for name in row)
    counts = Counter((thing.kind, thing.look) for thing in scene.objects)
    match fact:
        case Cover(land, share):
            low, high = {"most": (55, 101), "half": (40, 55), "third": (28, 40), "little": (1, 8)}[
                share
            ]
            return low <= 100 * cover[land] / 64**2 < high
        case Place(land, cell):
            spots = [
                (x, y) for y, row in enumerate(names) for x, name in enumerate(row) if name == land
            ]
            x, y = (sum(2 * spot[way] + 1 for spot in spots) for way in (0, 1))
            return cell == naive_cell(Fraction(x, 128 * len(spots)), Fraction(y, 128 * len(spots)))
        case Border(first, second):
            columns = zip(*names, strict=True)
            beside = sum({a, b} == {first, second} for row in names for a, b in pairwise(row))
            below = sum({a, b} == {first, second} for row in columns for a, b in pairwise(row))
            return beside + below >= 8
        case Group(kind, look, count, cell):
            return counts[kind, look] == count and cell in (None, group_cell(scene, kind, look))
        case Ground(kind, look, count, land):
            things = [t for t in scene.objects if (t.kind, t.look) == (kind, look)]
            ground = {
                names[y][x] for t in things for x in range(t.x0, t.x1) for y in range(t.y0, t.y1)
            }
            return len(things) == count and ground == {land}
        case Lines(kind, across, count):
            things = [t for t in scene.objects if t.kind == kind]
            return count == sum((t.x1 - t.x0 > t.y1 - t.y0) == across for t in things)
        case Time(season, snow):
            return (season, snow) == (scene.season, scene.snow)
        case Absence(topic):
            return not {
                "water": cover.keys() & {"sea", "lake", "river"},
                "forest": cover.keys() & {"broadleaf", "conifer", "mixed"},
                "crops": {land.name for land in LAND if land.group == "crop"} & cover.keys(),
                "buildings": cover.keys() & {"town", "industry"}
                or {kind for kind, _ in counts} & {"house", "warehouse", "tank"},
                "roads": ("road", "plain") in counts,
                "ships": any(kind == "ship" for kind, _ in counts),
                "planes": any(kind == "aeroplane" for kind, _ in counts),
                "sand": "sand" in cover,
            }[topic]


def group_cell(scene: Scene, kind: str, look: str) -> str:
    things = [t for t in scene.objects if (t.kind, t.look) == (kind, look)]
    x = min(t.x0 for t in things) + max(t.x1 for t in things)
    y = min(t.y0 for t in things) + max(t.y1 for t in things)
    return naive_cell(Fraction(x, 128), Fraction(y, 128))


def naive_cell(x: Fraction, y: Fraction) -> str:
    third = Fraction(1, 3)
    down = "upper" if y < third else "lower" if y >= 2 * third else ""
    side = "left" if x < third else "right" if x >= 2 * third else ""
    if down and side:
        return f"{down} {side}"
    return {"upper": "top", "lower": "bottom", "": side or "centre"}[down]
