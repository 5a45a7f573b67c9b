"""Fixtures of the data room."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wfa.bigearthnet.lmdb_handles import close_environments


@pytest.fixture(autouse=True)
def _closed_after() -> Iterator[None]:
    """Close every LMDB, so that the next test may open the same file by itself."""
    yield
    close_environments()


@pytest.fixture
def picture() -> Callable[[Path, int], Path]:
    """Write a small picture whose pixels depend on a seed; its format follows the file's name."""

    def write(path: Path, seed: int) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        return path

    return write


@pytest.fixture
def write_karpathy() -> Callable[[Path, Sequence[tuple[str, str, Sequence[str]]]], Path]:
    """Write (file name, split, captions) as a Karpathy JSON."""

    def write(path: Path, images: Sequence[tuple[str, str, Sequence[str]]]) -> Path:
        content: dict[str, Any] = {
            "images": [
                {"filename": name, "split": split, "sentences": [{"raw": text} for text in texts]}
                for name, split, texts in images
            ]
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write
