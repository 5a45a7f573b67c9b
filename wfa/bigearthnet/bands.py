"""The bands of Sentinel-1 and Sentinel-2 in BigEarthNet v2: sizes, presets and statistics."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from wfa.data.channels import Channels
from wfa.errors import ConfigError

PATCH_SIZE = 120
"""Height and width of a patch in pixels of 10 m."""

S1_BANDS = ("VV", "VH")
S2_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
SENSORS: Mapping[str, tuple[str, ...]] = MappingProxyType({"s1": S1_BANDS, "s2": S2_BANDS})
RESAMPLINGS = ("nearest", "bilinear")

NATIVE_SIZE: Mapping[str, int] = MappingProxyType(
    dict.fromkeys((*S1_BANDS, "B02", "B03", "B04", "B08"), 120)
    | dict.fromkeys(("B05", "B06", "B07", "B8A", "B11", "B12"), 60)
    | dict.fromkeys(("B01", "B09"), 20)
)
"""Height and width of a band as it is stored."""

_S2_10M_20M = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")

PRESETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rgb": ("B04", "B03", "B02"),
        "s1": S1_BANDS,
        "s2-10m": ("B02", "B03", "B04", "B08"),
        "s2-10m20m": _S2_10M_20M,
        "s1s2-10m20m": (*S1_BANDS, *_S2_10M_20M),
        "all": (*S1_BANDS, *S2_BANDS),
    }
)
"""Names for the sets of bands in common use."""

# Mean and standard deviation at 120 x 120 over the official training split, per resampling.
_NEAREST: Mapping[str, tuple[float, float]] = {
    "B01": (361.07678223, 575.06872559),
    "B02": (438.37207031, 607.02685547),
    "B03": (614.05566406, 603.29681396),
    "B04": (588.40960693, 684.56884766),
    "B05": (942.84332275, 738.43267822),
    "B06": (1769.93164063, 1100.45605469),
    "B07": (2049.55151367, 1275.80541992),
    "B08": (2193.29199219, 1369.37170410),
    "B8A": (2235.55664063, 1356.54406738),
    "B09": (2241.45532227, 1316.39331055),
    "B11": (1568.22680664, 1070.16125488),
    "B12": (997.73248291, 813.52764893),
    "VV": (-12.64386368, 5.13349390),
    "VH": (-19.35255814, 5.59050560),
}
_BILINEAR: Mapping[str, tuple[float, float]] = {
    **_NEAREST,
    "B01": (360.64678955, 563.17340088),
    "B05": (942.74768066, 727.57843018),
    "B06": (1769.84863281, 1087.42883301),
    "B07": (2049.47583008, 1261.43029785),
    "B8A": (2235.48681641, 1342.49047852),
    "B09": (2241.10595703, 1294.35546875),
    "B11": (1568.21154785, 1063.91979980),
    "B12": (997.71508789, 806.88464355),
}
STATISTICS = MappingProxyType({"nearest": _NEAREST, "bilinear": _BILINEAR})
"""Resampling -> band -> (mean, standard deviation); digital numbers for S2, dB for S1."""


def resolve_bands(wanted: str) -> tuple[str, ...]:
    """Return the bands of a preset, or of a list joined by commas.

    Args:
        wanted: `rgb`, `s1s2-10m20m`, ... or for example `B04,B08,VV`.

    Raises:
        ConfigError: A band or preset does not exist, or a band stands there twice.
    """
    if wanted in PRESETS:
        return PRESETS[wanted]
    bands = tuple(part.strip() for part in wanted.split(","))
    known = [*PRESETS, *NATIVE_SIZE]
    for band in bands:
        if band not in NATIVE_SIZE:
            near = get_close_matches(band, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"data.bands={wanted!r}: there is no band {band!r}{hint} Presets: "
                f"{', '.join(PRESETS)}; or bands joined by commas: {', '.join(NATIVE_SIZE)}"
            )
    if len(set(bands)) < len(bands):
        raise ConfigError(f"data.bands={wanted!r} names a band twice: give each one once")
    return bands


def channels_of(bands: tuple[str, ...], resampling: str) -> Channels:
    """Return what the channels are, with the statistics that belong to the resampling."""
    found = [STATISTICS[resampling][band] for band in bands]
    sensor_of = {band: sensor for sensor, own in SENSORS.items() for band in own}
    return Channels(
        bands,
        mean=tuple(mean for mean, _ in found),
        std=tuple(std for _, std in found),
        sensors=tuple(sensor_of[band] for band in bands),
    )
