"""What `wfa index` takes."""

from dataclasses import dataclass, field
from pathlib import Path

from wfa.options.limits import Options
from wfa.search.tiles.tile_options import TileOptions


@dataclass(frozen=True)
class IndexOptions(Options):
    """How a folder is indexed.

    Attributes:
        out: The index folder; `RUN/indexes/<name of the folder of images>` where it is empty.
        metadata: A table of facts about the images; what the index holds stays where it is empty.
        path_column: The table's column that names the image; guessed where it is empty.
        ann: FAISS factory string of an approximate index beside the exact one, such as `HNSW32`;
            `none` for no such index; what the index holds stays where it is empty.
        rerank: What the approximate index scores its best candidates with again: `none`, `fp16`
            or `fp32`.
        batch_size: Images encoded at once.
        shard_size: Images between two saves; an interrupted run loses no more than about these.
        tile: How georeferenced scenes are cut.
    """

    out: str = ""
    metadata: str = ""
    path_column: str = ""
    ann: str = ""
    rerank: str = field(default="none", metadata={"one_of": ("none", "fp16", "fp32")})
    batch_size: int = field(default=64, metadata={"at_least": 1})
    shard_size: int = field(default=512, metadata={"at_least": 1})
    tile: TileOptions = field(default_factory=TileOptions)


def index_folder_of(run: Path, images: Path, options: IndexOptions) -> Path:
    """Return where the index of a folder goes."""
    if options.out:
        return Path(options.out)
    return run / "indexes" / (images.resolve().name or "images")
