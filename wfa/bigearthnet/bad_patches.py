"""Which pairs of patches cannot be read: found once, and remembered until a file changes."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from wfa import __version__
from wfa.bigearthnet.patch_reader import PatchReader
from wfa.bigearthnet.patch_stores import PatchStore
from wfa.data.file_hashes import remembered
from wfa.errors import DataError
from wfa.progress import track


def bad_patches(
    reader: PatchReader, store: PatchStore, place: Path, s2: Sequence[str], s1: Sequence[str]
) -> dict[int, str]:
    """Read every pair and say which ones fail.

    Args:
        reader: Reads the wanted bands.
        store: The store that it reads from.
        place: The folder of the imagery.
        s2: The patch_id of each pair.
        s1: The s1_name of each pair.

    Returns:
        Place of a pair -> what is wrong with it.

    Raises:
        UserError: The cache folder may not be written to, or its disk is full.
    """
    names = reader.names(s2, s1)
    what = "\n".join([__version__, *reader.bands, "", *names])
    key = hashlib.blake2b(what.encode(), digest_size=16).hexdigest()

    def reason(pair: tuple[str, str]) -> str | None:
        try:
            reader.read(*pair)
        except DataError as error:
            return str(error)
        return None

    def find() -> str:
        with ThreadPoolExecutor() as pool:
            reasons = pool.map(reason, zip(s2, s1, strict=True))
            found = enumerate(track(reasons, "checking patches", len(s2)))
            return json.dumps({number: why for number, why in found if why is not None})

    known = json.loads(remembered("bad_patches", place, key, store.stamp(names), find))
    return {int(number): why for number, why in known.items()}
