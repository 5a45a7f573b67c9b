"""A finished run at BigEarthNet.txt: its own answers scored, and graded retrieval."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from wfa.bigearthnet.image_texts import KINDS
from wfa.bigearthnet.rows import parse_row
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt
from wfa.data.dataset import ImageTextDataset
from wfa.errors import ConfigError
from wfa.model.kinds.coca import CoCa
from wfa.plugins.registry import Choice
from wfa.retrieval.evaluate import mean_recall
from wfa.retrieval.metrics import KS
from wfa.retrieval.retrieval_options import QUERIES
from wfa.runs.best_device import best_device
from wfa.runs.embed import embed_split
from wfa.runs.parts import Parts, load_run, open_split
from wfa.runs.run_folder import RunFolder
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.answerer import Answered, Answerer, some_images
from wfa.tasks.answering.saved_heads import BLIND, FILE, key_of, load_kept
from wfa.tasks.captioning.caption_figures import check_extras
from wfa.tasks.catalogue import task_of
from wfa.tasks.controls.above_controls import Control, controls_json
from wfa.tasks.controls.answer_controls import NO_OTHER, prior_controls
from wfa.tasks.controls.question_priors import QuestionPriors
from wfa.tasks.decoder_answers import generate_answers
from wfa.tasks.graded_retrieval import K, graded_text_to_image, label_sets
from wfa.tasks.predictions import write_predictions
from wfa.tasks.questions import DATA, Question
from wfa.tasks.score import Scores, score
from wfa.tasks.scores_file import FILE as SCORES
from wfa.tasks.scores_file import scores_json, write_scores

FOLDER = "tasks"
"""The folder in the run's that holds heads, answers and scores."""


@dataclass(frozen=True)
class _Asked:
    """What is asked, with the data set as the run has it, and with every type of row."""

    own: Choice
    data: Choice
    split: str
    options: Config
    extras: tuple[str, ...]


class _Unseeing(NamedTuple):
    """What is answered without the image: by counts, by blind heads, and with other images."""

    priors: QuestionPriors
    blind: Mapping[int, str]
    shuffled: Mapping[str, Mapping[int, str]]

    def compared(self, own: Mapping[str, Scores], asked: Sequence[Question]) -> dict[str, Any]:
        """Return the part `controls` of the scores."""
        controls = prior_controls(self.priors, asked)
        controls.append(Control("blind", "", score(asked, self.blind)))
        controls += [
            Control("shuffled", name, score(asked, given))
            for name, given in self.shuffled.items()
            if given
        ]
        left_out = {} if all(self.shuffled.values()) else {"shuffled": NO_OTHER}
        return controls_json(own, controls, left_out)


def evaluate_tasks(
    path: Path,
    data: Choice | None = None,
    split: str = "",
    options: Config | None = None,
    extras: Sequence[str] = (),
) -> tuple[dict[str, Any], Path]:
    """Answer all questions of a split with a run's model and score the answers.

    The heads are trained on the training split the first time and kept in `RUN/tasks/`; they are
    trained again when their options or the data change.

    Args:
        path: A finished run's folder.
        data: The data set; the run's own unless given.
        split: Its split; empty takes bench where there is one, else test.
        options: How the heads are trained.
        extras: Further figures of captions, of `EXTRAS`.

    Returns:
        The content of `scores.json`, and the folder `tasks/<data>-<split>` of the run that holds
        it beside `answers.jsonl` (heads and caption retrieval), `ranked.jsonl` (statements
        ranked, and the same captions) and, of a run with a decoder, `generated.jsonl`.

    Raises:
        ConfigError: The data set has no questions, or an extra is not known.
        RunError: The folder holds no finished run.
        DataError: A split cannot be read.
    """
    own = data or RunFolder(path).read_config().data
    asked, present = _asked(own, split, options, extras)
    parts = load_run(path)
    parts.model.to(best_device())
    part = _open(asked.data, asked.split, present)
    train = _open(asked.data, "train", present)
    found, history = _heads(path, parts, asked, part, train, present)
    answers = {"answers": found.own, "ranked": found.ranked}
    shuffled = {"figures": found.shuffled}
    if isinstance(parts.model, CoCa):
        answers["generated"] = generate_answers(parts.model, part)
        shuffled["generated"] = generate_answers(parts.model, part, shuffled=True)
    about = {"run": path.name, "config_id": parts.config.config_id, "epochs": history}
    drawn = some_images(len(train), asked.options.images, asked.options.seed)
    priors = QuestionPriors(_questions(train, drawn.tolist()))
    content = _scored(part, asked, answers, _Unseeing(priors, found.blind, shuffled), about)
    content["retrieval"] = _retrieval(parts, asked, present)
    out = path / FOLDER / f"{part.name}-{asked.split}"
    for name, given in answers.items():
        write_predictions(out / f"{name}.jsonl", given)
    write_scores(out / SCORES, content)
    return content, out


