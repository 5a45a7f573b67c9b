"""The most memory that a process held, cell by cell."""

import sys
from pathlib import Path

_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


def forget_peak() -> None:
    """Count from here, where the system can: on Linux the high-water mark is set back."""
    try:
        _REFS.write_text("5", encoding="ascii")
    except OSError:
        return


def peak_bytes() -> int | None:
    """Return the most resident memory of this process, its libraries included, in bytes.

    Since `forget_peak` on Linux, since the process began elsewhere; None where it is not known.
    """
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
