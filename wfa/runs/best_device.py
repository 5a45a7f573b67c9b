"""The device that a finished run is used on."""

import torch


def best_device() -> torch.device:
    """Return the accelerator where there is one, else the CPU."""
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return found or torch.device("cpu")
