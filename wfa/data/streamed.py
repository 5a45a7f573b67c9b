"""Images that come one after the other, where there are too many to be asked for by number."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from wfa.captions.segments import Floats

NAMED = 20
"""Most names of what was left out that are kept; the counts beside them are of all."""


class Streamed(NamedTuple):
    """One image of a stream.

    Attributes:
        name: The same whenever it comes.
        image: (H, W, C), as `ImageTextDataset.read_image` gives it.
        captions: At least one, none blank.
        weights: (K,) of the captions, sum 1; None where they are to be computed.
        copy: How often its reader has given it before; each time it draws anew.
    """

    name: str
    image: NDArray[Any]
    captions: tuple[str, ...]
    weights: Floats | None
    copy: int


@dataclass
class LeftOut:
    """What could not be read and was left out; each time that it was met counts.

    Attributes:
        counts: `shards`, `samples` or `images` -> how many.
        first: The first of them, each as `name reason`, none twice.
    """

    counts: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)

    def add(self, kind: str, line: str) -> None:
        """Count one."""
        self.counts[kind] += 1
        self._name(line)

    def merge(self, other: "LeftOut") -> None:
        """Count those of another."""
        self.counts += other.counts
        for line in other.first:
            self._name(line)

    def _name(self, line: str) -> None:
        if len(self.first) < NAMED and line not in self.first:
            self.first.append(line)


class ImageStream(Protocol):
    """The images of a split as a stream, shared by several readers."""

    @property
    def images(self) -> int | None:
        """How many there are; None where only reading all would tell."""

    @property
    def streams(self) -> int:
        """How many streams a global batch is put together from; 0 for one a process."""

    @property
    def ordered(self) -> bool:
        """Whether every pass has the same order; an epoch goes on where the one before ended."""

    def read(
        self, seed: tuple[int, ...], reader: int, readers: int, left_out: LeftOut, skip: int = 0
    ) -> Iterator[Streamed]:
        """Give the images of one reader without end, pass after pass.

        Args:
            seed: Numbers that decide the order.
            reader: Which one; no two readers of a pass get the same image.
            readers: How many there are.
            left_out: Is told what is left out.
            skip: Images that are not given, of a stream that is `ordered`.

        Raises:
            DataError: Something cannot be read and is not to be left out, or nothing can.
        """
