"""What is known of a published data set: counts, terms and addresses, as data and not as code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Download:
    """One file that `prepare` can fetch.

    Attributes:
        address: Path below the hub's address, revision included where one is pinned.
        target: Where the file goes, relative to the data set's folder.
        checksum: `sha256:HEX` or `md5:HEX`; empty where none is published.
        place: For an archive: member name -> path below the data set's folder, or None to leave
            the member out. Without it the file is kept as it is.
    """

    address: str
    target: str
    checksum: str = ""
    place: Callable[[str], str | None] | None = None


@dataclass(frozen=True)
class Facts:
    """What the publishers say of a data set.

    Attributes:
        citation: Whom to cite, and for what.
        terms: Under which terms the images and captions may be used.
        counts: Split -> (images, captions), blank captions left out.
        downloads: What `prepare` fetches.
        by_hand: What no stable address has: one line a file, saying which file goes where.
    """

    citation: str = ""
    terms: str = ""
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    downloads: tuple[Download, ...] = ()
    by_hand: tuple[str, ...] = ()
