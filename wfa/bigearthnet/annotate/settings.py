"""What `wfa data annotate` takes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from wfa.bigearthnet.annotate.annotator import Config
from wfa.bigearthnet.annotate.paraphrase import Config as Model


@dataclass(frozen=True)
class AnnotateSettings:
    """What is annotated, and how.

    Attributes:
        maps: Folder of reference maps.
        metadata: BigEarthNet's metadata.parquet.
        out: The Parquet file to write.
        annotate: How; `seed=1` and `annotate.seed=1` are the same.
        paraphrase: A model that rewords captions.
    """

    usage: ClassVar[str] = "wfa data annotate maps=DIR metadata=FILE out=FILE"

    maps: Path = field(metadata={"placeholder": "DIR"})
    metadata: Path = field(metadata={"placeholder": "FILE"})
    out: Path = field(metadata={"placeholder": "FILE"})
    annotate: Config = field(default_factory=Config, metadata={"flat": True})
    paraphrase: Model = field(default_factory=Model)
