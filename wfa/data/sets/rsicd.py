"""RSICD: 10,921 images with five captions each, many of them repeats."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedConfig, Source
from wfa.data.dataset import REMEDIES
from wfa.data.publication import Download, Facts
from wfa.data.tables.columns import Wanted
from wfa.data.tables.karpathy import KarpathyDataset
from wfa.data.tables.parquet_images import ParquetImages
from wfa.data.tables.parquet_rows import parquet_files, read_rows

_MIRROR = "datasets/arampacha/rsicd/resolve/820466c8716e3ccdacde5cb2eb15a2f0f11ccdfe/"

_CLASSES = {
    "airport": "airport", "bareland": "bare land", "baseballfield": "baseball field",
    "beach": "beach", "bridge": "bridge", "center": "center", "church": "church",
    "commercial": "commercial", "denseresidential": "dense residential", "desert": "desert",
    "farmland": "farmland", "forest": "forest", "industrial": "industrial", "meadow": "meadow",
    "mediumresidential": "medium residential", "mountain": "mountain", "park": "park",
    "parking": "parking", "playground": "playground", "pond": "pond", "port": "port",
    "railwaystation": "railway station", "resort": "resort", "river": "river",
    "school": "school", "sparseresidential": "sparse residential", "square": "square",
    "stadium": "stadium", "storagetanks": "storage tanks", "viaduct": "viaduct",
}  # fmt: skip
"""The class as most file names begin with it -> its name in words; 921 images have numbers only."""
_PLACES = {name: place for place, name in enumerate(_CLASSES)}


@dataclass(frozen=True)
class Config(AnnotatedConfig):
    """Options of RSICD.

    Attributes:
        on_empty_caption: `skip` here, since the published captions have three blank ones.
        cache_mb: Memory for row groups where RSICD is read from Parquet, as in `captions_parquet`.
    """

    on_empty_caption: str = field(default="skip", metadata={"one_of": REMEDIES})
    cache_mb: int = field(default=256, metadata={"at_least": 0})


class RSICD(KarpathyDataset):
    """One split of RSICD: 8,734 / 1,094 / 1,093 images of 224 px.

    It is read in either form: the JSON and the folder `RSICD_images/` as published, or the mirror's
    `data/{train,valid,test}-*.parquet` that `prepare` fetches. Where both lie in one folder the
    Parquet files win, since they have the images for certain. Image names are those of the JSON.
    """

    name = "rsicd"
    classes = tuple(_CLASSES.values())
    json_names: ClassVar[tuple[str, ...]] = ("dataset_rsicd.json",)
    folders: ClassVar[tuple[str, ...]] = ("RSICD_images",)
    facts = Facts(
        citation="Lu et al. 2017, doi:10.1109/TGRS.2017.2776321",
        terms="images: Google Earth, Baidu Map, MapABC, Tianditu, research use; captions: cite",
        counts={"train": (8734, 43668), "validation": (1094, 5469), "test": (1093, 5465)},
        downloads=tuple(
            Download(f"{_MIRROR}data/{file}", f"data/{file}")
            for file in (
                "train-00000-of-00001.parquet",
                "valid-00000-of-00001.parquet",
                "test-00000-of-00001.parquet",
            )
        ),
    )

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the class of image `index`, where its file name tells one."""
        place = _PLACES.get(self.records[index].image.partition("_")[0])
        return () if place is None else (place,)

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the annotations of all splits; images need not be there.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: The folder or the annotations are missing, or not of the wanted form.
        """
        root = cls.root(options)
        if not parquet_files(root):
            return super().open(options)
        rows = read_rows(root, "", Wanted())
        # The mirror writes the images' folder into their names, the published JSON does not.
        entries = [replace(entry, image=Path(entry.image).name) for entry in rows.entries]
        places = {Path(name).name: place for name, place in rows.places.items()}
        images = ParquetImages(rows.image, places, options.cache_mb * 2**20)
        return Source(entries, images, root, rows.notes)
