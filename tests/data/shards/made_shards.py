"""Shards made for tests, file by file, with nothing of ours."""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Samples = Mapping[str, Mapping[str, bytes]]


def jpeg(value: int) -> bytes:
    """A picture of one grey value."""
    file = io.BytesIO()
    Image.fromarray(np.full((6, 8, 3), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


def captions_json(*captions: str, **more: Any) -> bytes:
    return json.dumps({"captions": captions, **more}).encode()


def write_tar(path: Path, samples: Samples) -> Path:
    """Write `key.ending` files, sample after sample."""
    with tarfile.open(path, "w") as archive:
        for key, files in samples.items():
            for ending, content in files.items():
                entry = tarfile.TarInfo(f"{key}.{ending}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return path


def numbered(start: int, stop: int) -> dict[str, dict[str, bytes]]:
    """Samples `000`, `001` ...: grey pictures with two captions each, the second one shared."""
    return {
        f"{k:03d}": {"png": jpeg(k), "json": captions_json(f"picture number {k}", "a grey field")}
        for k in range(start, stop)
    }


def write_shards(folder: Path, sizes: Sequence[int]) -> list[Path]:
    """Write shards of these many numbered samples, `0.tar`, `1.tar` ..."""
    ends = np.cumsum([0, *sizes]).tolist()
    return [
        write_tar(folder / f"{place}.tar", numbered(ends[place], ends[place + 1]))
        for place in range(len(sizes))
    ]
