"""A finished run at BigEarthNet.txt: its own answers scored, and graded retrieval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wfa.bigearthnet.image_texts import KINDS
from wfa.bigearthnet.rows import parse_row
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt
from wfa.data.dataset import ImageTextDataset
from wfa.errors import ConfigError
from wfa.model.kinds.coca import CoCa
from wfa.plugins.registry import Choice
from wfa.progress import Track, untracked
from wfa.retrieval.evaluate import mean_recall
from wfa.retrieval.metrics import KS
from wfa.retrieval.retrieval_options import QUERIES
from wfa.runs.best_device import best_device
from wfa.runs.parts import Parts, load_run, open_split
from wfa.runs.run_folder import RunFolder
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.answerer import Answerer, Both
from wfa.tasks.answering.saved_heads import FILE, key_of, load_kept
from wfa.tasks.captioning.caption_figures import check_extras
from wfa.tasks.catalogue import task_of
from wfa.tasks.decoder_answers import generate_answers
from wfa.tasks.graded_retrieval import K, graded_text_to_image, label_sets
from wfa.tasks.predictions import write_predictions
from wfa.tasks.questions import DATA, Question
from wfa.tasks.score import score
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


def evaluate_tasks(
    path: Path,
    data: Choice | None = None,
    split: str = "",
    options: Config | None = None,
    extras: Sequence[str] = (),
    track: Track[Any] = untracked,
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
        track: Shows progress.

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
    both, history = _heads(path, parts, asked, part, present, track)
    answers = {"answers": both.own, "ranked": both.ranked}
    if isinstance(parts.model, CoCa):
        answers["generated"] = generate_answers(parts.model, part, track)
    about = {"run": path.name, "config_id": parts.config.config_id, "epochs": history}
    content = _scored(part, asked, answers, about)
    content["retrieval"] = _retrieval(parts, asked, present, track)
    out = path / FOLDER / f"{part.name}-{asked.split}"
    for name, given in answers.items():
        write_predictions(out / f"{name}.jsonl", given)
    write_scores(out / SCORES, content)
    return content, out


def _heads(
    path: Path, parts: Parts, asked: _Asked, split: Any, present: tuple[str, ...], track: Track[Any]
) -> tuple[Both, list[dict[str, float]]]:
    """Answer with heads and by ranking; train the heads unless they are kept.

    Returns:
        The answers, and how the heads' training went.
    """
    train = _open(asked.data, "train", present)
    held = _open(asked.data, "validation", present) if "validation" in present else train
    answerer = Answerer(parts.model, asked.options, track)
    key = key_of(
        asked.options,
        {"run": parts.config.config_id, "splits": [train.checksum, held.checksum]},
    )
    file = path / FOLDER / FILE
    kept = load_kept(file, key)
    if kept is None:
        kept, sizes = answerer.learn(train, held)
        kept.save(file, key, sizes)
    return answerer.answer(kept, split, train), kept.history


def _scored(
    split: Any,
    asked: _Asked,
    answers: Mapping[str, Mapping[int, str]],
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
    content = scores_json(score(_questions(split), answers["answers"], asked.extras), data, about)
    ranked = score(_questions(split), answers["ranked"])
    content["ranked"] = [
        figure.as_dict() for figure in ranked.figures if figure.metric == "accuracy"
    ]
    if "generated" in answers:
        written = score(_questions(split), answers["generated"], asked.extras)
        content["generated"] = [figure.as_dict() for figure in written.figures]
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


def _questions(split: BigEarthNetTxt) -> Iterator[Question]:
    for image in range(len(split)):
        for row in split.rows(image):
            yield Question(row, task_of(row), parse_row(row))


def _retrieval(
    parts: Parts, asked: _Asked, present: tuple[str, ...], track: Track[Any]
) -> list[dict[str, Any]]:
    """Measure text-to-image retrieval with the run's own texts: strict R@K, and nDCG."""
    part = parts.prepare(open_split(asked.own, asked.split, present))
    embeddings = parts.embed(part, track)
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
