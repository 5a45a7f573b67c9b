"""What `wfa score` takes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from wfa.errors import ConfigError
from wfa.options.limits import Options
from wfa.tasks.captioning.caption_figures import EXTRAS
from wfa.tasks.questions import Questions, annotations_file


@dataclass(frozen=True)
class QuestionSource(Options):
    """Where the questions lie.

    Attributes:
        root: The data set's folder; empty means below `WFA_DATA_DIR`.
        on_bad_row: `error` stops at a row that does not parse, `skip` leaves it out.
    """

    section: ClassVar[str] = "data"

    root: str = ""
    on_bad_row: str = field(default="error", metadata={"one_of": ("error", "skip")})


@dataclass(frozen=True)
class ScoreSettings:
    """Answers to be scored, or questions to be written.

    Attributes:
        rows: The Parquet file of questions itself, or None.
        data: The data set's folder, and what is done about a broken row.
        split: The split, or several joined by `+`.
        training: The split of the same file whose questions the majority and the prior are counted
            on, such as `train`; empty leaves these controls out.
        extras: Further figures of captions.
        out: Where `scores.json` goes, or None.
        files: Files of answers, one at most; none where the questions are wanted.
    """

    rows: Path | None = None
    data: QuestionSource = field(default_factory=QuestionSource)
    split: str = "bench"
    training: str = ""
    extras: tuple[str, ...] = field(default=(), metadata={"one_of": tuple(EXTRAS)})
    out: Path | None = None
    files: tuple[str, ...] = field(default=(), metadata={"words": "bare"})

    def __post_init__(self) -> None:
        if len(self.files) > 1:
            raise ConfigError(
                f"one file of answers is scored at a time: {' '.join(self.files)} are several"
            )
        if self.rows is not None and self.data.root:
            raise ConfigError("both rows=FILE and data.root=DIR are given: choose one")

    @property
    def answers(self) -> Path | None:
        """The file of answers."""
        return Path(self.files[0]) if self.files else None

    def questions(self) -> Questions:
        """Open the questions.

        Raises:
            DataError: They cannot be read, or the split has none.
        """
        return self._of(self.split)

    def training_questions(self) -> Questions | None:
        """Open the training questions, where they are wanted.

        Raises:
            DataError: They cannot be read, or the split has none.
        """
        return self._of(self.training) if self.training else None

    def _of(self, split: str) -> Questions:
        file = annotations_file(self.rows, self.data.root)
        return Questions(file, split, self.data.on_bad_row)
