"""Fixtures that every room shares."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Callable[[str], Path]:
    """Give the folder of a real data set, or skip; with WFA_REQUIRE_DATA=1 a missing one fails."""

    def folder(name: str) -> Path:
        root = os.environ.get("WFA_DATA_DIR")
        path = Path(root).resolve() / name if root else None
        if path is not None and path.is_dir():
            return path
        reason = f"needs WFA_DATA_DIR with {name}/ in it (it is {root!r})"
        if os.environ.get("WFA_REQUIRE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return folder
