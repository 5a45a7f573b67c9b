"""What every data set keeps."""

import pickle
from typing import Any

import numpy as np

from wfa.data.dataset import SPLITS, ImageTextDataset
from wfa.options.option_keywords import options_from
from wfa.testing.requirement import Contract


def check_dataset(
    dataset: type[ImageTextDataset], config: type[Any], label: str = "", **options: Any
) -> None:
    """Hold a data set to its contract, as far as its first and last image of each split tell.

    Every image has a name of its own and a caption that is not blank, images are (H, W, C) of
    uint8, uint16 or float32, the checksum is the same when the split is opened again, what tells
    its images apart is not said in `checksum` alone, and it travels to data workers.

    Args:
        dataset: The class.
        config: Its `Config`.
        label: What messages call it; its name by default.
        options: Options other than the defaults, such as `root`.

    Raises:
        ContractError: It does not keep it.
        DataError: The data is missing or broken.
    """
    contract = Contract(dataset, ImageTextDataset, label)
    base = ImageTextDataset
    contract.require(
        dataset.checksum is base.checksum
        or dataset.image_fingerprint is not base.image_fingerprint,
        "it overrides checksum and not image_fingerprint, which caches of its images are named by",
    )
    given = options_from(config, None, options, dataset.__name__)
    with contract.running("its splits are listed"):
        splits = dataset.splits(given)
    contract.require(bool(splits), "it has no split")
    contract.require(set(splits) <= set(SPLITS), f"its splits {splits} are not of {SPLITS}")
    for split in splits:
        with contract.running(f"split {split} is opened"):
            opened, again = dataset(given, split), dataset(given, split)
        names = [record.image for record in opened.records]
        contract.require(len(opened) == len(names) > 0, f"split {split} has no image")
        contract.require(len(set(names)) == len(names), f"two images of {split} have one name")
        full = all(own and all(text.strip() for text in own) for own in opened.captions)
        contract.require(full, f"an image of {split} has no caption, or a blank one")
        contract.require(opened.checksum == again.checksum, "its checksum changes")
        with contract.running("it travels to data workers"):
            pickle.dumps(opened)
        channels = 3 if opened.channels is None else len(opened.channels.bands)
        for row in {0, len(opened) - 1}:
            with contract.running(f"image {names[row]} is read"):
                image = opened.read_image(row)
            kind = image.dtype in (np.uint8, np.uint16, np.float32)
            contract.require(
                kind and image.ndim == 3 and image.shape[2] == channels,
                f"image {names[row]} is {image.dtype} {image.shape}, not (H, W, {channels})",
            )
