"""Peak memory sees what a cell holds."""

import numpy as np

from wfa.comparing.peak_memory import forget_peak, peak_bytes


def test_the_peak_sees_what_was_held() -> None:
    forget_peak()
    before = peak_bytes()
    held = np.ones(25_000_000)  # 200 MB, written to
    peak = peak_bytes()
    if before is None or peak is None:
        return  # this system does not tell
    assert peak >= 0.99 * before
    assert peak > held.nbytes
    del held
    # A peak does not go down by itself; the kernel counts pages in batches, about 1 MB off.
    assert (peak_bytes() or 0) >= 0.99 * peak
