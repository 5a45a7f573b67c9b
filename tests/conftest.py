"""Fixtures that every room shares."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.search.browser import Browser, find_browser
from wfa.progress import shown_by

# A busy machine is no failure.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

Captions = list[list[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the files that take long, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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


@pytest.fixture
def shown() -> Iterator[list[tuple[str, int, int | None]]]:
    """Note what `wfa.progress.track` tells during the test: (label, done, in all) a step."""
    told: list[tuple[str, int, int | None]] = []

    def note(steps: Iterable[Any], label: str, total: int | None, done: int) -> Iterator[Any]:
        for number, step in enumerate(steps, done + 1):
            yield step
            told.append((label, number, total))

    with shown_by(note):
        yield told


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send the toolkit's cache to a folder of this test."""
    folder = tmp_path / "the_cache"
    monkeypatch.setenv("WFA_CACHE_DIR", str(folder))
    return folder


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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give a headless Chromium, or skip where there is none."""
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium here")
    opened = Browser(program, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()
