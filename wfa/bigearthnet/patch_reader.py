"""Read a pair of Sentinel-1 and Sentinel-2 patches as one image of the wanted bands."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wfa.bigearthnet.bands import NATIVE_SIZE, PATCH_SIZE, SENSORS, channels_of
from wfa.bigearthnet.patch_stores import Bands, PatchStore
from wfa.bigearthnet.resampling import bilinear, repeat
from wfa.errors import DataError


class PatchReader:
    """Stacks bands at 120 x 120 pixels in the order asked for.

    Args:
        store: Where the patches lie.
        bands: The channels.
        resampling: `nearest` or `bilinear`, for bands of 20 m and 60 m.
        drop_sensor: `s1` or `s2`: that sensor is taken as missing. Its channels hold their mean, so
            that they are zero once normalised, and nothing is read for them. Empty drops none.

    Attributes:
        bands: The bands that are read.
    """

    def __init__(
        self, store: PatchStore, bands: Sequence[str], resampling: str, drop_sensor: str = ""
    ) -> None:
        self._store = store
        self._bilinear = resampling == "bilinear"
        channel = {band: place for place, band in enumerate(bands)}
        kept = {name: own for name, own in SENSORS.items() if name != drop_sensor}
        self._wanted = {
            name: {band: channel[band] for band in bands if band in own}
            for name, own in kept.items()
        }
        means = channels_of(tuple(bands), resampling).mean
        dropped = SENSORS[drop_sensor] if drop_sensor else ()
        self._filled = {channel[band]: means[channel[band]] for band in bands if band in dropped}
        self._count = len(bands)
        self.bands = tuple(band for own in self._wanted.values() for band in own)

    def read(self, s2_name: str, s1_name: str) -> NDArray[np.float32]:
        """Return the pair as (120, 120, C) float32: digital numbers for S2, dB for S1.

        The channels lie one after the other in memory, as a tower wants them.

        Raises:
            DataError: A patch or band is missing, broken or not finite; the message names it.
        """
        image = np.empty((self._count, PATCH_SIZE, PATCH_SIZE), np.float32)
        for sensor, name in (("s2", s2_name), ("s1", s1_name)):
            places = self._wanted.get(sensor)
            if places:
                with self._store.patch(name, tuple(places)) as found:
                    self._place(image, found, places, name)
        for channel, mean in self._filled.items():
            image[channel] = mean
        return image.transpose(1, 2, 0)

    def names(self, s2_names: Sequence[str], s1_names: Sequence[str]) -> list[str]:
        """Return the patches that are read for these pairs."""
        names = {"s2": s2_names, "s1": s1_names}
        return [name for sensor, own in self._wanted.items() if own for name in names[sensor]]

    def stored(self, s2_names: Sequence[str], s1_names: Sequence[str]) -> NDArray[np.bool_]:
        """Say of each pair, (P,), whether the patches that are read for it are there."""
        names = {"s2": s2_names, "s1": s1_names}
        there = np.ones(len(s2_names), bool)
        for sensor, own in self._wanted.items():
            if own:
                there &= self._store.holds(names[sensor])
        return there

    def _place(
        self, image: NDArray[np.float32], found: Bands, places: dict[str, int], name: str
    ) -> None:
        coarse: dict[int, list[str]] = {}
        for band, channel in places.items():
            array, size = found[band], NATIVE_SIZE[band]
            if array.shape != (size, size):
                raise DataError(
                    f"band {band} of patch {name} has {' x '.join(map(str, array.shape))} pixels, "
                    f"wanted are {size} x {size}"
                )
            _check_values(array, band, name)
            if size == PATCH_SIZE:
                image[channel] = array
            elif self._bilinear:
                coarse.setdefault(size, []).append(band)
            else:
                repeat(array, image[channel])
        for size, bands in coarse.items():
            stack = np.empty((len(bands), size, size), np.float32)
            for array, band in zip(stack, bands, strict=True):
                array[:] = found[band]
            image[[places[band] for band in bands]] = bilinear(stack)


def _check_values(array: NDArray[Any], band: str, name: str) -> None:
    """Refuse what is no number: one NaN spoils the whole batch that it stands in."""
    if array.dtype.kind not in "uif":
        raise DataError(f"band {band} of patch {name} holds values of type {array.dtype}")
    if array.dtype.kind == "f" and (holes := np.count_nonzero(~np.isfinite(array))):
        raise DataError(
            f"band {band} of patch {name} has {holes:,} values that are NaN or infinite, of pixels "
            "without data or the logarithm of zero: mend the file, or leave such images out with "
            "data.on_bad_image=skip"
        )