def _heads(
    path: Path, parts: Parts, asked: _Asked, split: Any, train: Any, present: tuple[str, ...]
) -> tuple[Answered, list[dict[str, float]]]:
    """Answer with heads and by ranking; train the heads unless they are kept.

    Returns:
        The answers, and how the heads' training went.
    """
    held = _open(asked.data, "validation", present) if "validation" in present else train
    answerer = Answerer(parts.model, asked.options)
    key = key_of(
        asked.options,
        {"run": parts.config.config_id, "splits": [train.checksum, held.checksum]},
    )
    files = [path / FOLDER / name for name in (FILE, BLIND)]
    kept = [load_kept(file, key) for file in files]
    taught = None if all(kept) else answerer.teach(train, held)
    for place, file in enumerate(files):
        if kept[place] is None and taught is not None:
            heads, sizes = answerer.learn(taught, blind=file.name == BLIND)
            heads.save(file, key, sizes)
            kept[place] = heads
    sighted, blind = kept
    assert sighted is not None and blind is not None
    return answerer.answer(sighted, blind, split, train), sighted.history


def _scored(
    split: Any,
    asked: _Asked,
    answers: Mapping[str, Mapping[int, str]],
    unseeing: _Unseeing,
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Score each kind of answers; of those by ranking only what is not the heads' own."""
    data = {
        "name": split.name,
        "split": asked.split,
        "checksum": split.checksum,
        "bad_rows": split.bad_rows.count,
        "reasons": split.bad_rows.reasons,
    }
    questions = list(_questions(split, range(len(split))))
    own = {"figures": score(questions, answers["answers"], asked.extras)}
    if "generated" in answers:
        own["generated"] = score(questions, answers["generated"], asked.extras)
    controls = unseeing.compared(own, questions)
    content = scores_json(own["figures"], data, about, controls)
    ranked = score(questions, answers["ranked"])
    content["ranked"] = [
        figure.as_dict() for figure in ranked.figures if figure.metric == "accuracy"
    ]
    if "generated" in own:
        content["generated"] = [figure.as_dict() for figure in own["generated"].figures]
    return content


def _asked(
    own: Choice, split: str, options: Config | None, extras: Sequence[str]
) -> tuple[_Asked, tuple[str, ...]]:
    """Check what is asked before anything is loaded; return it and the splits that there are."""
    check_extras(extras)  # here, and not when hours of answers are to be scored
    rows = with_all_rows(own)
    present: tuple[str, ...] = own.plugin().splits(own.options)
    chosen = split or ("bench" if "bench" in present else "test")
    return _Asked(own, rows, chosen, options or Config(), tuple(extras)), present


def with_all_rows(data: Choice) -> Choice:
    """Return the data set with every type of row, whatever the run made its texts of.

    Raises:
        ConfigError: The data set has no questions.
    """
    if not issubclass(data.plugin(), BigEarthNetTxt):
        raise ConfigError(
            f"data={data.name} has no questions: task={DATA} needs a run on, or data=, "
            f"{DATA} or scenes_s1s2"
        )
    return Choice(data.kind, data.name, replace(data.options, texts=",".join(KINDS)))


def _open(data: Choice, split: str, present: tuple[str, ...]) -> BigEarthNetTxt:
    return _annotated(open_split(data, split, present))


def _annotated(dataset: ImageTextDataset) -> BigEarthNetTxt:
    assert isinstance(dataset, BigEarthNetTxt)  # `with_all_rows` has seen to it
    return dataset


def _questions(split: BigEarthNetTxt, images: Iterable[int]) -> Iterator[Question]:
    for image in images:
        for row in split.rows(image):
            yield Question(row, task_of(row), parse_row(row))


def _retrieval(parts: Parts, asked: _Asked, present: tuple[str, ...]) -> list[dict[str, Any]]:
    """Measure text-to-image retrieval with the run's own texts: strict R@K, and nDCG."""
    part = parts.prepare(open_split(asked.own, asked.split, present))
    embeddings = embed_split(parts, part)
    rows = []
    for queries in QUERIES:
        found = mean_recall(embeddings, queries)
        rows += [
            {"queries": queries, "metric": f"R@{k}", "value": found[f"text_to_image/R@{k}"]}
            for k in KS
        ]
    labels = label_sets(_annotated(part.dataset).imagery, embeddings.image_names)
    if labels is not None:
        graded = graded_text_to_image(embeddings, labels)
        rows += [
            {"queries": queries, "metric": f"nDCG@{K}", "value": value}
            for queries, value in graded.items()
        ]
    return rows
