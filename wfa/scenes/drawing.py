"""Drawing a scene as an overhead RGB image, in integers only."""

import numpy as np
from numpy.typing import NDArray

from wfa.draws import DRAWING, Draws
from wfa.scenes.land_classes import LAND, SEASONS
from wfa.scenes.scene_layout import Scene, SceneObject

Picture = NDArray[np.int32]

# Colours in spring, summer, autumn and winter.
_COLOURS = {
    "town": "a8a49c b0aa9e aaa298 a19f9c",
    "industry": "bcbcb8 c2c0ba bab8b2 b0b0ae",
    "wheat": "6fa84a d8b85a b59a62 7d8c5a",
    "maize": "8f7a52 3f8a2e c09a4c 8a7a60",
    "rapeseed": "e4d838 98a04a 7c8c48 6c8450",
    "ploughed": "7c5840 8e6a4c 70503c 5c463a",
    "orchard": "a8b878 5f9448 9c8448 847c60",
    "vineyard": "a09468 8aa450 b0703c 8c7c68",
    "pasture": "78bc54 7cb050 88a054 789058",
    "broadleaf": "64983c 38702c b06c2c 6c5c48",
    "conifer": "2c5834 28502e 2a5030 284a34",
    "mixed": "487a38 306030 70602e 4c5440",
    "grassland": "a0b870 b4b468 b0a468 9c9870",
    "heath": "806858 946088 7c5c50 685850",
    "scrub": "7c9058 708448 8c7c48 747054",
    "sand": "e0d0a4 ecd8a4 e0cca0 d4c8a8",
    "marsh": "5c7c5c 4c7454 6c7048 606854",
    "lake": "3c7888 347888 386c7c 3c6474",
    "river": "587c80 50848c 5c7470 58707c",
    "sea": "205c98 1860a4 1c5488 204c78",
}
# Strength of (fine grain, swell, rows) of each class, in grey levels.
_TEXTURES = {
    "town": (16, 10, 0),
    "industry": (6, 8, 0),
    "wheat": (6, 10, 7),
    "maize": (9, 10, 12),
    "rapeseed": (7, 9, 5),
    "ploughed": (9, 10, 9),
    "orchard": (10, 8, 20),
    "vineyard": (8, 8, 24),
    "pasture": (6, 14, 0),
    "broadleaf": (26, 18, 0),
    "conifer": (20, 14, 0),
    "mixed": (32, 18, 0),
    "grassland": (12, 20, 0),
    "heath": (18, 22, 0),
    "scrub": (28, 24, 0),
    "sand": (5, 12, 0),
    "marsh": (22, 34, 0),
    "lake": (3, 7, 0),
    "river": (3, 6, 0),
    "sea": (5, 9, 0),
}
_PAINTS = {
    "red": (186, 62, 46),
    "grey": (120, 122, 126),
    "brown": (122, 78, 44),
    "white": (240, 240, 236),
    "blue": (70, 104, 176),
    "black": (32, 32, 38),
    "yellow": (232, 200, 56),
}
_ASPHALT = (84, 84, 88)
_ROAD = (142, 136, 130)
_SNOW = np.array((236, 240, 244), dtype=np.int32)

_CARS = np.array([_PAINTS[name] for name in ("red", "white", "blue", "black")], dtype=np.int32)
_PALETTE = {
    season: np.array(
        [list(bytes.fromhex(_COLOURS[land.name].split()[at])) for land in LAND], dtype=np.int32
    )
    for at, season in enumerate(SEASONS)
}
_STRENGTH = np.array([_TEXTURES[land.name] for land in LAND], dtype=np.int32)
_DRY = np.array([land.group != "water" for land in LAND])


def draw_rgb(scene: Scene) -> NDArray[np.uint8]:
    """Draw the scene as (size, size, 3) uint8 RGB, with light and noise of its own."""
    draws = Draws(scene.seed, scene.split, scene.index, DRAWING)
    size = scene.land_cover.shape[0]
    picture = _ground(draws, scene)
    for thing in scene.objects:
        _draw_object(draws, picture, thing)
    # Sun, haze and the sensor differ from image to image.
    light = draws.between(205, 295) + (draws.swell(size, 1) >> 3)
    tint = np.array([draws.between(-7, 7) for _ in range(3)], dtype=np.int32)
    picture = (picture * light[:, :, None] >> 8) + tint
    picture += draws.grain(size, size, 3) * draws.between(4, 12) >> 7
    return np.clip(picture, 0, 255).astype(np.uint8)


