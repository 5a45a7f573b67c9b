"""What a result rests on: commit, versions, device; written beside every result."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "wfa", "torch", "torchvision", "lightning", "open_clip_torch", "torchmetrics", "sacrebleu",
    "numpy", "pyarrow", "transformers",
)  # fmt: skip
FAISS_BUILDS = ("faiss-gpu", "faiss-cpu")


def git_state() -> dict[str, Any]:
    """Return the commit of the source and whether it has uncommitted changes.

    Returns:
        `{"commit": 40 hex digits or None, "dirty": bool or None}`; None outside a checkout.
    """
    folder = Path(__file__).parent.parent
    if not (folder / ".git").exists():  # installed, perhaps inside some other project's checkout
        return {"commit": None, "dirty": None}
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain")
    return {"commit": commit or None, "dirty": None if changes is None else bool(changes)}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, *FAISS_BUILDS):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Return the processor's model, the cores this process may use and the system."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def load_average() -> float | None:
    """Return how many processes ran or waited for a core over the last minute, ours among them.

    A time measured while it lies above the number of cores says little. None on Windows.
    """
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
