"""Open a split of any data set for a loop of one's own."""

from typing import Any

from wfa.data.torch_dataset import CaptionedImages, Transform
from wfa.options.option_keywords import options_from
from wfa.plugins.registry import Choice, config_class
from wfa.runs.parts import open_split


def load_dataset(
    name: str,
    split: str = "train",
    root: str = "",
    transform: Transform | None = None,
    **options: Any,
) -> CaptionedImages:
    """Open one split of a data set as a torch data set.

    Args:
        name: What `wfa list data` shows, or the path of a plug-in file.
        split: `train`, `validation`, `test` or another that the data has.
        root: Its folder; empty means `$WFA_DATA_DIR/<name>`.
        transform: What is done with each image; pictures come as `PIL.Image`, so that the
            preprocessing of torchvision or open_clip does.
        options: Those of the data set, as `wfa help data.<name>` shows them.

    Returns:
        `dataset[k] -> (image, [captions])`. In a `DataLoader` give `collate_fn=wfa.collate`, since
        images have different numbers of captions.

    Raises:
        ConfigError: There is no such data set or option.
        DataError: The data is missing or broken, or has no such split.

    >>> import wfa
    >>> from torch.utils.data import DataLoader
    >>> scenes = wfa.load_dataset("scenes", split="test", train_images=0, test_images=8)
    >>> image, captions = scenes[0]
    >>> image.shape, len(scenes), len(captions) > 0
    (torch.Size([3, 64, 64]), 8, True)
    >>> images, captions, image_index = next(iter(DataLoader(scenes, 4, collate_fn=wfa.collate)))
    >>> images.shape, len(captions) == len(image_index)
    (torch.Size([4, 3, 64, 64]), True)
    """
    config = config_class("data", name)
    given = {**options, **({"root": str(root)} if root else {})}
    choice = Choice("data", name, options_from(config, None, given, f"data={name}"))
    present = choice.plugin().splits(choice.options)
    return CaptionedImages(open_split(choice, split, present), transform)
