"""Annotating patches one by one, in one process or several."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import ClassVar, NamedTuple

from wfa.bigearthnet.annotate import paraphrase
from wfa.bigearthnet.annotate.corine import classes_of
from wfa.bigearthnet.annotate.patch_facts import patch_facts
from wfa.bigearthnet.annotate.patch_metadata import Metadata, Place
from wfa.bigearthnet.annotate.patch_questions import patch_questions
from wfa.bigearthnet.annotate.reference_maps import MapStore
from wfa.bigearthnet.annotate.yes_no_questions import Question
from wfa.bigearthnet.rows import CAPTION
from wfa.errors import DataError
from wfa.options.limits import Options

CHUNK = 32
"""Patches that a process takes at once."""


@dataclass(frozen=True)
class Config(Options):
    """Options of annotating.

    Attributes:
        seed: Seed of the questions, 0 or more; equal seeds give equal files.
        connectivity: 4: pixels of a region share an edge; 8: or a corner.
        workers: Processes; 0 takes none but this one, -1 one for each core.
        on_bad_row: `error` stops at a map or a row of the metadata that is broken or lacks the
            other; `skip` leaves it out and counts it.
    """

    section: ClassVar[str] = "annotate"

    seed: int = field(default=0, metadata={"at_least": 0})
    connectivity: int = field(default=4, metadata={"one_of": (4, 8)})
    workers: int = field(default=-1, metadata={"at_least": -1})
    on_bad_row: str = field(default="error", metadata={"one_of": ("error", "skip")})


class Patch(NamedTuple):
    """One patch's rows.

    Attributes:
        place: What the metadata say of it; None where it was left out.
        questions: Its rows; none where its map shows no class.
        reworded: Whether its caption is in the model's words; None without a model.
        reason: Why it was left out.
    """

    place: Place | None
    questions: Sequence[Question]
    reworded: bool | None = None
    reason: str = ""


class Annotator:
    """Makes the rows of patches; each process has one.

    Args:
        maps: Where the maps are.
        metadata: What is known of the patches.
        options: Seed, connectivity and what to do with what is broken.
        model: The paraphrasing model.
    """

    def __init__(
        self, maps: MapStore, metadata: Metadata, options: Config, model: paraphrase.Config
    ) -> None:
        self._maps = maps
        self._metadata = metadata
        self._options = options
        self._model = model

    def patch(self, index: int) -> Patch:
        """Annotate row `index` of the metadata.

        Raises:
            DataError: Map or row are broken, and `on_bad_row` is `error`.
        """
        try:
            place = self._metadata.place(index)
            found = self._maps.read(place.patch_id)
            classes = classes_of(found.codes, place.patch_id)
        except DataError as error:
            if self._options.on_bad_row == "error":
                raise DataError(f"{error}; on_bad_row=skip leaves such patches out") from error
            return Patch(None, (), reason=str(error))
        if place.latitude is None or place.longitude is None:
            place = replace(place, latitude=found.latitude, longitude=found.longitude)
        facts = patch_facts(classes, self._options.connectivity)
        if not facts.covers:
            return Patch(place, ())
        seed = self._options.seed
        questions = list(patch_questions(facts, place, self._metadata.universe, seed))
        return self._reworded(place, questions)

    def _reworded(self, place: Place, questions: list[Question]) -> Patch:
        if not self._model.url:
            return Patch(place, questions)
        at = next(k for k, question in enumerate(questions) if question.type == CAPTION)
        said = paraphrase.paraphrase(questions[at].answer, self._model, self._options.seed)
        if said is not None:
            questions[at] = questions[at]._replace(answer=said)
        return Patch(place, questions, reworded=said is not None)


def annotated(annotator: Annotator, todo: Sequence[int], workers: int) -> Iterator[Patch]:
    """Annotate patches in their order.

    Args:
        annotator: Makes the rows; each process gets a copy.
        todo: Rows of the metadata.
        workers: As in `Config`.

    Raises:
        DataError: See `Annotator.patch`.
    """
    count = (os.cpu_count() or 1) if workers < 0 else workers
    if not count or len(todo) <= CHUNK:
        yield from map(annotator.patch, todo)
        return
    with ProcessPoolExecutor(count, initializer=_begin, initargs=(annotator,)) as pool:
        # Not all at once: what is done and not written is in memory.
        pending = iter(todo)
        while part := list(islice(pending, 8 * count * CHUNK)):
            yield from pool.map(_annotate_one, part, chunksize=CHUNK)


_mine: list[Annotator] = []


def _begin(annotator: Annotator) -> None:
    _mine[:] = [annotator]


def _annotate_one(index: int) -> Patch:
    return _mine[0].patch(index)
