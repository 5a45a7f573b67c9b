"""What a test set of another data set shares with the images that a model was trained on."""

from dataclasses import dataclass
from functools import cached_property

from wfa.auditing.image_hash import ImageHashes, hash_images, same_images
from wfa.auditing.shared_captions import overlap
from wfa.data.dataset import ImageTextDataset


@dataclass(frozen=True)
class Leak:
    """Captions or images of a test set that stand in the training set too.

    Attributes:
        kind: `captions` (equal after folding) or `images` (that look the same: one hash).
        count: How many of the test set's.
        share: Their share, a fraction.
    """

    kind: str
    count: int
    share: float


class TrainingSet:
    """A training split that test sets are held against; its images are hashed once.

    Args:
        dataset: The split.
    """

    def __init__(self, dataset: ImageTextDataset) -> None:
        self.dataset = dataset

    def leaks(self, test: ImageTextDataset) -> list[Leak]:
        """List what `test` shares with the training set; images where both sets are of pictures."""
        found = overlap(test.captions, self.dataset.captions)
        leaks = [Leak("captions", found.captions, found.captions_share)]
        if test.channels is None and self.dataset.channels is None:
            groups = same_images({"test": hash_images(test), "train": self._hashes})
            shared = 0
            for group in groups:
                labels = [label for label, _ in group.images]
                shared += labels.count("test") if "train" in labels else 0
            leaks.append(Leak("images", shared, shared / len(test)))
        return [leak for leak in leaks if leak.count]

    @cached_property
    def _hashes(self) -> ImageHashes:
        return hash_images(self.dataset)
