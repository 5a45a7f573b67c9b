"""A small untrained run and a folder of pictures, both made once; tests copy what they change."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from wfa.files import write_text
from wfa.options.read_settings import read_settings
from wfa.options.run_config import resolve
from wfa.retrieval.embeddings import Floats
from wfa.runs.parts import Parts, save_weights
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_model import RunModel
from wfa.search.index_images import index_images
from wfa.search.index_outcome import Indexed
from wfa.search.index_settings import IndexOptions
from wfa.search.library import Library
from wfa.search.open_libraries import OpenLibraries
from wfa.search.server import LibraryServer

SMALL = (
    "data=scenes", "encoder=small", "encoder.image_size=16", "encoder.image_tower=vit",
    "encoder.patch_size=8", "encoder.image_width=32", "encoder.image_layers=1",
    "encoder.text_width=32", "encoder.text_layers=1", "encoder.embed_dim=16",
    "encoder.context_length=16",
)  # fmt: skip
PICTURES = (
    "a.jpg", "b.JPEG", "north/c.png", "north/d.tif", "north/deep/e.TIFF", "south/f.webp",
    "south/g h.png", "south/ü.png", "z.png",
)  # fmt: skip


def make_run(folder: Path, *words: str, seed: int = 0) -> Path:
    """Write a run folder with random weights: all that an index needs of one."""
    config = resolve([*SMALL, *words])
    torch.manual_seed(seed)
    write_text(folder / "config.yaml", config.as_yaml())
    save_weights(Parts(config).model, RunFolder(folder))
    return folder


def picture(seed: int, size: tuple[int, int] = (20, 24)) -> Image.Image:
    """Draw coarse noise: no two seeds look alike to any model."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.NEAREST)


@pytest.fixture(scope="session")
def shared_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that no test changes."""
    return make_run(tmp_path_factory.mktemp("runs") / "small", "aggregation=uniqueness")


@pytest.fixture(scope="session")
def model(shared_run: Path) -> RunModel:
    """Its model."""
    return RunModel(shared_run)


@pytest.fixture(scope="session")
def still(shared_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The pictures' index with an approximate one and facts, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("still")
    return make_library(shared_run, draw_pictures(folder / "photos"), folder)


@pytest.fixture(scope="session")
def still_server(still: Library) -> Iterator[LibraryServer]:
    """Its search page."""
    with serving(still) as server:
        yield server


@pytest.fixture
def run(shared_run: Path, tmp_path: Path) -> Path:
    """A copy of the run, without an index."""
    shutil.copytree(shared_run, tmp_path / "run", ignore=shutil.ignore_patterns("indexes"))
    return tmp_path / "run"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """The pictures, to be changed."""
    return draw_pictures(tmp_path / "photos")


@pytest.fixture
def index(run: Path, images: Path) -> Callable[..., Indexed]:
    """Index the pictures with the run; settings are words."""

    def make(*words: str, overwrite: bool = False) -> Indexed:
        return index_images(run, images, read_settings(IndexOptions, words), overwrite)

    return make


@pytest.fixture
def library(run: Path, images: Path, tmp_path: Path) -> Library:
    """As `still`, to be changed."""
    return make_library(run, images, tmp_path)


@pytest.fixture
def server(library: Library) -> Iterator[LibraryServer]:
    """Its search page."""
    with serving(library) as server:
        yield server


def draw_pictures(root: Path) -> Path:
    """Nine pictures of all forms in four folders."""
    for place, name in enumerate(PICTURES):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture(place).save(root / name, lossless=True)
    return root


def make_library(run: Path, images: Path, folder: Path) -> Library:
    """Index the pictures with facts: the half of the folder that they lie in, and a number."""
    lines = [
        f"{name},{'north' if place < 5 else 'south'},{place}" for place, name in enumerate(PICTURES)
    ]
    table = folder / "facts.csv"
    table.write_text("\n".join(["path,side,cloud", *lines]), encoding="utf-8")
    return Library(index_images(run, images, IndexOptions(metadata=str(table), ann="HNSW8")).folder)


@contextmanager
def serving(library: Library) -> Iterator[LibraryServer]:
    """Serve a library in a thread."""
    server = LibraryServer(OpenLibraries([library.folder]), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
        server.close()


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the images of each call of the model."""
    counts: list[int] = []
    original = RunModel.encode_images

    def counting(self: RunModel, inputs: Sequence[Tensor]) -> Floats:
        counts.append(len(inputs))
        return original(self, inputs)

    monkeypatch.setattr(RunModel, "encode_images", counting)
    return counts
