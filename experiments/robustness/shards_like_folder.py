"""Train on pictures of RSICD from their folder and from shards: is it the same run?

    WFA_DATA_DIR=... nice python -m experiments.robustness.shards_like_folder [CASE ...]

Three hundred training and a hundred validation pictures. Locked towers look images up by number,
also in shards: the same batches. A tower that is trained reads shards as a stream: here in their
order, a batch of all images, so that only the order within a batch differs from the folder's.
`shards_like_folder.json` has validation mR of both and the largest difference of the weights.
"""

import csv
import json
import tempfile
from pathlib import Path

from experiments.robustness._rows import SEED, asked_cases, keep_row
from experiments.robustness.many_processes import LIMIT, differences
from tests.training.conftest import SMALL, run
from wfa.data.dataset import ImageTextDataset
from wfa.options.option_classes import read_choice

IMAGES = {"train": 300, "validation": 100}
RUNS = {
    "locked": [  # 5 epochs of batches of 64
        "encoder=frozen", "aggregation=uniqueness", "train.epochs=5", "train.batch_size=64",
    ],
    "trained": [  # small towers, 10 steps on all images
        *(w for w in SMALL if not w.startswith(("data=", "train.epochs", "train.batch"))),
        "aggregation.caption_dropout=0", "encoder.image_size=64", "train.epochs=10",
        f"train.batch_size={IMAGES['train']}", "train.cache=false",
    ],
}  # fmt: skip


def main() -> None:
    """Pack, and train and record what is asked for."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        own, packed = folder / "own", folder / "packed"
        take(own)
        pack = ["data", "pack", "captions_folder", f"data.root={own}", "images=50"]
        run([*pack, f"out={packed}"], folder, seconds=LIMIT)
        sources = {
            "folder": ["data=captions_folder", f"data.root={own}"],
            "shards": ["data=webdataset", f"data.root={packed}", "data.shuffle=0"],
        }
        for name in asked_cases(__doc__, list(RUNS)):
            words = [*RUNS[name], f"train.seed={SEED}"]
            runs = {source: folder / f"{name}_{source}" for source in sources}
            for source, out in runs.items():
                run(["train", *words, *sources[source], f"out={out}"], folder, seconds=LIMIT)
            found = {source: validation(out) for source, out in runs.items()}
            differ = differences(runs["shards"], runs["folder"])
            keep_row(__file__, name, {"words": words, **found, **differ})


def take(folder: Path) -> None:
    """Make a folder of the first pictures of RSICD."""
    data = read_choice("data", "rsicd")
    rows = []
    folder.mkdir()
    for split, count in IMAGES.items():
        opened: ImageTextDataset = data.plugin()(data.options, split)
        for place in range(count):
            record, (_, content) = opened.records[place], opened.image_file(place)
            name = Path(record.image).name
            (folder / name).write_bytes(content)
            rows += [(name, text, split) for text in record.captions]
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file_name", "caption", "split"), *rows])


def validation(folder: Path) -> float:
    """Return the validation mR that selected the checkpoint, in points."""
    facts = json.loads((folder / "run.json").read_text())
    return round(100 * float(facts["selection"]["value"]), 4)


if __name__ == "__main__":
    main()
