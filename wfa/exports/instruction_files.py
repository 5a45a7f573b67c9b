"""A data set's questions, captions and boxes as conversations that language-model trainers read.

| form | a record | pictures |
|---|---|---|
| `llava` | `id`, `image`, `conversations` of `from` human and gpt | below `--image_folder` |
| `sharegpt` | `conversations`, `images`; `dataset_info.json` beside for LLaMA-Factory | likewise |

A record is an image with all that is asked of it, in the order of the rows; the first question
carries `<image>`. Questions and answers stand as they are in the annotations, boxes and points as
shares of the image's width and height with the origin at the top left.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wfa.data.channels import Channels
from wfa.data.dataset import ImageTextDataset
from wfa.data.instruction import Instruction
from wfa.errors import DataError, UserError, unknown
from wfa.files import atomic_write, write_text
from wfa.progress import track

FORMS = ("sharegpt", "llava")
DATASET_INFO = "dataset_info.json"
_SPREAD = 2.0
"""Standard deviations around a band's mean that become black and white."""


@dataclass(frozen=True)
class WrittenInstructions:
    """What was written.

    Attributes:
        file: The conversations.
        pictures: The folder of the pictures that they name.
        images: How many images.
        turns: How many questions with their answers.
    """

    file: Path
    pictures: Path
    images: int
    turns: int


def write_instructions(dataset: ImageTextDataset, to: str, out: Path) -> WrittenInstructions:
    """Write one split as conversations, its pictures beside them.

    Picture files are copied. Sensors become PNG of red, green and blue: of each band two standard
    deviations around the mean of the training split, the same for all images. Pictures that an
    interrupted call has written are kept; the conversations come last, whole.

    Args:
        dataset: The split.
        to: One of `FORMS`.
        out: The JSON file; pictures go to `<its name without .json>_images` beside it.

    Raises:
        ConfigError: There is no such form.
        DataError: An image cannot be read, or has no red, green and blue.
        UserError: The disk is full, or the folder may not be written to or holds other pictures.
    """
    if to not in FORMS:
        raise unknown("form of instructions", to, FORMS)
    colours = _colours(dataset)
    pictures = out.with_name(f"{out.stem}_images")
    _claim(pictures, dataset)
    turns = 0
    with atomic_write(out) as temporary, temporary.open("w", encoding="utf-8") as file:
        for place, record in enumerate(track(dataset.records, "writing conversations")):
            name = _picture(dataset, place, colours, pictures)
            asked = dataset.questions(place)
            turns += len(asked)
            image = f"{pictures.name}/{name}"
            file.write(",\n" if place else "[\n")
            json.dump(_record(to, record.image, image, asked), file, ensure_ascii=False)
        file.write("\n]\n")
    if to == "sharegpt":
        _describe(out)
    return WrittenInstructions(out, pictures, len(dataset), turns)


def _record(to: str, name: str, image: str, asked: Sequence[Instruction]) -> dict[str, Any]:
    said = list(_said(asked))
    if to == "llava":
        return {"id": name, "image": image, "conversations": said}
    return {"conversations": said, "images": [image]}


def _said(asked: Sequence[Instruction]) -> Iterator[dict[str, str]]:
    for turn, one in enumerate(asked):
        # A mark within a question would ask for a second picture.
        question = one.question.replace("<image>", "image").strip()
        yield {"from": "human", "value": question if turn else f"<image>\n{question}"}
        yield {"from": "gpt", "value": one.answer.strip()}


def _describe(out: Path) -> None:
    """Add the file to LLaMA-Factory's list beside it; other entries stay.

    Raises:
        UserError: The list is no JSON object.
    """
    path = out.with_name(DATASET_INFO)
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise UserError(f"{path} is no JSON ({error}): mend it, or name another folder") from error
    if not isinstance(known, dict):
        raise UserError(f"{path} holds no JSON object: mend it, or name another folder")
    columns = {"messages": "conversations", "images": "images"}
    known[out.stem] = {"file_name": out.name, "formatting": "sharegpt", "columns": columns}
    write_text(path, json.dumps(known, indent=1, ensure_ascii=False) + "\n")


def _claim(pictures: Path, dataset: ImageTextDataset) -> None:
    """Make the folder of pictures, or find that it is of the same split."""
    mark, said = pictures / "made_of.txt", f"{dataset.name} {dataset.split} {dataset.checksum}\n"
    if mark.is_file() and mark.read_text(encoding="utf-8") == said:
        return
    if pictures.exists():
        raise UserError(
            f"{pictures} is there and holds no pictures of this split: remove it, or name another "
            "file with out=FILE"
        )
    write_text(mark, said)


def _colours(dataset: ImageTextDataset) -> list[int] | None:
    """Return the channels of red, green and blue; None for pictures."""
    if dataset.channels is None:
        return None
    places = dataset.channels.of_colours()
    if len(places) < 3:
        raise DataError(
            f"{dataset.name} shows no picture of the bands {', '.join(dataset.channels.bands)}: "
            "set data.bands=rgb"
        )
    return [places[colour] for colour in range(3)]


def _picture(dataset: ImageTextDataset, place: int, colours: list[int] | None, folder: Path) -> str:
    """Write the picture of an image unless it is there; return its path below the folder."""
    parts = PurePosixPath(dataset.records[place].image).parts
    name = "/".join(part for part in parts if part not in ("/", ".."))
    if colours is None:
        ending, content = dataset.image_file(place)
        name = name if name.endswith(f".{ending}") else f"{name}.{ending}"
        if not (folder / name).is_file():
            with atomic_write(folder / name) as temporary:
                temporary.write_bytes(content)
        return name
    name = f"{name}.png"
    if not (folder / name).is_file() and dataset.channels is not None:
        shown = _stretched(dataset.read_image(place), dataset.channels, colours)
        with atomic_write(folder / name) as temporary:
            Image.fromarray(shown).save(temporary, "PNG")
    return name


def _stretched(
    image: NDArray[np.generic], channels: Channels, colours: list[int]
) -> NDArray[np.uint8]:
    """Show bands (H, W, C) as a picture (H, W, 3), by the statistics of the training split."""
    mean = np.array(channels.mean)[colours] / channels.scale
    reach = _SPREAD * np.array(channels.std)[colours] / channels.scale
    low = np.maximum(mean - reach, 0)
    share = (np.nan_to_num(image[:, :, colours].astype(np.float64)) - low) / (mean + reach - low)
    return np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
