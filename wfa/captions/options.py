"""What uniqueness means: the options of `wfa.captions.uniqueness`."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

from wfa.options.limits import Options

MEASURES = ("bleu", "chrf", "embedding")
REFERENCES = ("others", "pairwise_mean")
DUPLICATES = ("merge", "keep")
SMOOTHINGS = ("exp", "floor", "add-k", "none")


@dataclass(frozen=True)
class UniquenessOptions(Options):
    """How the uniqueness of a caption among the captions of its image is measured.

    Attributes:
        measure: bleu (sacrebleu's sentence BLEU) | chrf (sacrebleu's sentence chrF) | embedding
            (cosine of features that the caller computes).
        reference: others (against all other captions of the image together; chrf and embedding:
            the most similar one) | pairwise_mean (mean over the other captions one by one).
        duplicates: merge (captions equal after folding are one caption) | keep (the literal list).
        smoothing: BLEU: exp | floor | add-k | none.
        smooth_value: BLEU: value of floor (default 0.1) and add-k (default 1), at least 0.
        effective_order: BLEU: leave out orders longer than the caption instead of scoring 0.
        max_order: BLEU: longest n-gram, 1 to 4.
        lowercase: Compare without case.
        min_words: A caption of fewer words (after folding) is worth 0.
    """

    section: ClassVar[str] = "uniqueness"

    measure: str = field(default="bleu", metadata={"one_of": MEASURES})
    reference: str = field(default="others", metadata={"one_of": REFERENCES})
    duplicates: str = field(default="merge", metadata={"one_of": DUPLICATES})
    smoothing: str = field(default="exp", metadata={"one_of": SMOOTHINGS})
    smooth_value: float | None = field(default=None, metadata={"at_least": 0, "below": math.inf})
    effective_order: bool = True
    max_order: int = field(default=4, metadata={"at_least": 1, "at_most": 4})
    lowercase: bool = True
    min_words: int = field(default=0, metadata={"at_least": 0})
