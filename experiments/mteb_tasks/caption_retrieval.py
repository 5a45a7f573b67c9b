"""UCM-Captions and RSICD as tasks of MTEB, which has none of them; read from WFA_DATA_DIR.

python experiments/mteb_tasks/caption_retrieval.py RUN

measures a run, or a folder with a checkpoint of open_clip's, on all four. MTEB's `hit_rate_at_K`
is R@K of CLIP papers, strict.
"""

import argparse
from typing import Any, ClassVar, Literal

import mteb
import PIL.Image
from datasets import Dataset, Image
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models.model_meta import ModelMeta

import wfa

SPLIT = "test"
Category = Literal["t2i", "i2t"]
"""Images from captions, or captions from images."""


def described(name: str, data: str, category: Category, about: str) -> TaskMetadata:
    """Describe a task.

    Args:
        name: What MTEB calls it.
        data: What this package calls its data set.
        category: `t2i` or `i2t`.
        about: What is retrieved.
    """
    return TaskMetadata(
        name=name,
        description=about,
        reference="https://github.com/201528014227051/RSICD_optimal",
        dataset={"path": data, "revision": "local"},
        type="Any2AnyRetrieval",
        category=category,
        modalities=["text", "image"],
        eval_splits=[SPLIT],
        eval_langs=["eng-Latn"],
        main_score="hit_rate_at_5",
        date=("2010-01-01", "2018-12-31"),
        domains=["Written"],
        task_subtypes=["Image Text Retrieval"],
        license="not specified",
        annotations_creators="human-annotated",
        dialect=[],
        sample_creation="found",
        bibtex_citation="",
        is_public=True,
    )


def as_picture(image: PIL.Image.Image) -> Any:
    """Keep an image as it is: MTEB's models prepare it themselves."""
    return image


class CaptionRetrieval(AbsTaskRetrieval):
    """Images from captions or captions from images of a data set's test split."""

    data_options: ClassVar[dict[str, Any]] = {}
    """Options of the data set; a folder of its own is `{"root": DIR}`."""

    def load_data(self, num_proc: int | None = None, **options: Any) -> None:
        """Read the split; each caption and each image is an item of its own."""
        del num_proc, options
        if self.data_loaded:
            return
        name = self.metadata.dataset["path"]
        found = wfa.load_dataset(name, SPLIT, transform=as_picture, **self.data_options)
        pairs = [found[place] for place in range(len(found))]
        captions = [
            {"id": f"t{image}-{place}", "text": text}
            for image, (_, texts) in enumerate(pairs)
            for place, text in enumerate(texts)
        ]
        images = {
            "id": [f"i{place}" for place in range(len(pairs))],
            "image": [p for p, _ in pairs],
        }
        sides = [
            Dataset.from_list(captions),
            Dataset.from_dict(images).cast_column("image", Image()),
        ]
        right: dict[str, dict[str, int]] = {}
        for caption in captions:
            image = f"i{caption['id'][1:].partition('-')[0]}"
            ends = (
                (caption["id"], image)
                if self.metadata.category == "t2i"
                else (image, caption["id"])
            )
            right.setdefault(ends[0], {})[ends[1]] = 1
        queries, corpus = sides if self.metadata.category == "t2i" else sides[::-1]
        split = RetrievalSplitData(
            corpus=corpus, queries=queries, relevant_docs=right, top_ranked=None
        )
        self.dataset = {"default": {SPLIT: split}}
        self.data_loaded = True


class UcmTextToImage(CaptionRetrieval):
    """Images of UCM-Captions from captions."""

    metadata = described(
        "UCMCaptionsT2IRetrieval", "ucm_captions", "t2i", "Retrieve aerial images from captions."
    )


class UcmImageToText(CaptionRetrieval):
    """Captions of UCM-Captions from images."""

    metadata = described(
        "UCMCaptionsI2TRetrieval", "ucm_captions", "i2t", "Retrieve captions from aerial images."
    )


class RsicdTextToImage(CaptionRetrieval):
    """Images of RSICD from captions."""

    metadata = described(
        "RSICDT2IRetrieval", "rsicd", "t2i", "Retrieve aerial images from captions."
    )


class RsicdImageToText(CaptionRetrieval):
    """Captions of RSICD from images."""

    metadata = described(
        "RSICDI2TRetrieval", "rsicd", "i2t", "Retrieve captions from aerial images."
    )


TASKS = (UcmTextToImage, UcmImageToText, RsicdTextToImage, RsicdImageToText)


def main() -> None:
    """Measure a run and print R@K of each task."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", help="a run folder, or one with open_clip_config.json")
    meta = ModelMeta.create_empty({"name": "wfa/run", "modalities": ["text", "image"]})
    model = wfa.load(parser.parse_args().run).for_mteb(meta)
    for task in TASKS:
        found = mteb.evaluate(model, task(), cache=None, co2_tracker=False)
        (scores,) = found.task_results[0].scores[SPLIT]
        rates = "  ".join(f"R@{k} {100 * scores[f'hit_rate_at_{k}']:.1f}" for k in (1, 5, 10))
        print(f"{task.metadata.name}  {rates}")


if __name__ == "__main__":
    main()
