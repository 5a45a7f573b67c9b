"""Damage files as disks and transfers do."""

from pathlib import Path

import tifffile


def compress_and_damage(path: Path) -> None:
    """Compress a GeoTIFF and overwrite bytes inside its compressed pixels."""
    array = tifffile.imread(path)
    path.unlink()
    tifffile.imwrite(path, array, compression="zlib")
    with tifffile.TiffFile(path) as file:
        start = file.pages.first.dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[start + 20 : start + 60] = bytes(40)
    path.write_bytes(content)
