"""What a scene can hold: its land-cover classes and its kinds of objects, each in one table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LandClass:
    """A land-cover class.

    Attributes:
        name: Its name in code; its code in the map is its place in `LAND`.
        bigearthnet: The class of the 19 of BigEarthNet that it belongs to.
        group: What kind of land it is: crop, green, forest, wild, built or water.
    """

    name: str
    bigearthnet: str
    group: str


LAND = (
    LandClass("town", "Urban fabric", "built"),
    LandClass("industry", "Industrial or commercial units", "built"),
    LandClass("wheat", "Arable land", "crop"),
    LandClass("maize", "Arable land", "crop"),
    LandClass("rapeseed", "Arable land", "crop"),
    LandClass("ploughed", "Arable land", "crop"),
    LandClass("orchard", "Permanent crops", "crop"),
    LandClass("vineyard", "Permanent crops", "crop"),
    LandClass("pasture", "Pastures", "green"),
    LandClass("broadleaf", "Broad-leaved forest", "forest"),
    LandClass("conifer", "Coniferous forest", "forest"),
    LandClass("mixed", "Mixed forest", "forest"),
    LandClass("grassland", "Natural grassland and sparsely vegetated areas", "green"),
    LandClass("heath", "Moors, heathland and sclerophyllous vegetation", "wild"),
    LandClass("scrub", "Transitional woodland, shrub", "wild"),
    LandClass("sand", "Beaches, dunes, sands", "wild"),
    LandClass("marsh", "Inland wetlands", "wild"),
    LandClass("lake", "Inland waters", "water"),
    LandClass("river", "Inland waters", "water"),
    LandClass("sea", "Marine waters", "water"),
)
CODE = {land.name: code for code, land in enumerate(LAND)}
"""Name -> code in the map."""


@dataclass(frozen=True)
class ObjectKind:
    """A kind of object that stands on the map.

    Attributes:
        sides: Shortest and longest (long side, short side), in 1/64 of the image's side.
        looks: What tells one from another: its colour, or how full it is.
        grounds: The land-cover classes that it may stand on.
    """

    sides: tuple[tuple[int, int], tuple[int, int]]
    looks: tuple[str, ...]
    grounds: tuple[str, ...]


KINDS = {
    "house": ObjectKind(
        ((4, 4), (7, 5)),
        ("red", "grey", "brown", "white"),
        ("town", "wheat", "maize", "rapeseed", "ploughed", "orchard", "pasture", "grassland"),
    ),
    "warehouse": ObjectKind(((10, 7), (16, 11)), ("white", "blue", "grey"), ("industry",)),
    "tank": ObjectKind(((5, 5), (6, 6)), ("white", "brown"), ("industry",)),
    "ship": ObjectKind(((6, 3), (10, 4)), ("white", "red", "black"), ("lake", "river", "sea")),
    "aeroplane": ObjectKind(((7, 7), (9, 9)), ("white", "yellow"), ("pasture", "grassland")),
    "car park": ObjectKind(((10, 8), (16, 12)), ("full", "empty"), ("town", "industry")),
    "runway": ObjectKind(((44, 5), (60, 6)), ("plain",), ("pasture", "grassland")),
    "road": ObjectKind(
        ((64, 2), (64, 3)),
        ("plain",),
        tuple(land.name for land in LAND if land.name not in ("lake", "sea")),
    ),
}
SEASONS = ("spring", "summer", "autumn", "winter")
