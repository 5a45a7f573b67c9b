import re
from collections import Counter, defaultdict

import pytest

from tests.bigearthnet.annotate.made import drawn, scene_map
from tests.bigearthnet.annotate.oracle import Oracle, lands_in, value
from wfa.bigearthnet.annotate.corine import ClassMap
from wfa.bigearthnet.annotate.patch_facts import patch_facts
from wfa.bigearthnet.annotate.wrong_classes import Universe
from wfa.bigearthnet.annotate.yes_no_questions import EACH, Question, yes_no_questions
from wfa.bigearthnet.rows import CATEGORIES, YES_NO, Row, parse_row
from wfa.bigearthnet.yes_no_statements import yes_no_statement
from wfa.draws import Draws

MAPS = [scene_map(index) for index in range(30)]


def ask(classes: ClassMap, seed: int = 0) -> list[Question]:
    return list(
        yes_no_questions(
            patch_facts(classes), Universe(), Draws(seed, classes.tobytes().hex(), 0, 10)
        )
    )


@pytest.fixture(scope="module")
def asked() -> list[tuple[Oracle, Question]]:
    return [
        (oracle, question)
        for classes in MAPS
        for oracle in [Oracle(classes)]
        for seed in range(6)
        for question in ask(classes, seed)
    ]


def area_holds(text: str, share: float) -> bool:
    if found := re.search(r"at least (\d+)%", text):
        return 100 * share >= int(found[1])
    if found := re.search(r"less than (\d+)%", text):
        return 100 * share < int(found[1])
    found = re.search(r"between (\d+) (?:m\^?2|square meters) and (\d+) ", text)
    assert found is not None, text
    return int(found[1]) <= share * 1_440_000 <= int(found[2])


def count_holds(text: str, count: int) -> bool:
    found = re.search(r"(exactly|more than|at least|fewer than) (\w+) ", text)
    assert found is not None, text
    limit = value(found[2])
    return {
        "exactly": count == limit,
        "more than": count > limit,
        "at least": count >= limit,
        "fewer than": count < limit,
    }[found[1]]


def truth(oracle: Oracle, question: Question) -> bool:
    land, *others = lands_in(question.text)
    if question.category == "presence":
        return oracle.present(land)
    if question.category == "area":
        return area_holds(question.text, oracle.share(land))
    if question.category == "count":
        return count_holds(question.text, len(oracle.of_class(land)))
    return oracle.border(land, others[0])


def test_every_answer_is_right(asked: list[tuple[Oracle, Question]]) -> None:
    wrong = [q for oracle, q in asked if truth(oracle, q) != (q.answer == "yes")]
    assert wrong == []
    assert len(asked) > 1000


def test_every_row_parses_and_becomes_a_statement(asked: list[tuple[Oracle, Question]]) -> None:
    for _, question in asked:
        answer = parse_row(Row(1, "p", "s", *question))
        assert isinstance(answer, bool)
        statement = yes_no_statement(question.text, answer)
        assert statement is not None
        assert statement[0].isupper()


def test_answers_are_balanced() -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for classes in MAPS:
        for seed in range(25):
            for question in ask(classes, seed):
                counts[question.category][question.answer] += 1
    assert set(counts) == set(CATEGORIES[YES_NO])
    for answers in counts.values():
        assert answers.total() > 200
        # Four standard deviations of a fair coin.
        assert abs(answers["yes"] / answers.total() - 0.5) < 2 / answers.total() ** 0.5


def test_no_question_twice() -> None:
    for classes in MAPS[:10]:
        questions = ask(classes)
        assert len({question.text for question in questions}) == len(questions)
        counts = Counter(question.category for question in questions)
        assert all(count <= EACH[category] for category, count in counts.items())


def test_wordings_of_both_answers_are_alike() -> None:
    """Neither the first words of a question nor the bound in it tell its answer."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for classes in MAPS:
        for seed in range(25):
            for question in ask(classes, seed):
                words = question.text.split()
                bound = re.search(r"(at least|less than|exactly|more than) \S+", question.text)
                for key in (" ".join(words[:2]), bound[0] if bound else ""):
                    counts[question.category + key][question.answer] += 1
    frequent = [answers for answers in counts.values() if answers.total() > 40]
    assert len(frequent) > 20
    for answers in frequent:
        assert abs(answers["yes"] / answers.total() - 0.5) < 2 / answers.total() ** 0.5


def test_one_class_alone_cannot_be_asked_about_fairly() -> None:
    """It has no neighbour, and whatever is said of its size has one answer."""
    questions = ask(drawn("aaaa aaaa aaaa"))
    assert {question.category for question in questions} == {"presence"}


def test_a_bound_is_one_that_another_class_breaks() -> None:
    oracle = Oracle(MAPS[0])
    lands = [land for land in range(19) if oracle.share(land) >= 0.002]
    for seed in range(30):
        for question in ask(MAPS[0], seed):
            if question.category == "area":
                held = {area_holds(question.text, oracle.share(land)) for land in lands}
            elif question.category == "count":
                held = {count_holds(question.text, len(oracle.of_class(land))) for land in lands}
            else:
                continue
            assert held == {True, False}


def test_a_map_without_classes_is_not_asked_about() -> None:
    assert ask(drawn("... ...")) == []


def test_plural_classes_take_plural_verbs() -> None:
    texts = [q.text for seed in range(40) for q in ask(drawn("aaapppaaa aaapppaaa"), seed)]
    assert any(text.startswith("Do pastures ") for text in texts)
    assert any(text.startswith("Does arable land ") for text in texts)
    assert not any(text.startswith(("Do arable land", "Does pastures")) for text in texts)
