"""Open a GeoTIFF so that whatever is wrong with it becomes one message that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tifffile

from wfa.data.picture_layout import MOST_PIXELS
from wfa.data.quiet_libraries import quiet_libraries
from wfa.errors import DataError


@contextmanager
def opened_geotiff(path: Path, what: str) -> Iterator[Any]:
    """Give an opened `tifffile.TiffFile`; read its array and tags inside the block.

    Args:
        path: The file.
        what: What it is, for the message: "band file".

    Raises:
        DataError: It is missing, or opening it or anything in the block fails: damaged bytes lead
            decoders to errors of any kind.
    """
    try:
        with quiet_libraries(), tifffile.TiffFile(path) as file:
            page: Any = file.pages.first
            if page.imagelength * page.imagewidth > MOST_PIXELS:
                raise ValueError(
                    f"its header asks for {page.imagewidth} x {page.imagelength} pixels"
                )
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{what} {path} is missing: unpack the archive again") from error
    except Exception as error:
        cause = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{what} {path} cannot be read: {cause}") from error
