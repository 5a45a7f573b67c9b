import pytest

from wfa.bigearthnet.bands import (
    NATIVE_SIZE,
    PRESETS,
    S1_BANDS,
    S2_BANDS,
    STATISTICS,
    channels_of,
    resolve_bands,
)
from wfa.errors import ConfigError


def test_presets_have_the_published_numbers_of_channels() -> None:
    counts = {name: len(bands) for name, bands in PRESETS.items()}
    assert counts == {
        "rgb": 3, "s1": 2, "s2-10m": 4, "s2-10m20m": 10, "s1s2-10m20m": 12, "all": 14,
    }  # fmt: skip
    assert all(set(bands) <= set(NATIVE_SIZE) for bands in PRESETS.values())


def test_every_band_has_statistics_and_only_resampled_ones_differ() -> None:
    for band in (*S1_BANDS, *S2_BANDS):
        nearest, bilinear = STATISTICS["nearest"][band], STATISTICS["bilinear"][band]
        assert (nearest == bilinear) == (NATIVE_SIZE[band] == 120), band
        assert bilinear[1] <= nearest[1]  # averaging of neighbours takes variance away


def test_a_list_of_bands_keeps_its_order() -> None:
    bands = resolve_bands("VV, B8A,B02")
    assert bands == ("VV", "B8A", "B02")
    assert channels_of(bands, "bilinear").mean == (-12.64386368, 2235.48681641, 438.37207031)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("B4", "B04"), ("s2-10m20", "s2-10m20m"), ("B04,B04", "twice"), ("", "no band ''")],
)
def test_a_wrong_band_is_named(wanted: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        resolve_bands(wanted)
