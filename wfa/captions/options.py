"""What uniqueness means: the options of `wfa.captions.uniqueness`."""

from dataclasses import dataclass

from wfa.errors import ConfigError

MEASURES = ("bleu", "chrf", "embedding")
REFERENCES = ("others", "pairwise_mean")
DUPLICATES = ("merge", "keep")
SMOOTHINGS = ("exp", "floor", "add-k", "none")


@dataclass(frozen=True)
class UniquenessOptions:
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

    measure: str = "bleu"
    reference: str = "others"
    duplicates: str = "merge"
    smoothing: str = "exp"
    smooth_value: float | None = None
    effective_order: bool = True
    max_order: int = 4
    lowercase: bool = True
    min_words: int = 0

    def __post_init__(self) -> None:
        """Check values.

        Raises:
            ConfigError: A value is unknown or out of range.
        """
        _one_of("measure", self.measure, MEASURES)
        _one_of("reference", self.reference, REFERENCES)
        _one_of("duplicates", self.duplicates, DUPLICATES)
        _one_of("smoothing", self.smoothing, SMOOTHINGS)
        _one_of("max_order", self.max_order, (1, 2, 3, 4))
        if self.smooth_value is not None and not 0 <= self.smooth_value < float("inf"):
            raise ConfigError(f"smooth_value={self.smooth_value}: give a number of at least 0")
        if self.min_words < 0:
            raise ConfigError(f"min_words={self.min_words}: give 0 or more")


def _one_of(key: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        choices = ", ".join(map(str, known))
        raise ConfigError(f"{key}={value} is unknown: use one of {choices}")
