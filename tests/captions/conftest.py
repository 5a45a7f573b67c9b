"""Captions of the real data sets."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

Captions = list[list[str]]


@pytest.fixture(scope="session")
def real_captions(data_dir: Callable[[str], Path]) -> Callable[..., Captions]:
    """Give the captions of a data set's images, of one split or of all."""
    read: dict[str, list[dict[str, object]]] = {}

    def captions(name: str, split: str | None = None) -> Captions:
        if name not in read:
            text = (data_dir(name) / "captions.json").read_text(encoding="utf-8")
            read[name] = json.loads(text)["images"]
        return [
            [sentence["raw"] for sentence in image["sentences"]]  # type: ignore[attr-defined]
            for image in read[name]
            if split in (None, image["split"])
        ]

    return captions
