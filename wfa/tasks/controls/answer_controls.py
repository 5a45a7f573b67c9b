"""The controls of anyone's answers: those that need no model."""

from collections.abc import Iterable, Mapping
from typing import Any

from wfa.tasks.controls.above_controls import METHODS, REASSIGNED, Control, controls_json
from wfa.tasks.controls.question_priors import QuestionPriors
from wfa.tasks.controls.shuffled_answers import shuffled_answers
from wfa.tasks.questions import Question
from wfa.tasks.score import Scores, score

NO_OTHER = "one patch only: there is no other one whose image or answers could be taken"
"""Why nothing can be shuffled."""
_NO_MODEL = "needs the model that answered; `wfa evaluate RUN task=bigearthnet_txt` has it"
_NO_TRAINING = "needs the training questions: name their split with training=train"


def answer_controls(
    questions: Iterable[Question],
    answers: Mapping[int, str],
    scores: Scores,
    training: Iterable[Question] | None,
) -> dict[str, Any]:
    """Return the part `controls` of the scores of answers whose model is not there.

    Args:
        questions: All questions of the split; gone through several times.
        answers: ID -> answer.
        scores: Those of the answers.
        training: The questions of the training split, where they are to be counted.
    """
    left_out = {"blind": _NO_MODEL}
    controls = []
    if training is None:
        left_out |= dict.fromkeys(("majority", "prior"), _NO_TRAINING)
    else:
        controls += prior_controls(QuestionPriors(training), questions)
    shuffled = shuffled_answers(questions, answers)
    if shuffled:
        controls.append(Control("shuffled", "figures", score(questions, shuffled)))
    else:
        left_out["shuffled"] = NO_OTHER
    methods = {**METHODS, "shuffled": REASSIGNED}
    return controls_json({"figures": scores}, controls, left_out, methods)


def prior_controls(priors: QuestionPriors, questions: Iterable[Question]) -> list[Control]:
    """Return what the majority and the prior reach."""
    found = []
    for name, rule in (("majority", priors.majority), ("prior", priors.likeliest)):
        said = ((question.row.id, rule(question)) for question in questions)
        own = {rid: text for rid, text in said if text is not None}
        found.append(Control(name, "", score(questions, own)))
    return found