def _ground(draws: Draws, scene: Scene) -> Picture:
    """Draw the land cover: colour of class and season, texture of the class, snow."""
    land = scene.land_cover
    size = land.shape[0]
    palette = _PALETTE[scene.season].copy()
    # No two wheat fields are alike: each class has a colour of its own in each image.
    palette += (draws.grain(len(LAND), 1) * 12 >> 7) + (draws.grain(len(LAND), 3) * 6 >> 7)
    if scene.snow:
        palette[_DRY] = (palette[_DRY] + _SNOW) // 2
    grain, swell, rows = np.moveaxis(_STRENGTH[land], -1, 0)
    shade = grain * draws.grain(size, size) + swell * draws.swell(size, 7) >> 7
    shade += rows * _furrows(draws, size)
    picture: Picture = palette[land]
    picture += shade[:, :, None]
    return picture


def _furrows(draws: Draws, size: int) -> Picture:
    """Draw stripes of -1 and 1, (size, size), level, upright or slanting."""
    place = np.arange(size, dtype=np.int32)
    down, across = draws.pick(((1, 0), (0, 1), (1, 1), (1, -1)))
    width = max(1, size * draws.between(1, 2) // 64)
    return ((down * place[:, None] + across * place[None, :]) // width & 1) * 2 - 1


def _draw_object(draws: Draws, picture: Picture, thing: SceneObject) -> None:
    box = picture[thing.y0 : thing.y1, thing.x0 : thing.x1]
    if thing.kind == "road":
        box[:] = _ROAD
    elif thing.kind == "runway":
        _draw_runway(box)
    elif thing.kind == "car park":
        _draw_car_park(draws, box, thing.look == "full")
    elif thing.kind == "aeroplane":
        _draw_aeroplane(box, thing.look)
    elif thing.kind == "tank":
        _draw_tank(box, thing.look)
    elif thing.kind == "ship":
        _draw_ship(box, thing.look)
    else:
        _draw_roof(box, thing.look)


def _lengthwise(box: Picture) -> Picture:
    """Turn a box so that its rows run along its longer side."""
    return box if box.shape[1] >= box.shape[0] else box.swapaxes(0, 1)


def _draw_roof(box: Picture, look: str) -> None:
    """Draw a roof, one half of it in the light."""
    box[:] = _PAINTS[look]
    along = _lengthwise(box)
    along[: along.shape[0] // 2] -= 26


def _draw_runway(box: Picture) -> None:
    """Draw asphalt with a broken white line in the middle."""
    box[:] = _ASPHALT
    along = _lengthwise(box)
    middle, dash = along.shape[0] // 2, max(1, along.shape[1] // 14)
    along[middle, np.arange(along.shape[1]) // dash % 2 == 0] = _PAINTS["white"]


def _draw_car_park(draws: Draws, box: Picture, full: bool) -> None:
    """Draw asphalt with rows of bays; a full one has a car in most of them."""
    box[:] = _ASPHALT
    bays = box[1:-1:2, 1:-1:2]
    if full:
        lot = draws.grain(*bays.shape[:2])
        bays[lot < 96] = _CARS[lot & 3][lot < 96]
    else:
        bays += 24


def _draw_aeroplane(box: Picture, look: str) -> None:
    """Draw a body with wings and a tail."""
    along = _lengthwise(box)
    height, length = along.shape[:2]
    thick = max(1, height // 6)
    paint = _PAINTS[look]
    along[height // 2 - thick // 2 : height // 2 + thick - thick // 2] = paint
    along[:, length // 3 : length // 3 + 2 * thick] = paint
    along[height // 4 : height - height // 4, -thick:] = paint


def _draw_tank(box: Picture, look: str) -> None:
    """Draw a disc."""
    height, width = box.shape[:2]
    down = 2 * np.arange(height)[:, None] - height + 1
    across = 2 * np.arange(width)[None, :] - width + 1
    box[
        down * down * width * width + across * across * height * height <= (height * width) ** 2
    ] = _PAINTS[look]


def _draw_ship(box: Picture, look: str) -> None:
    """Draw a hull with a pointed bow and a light deck."""
    along = _lengthwise(box)
    height, length = along.shape[:2]
    bow = max(1, length // 4)
    along[:, : length - bow] = _PAINTS[look]
    along[height // 3 : height - height // 3, length - bow :] = _PAINTS[look]
    along[height // 2, 1 : length // 2] = _PAINTS["grey"] if look == "white" else _PAINTS["white"]
