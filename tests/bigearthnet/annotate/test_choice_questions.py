import re
from collections import Counter
from dataclasses import replace

import pytest

from tests.bigearthnet.annotate.made import SOMEWHERE, drawn, scene_map
from tests.bigearthnet.annotate.oracle import Oracle, lands_in, value
from wfa.bigearthnet.annotate.choice_questions import choice_questions
from wfa.bigearthnet.annotate.corine import ClassMap
from wfa.bigearthnet.annotate.patch_facts import patch_facts
from wfa.bigearthnet.annotate.patch_metadata import CLIMATES, COUNTRIES, Place
from wfa.bigearthnet.annotate.wrong_classes import Universe
from wfa.bigearthnet.annotate.yes_no_questions import Question
from wfa.bigearthnet.choice_statements import choice_statement
from wfa.bigearthnet.rows import CATEGORIES, CHOICE, Choice, Row, parse_row
from wfa.draws import Draws

MAPS = [scene_map(index) for index in range(20)]


def ask(classes: ClassMap, seed: int = 0, place: Place = SOMEWHERE) -> list[Question]:
    draws = Draws(seed, classes.tobytes().hex(), 0, 11)
    return list(choice_questions(patch_facts(classes), place, Universe(), draws))


def parsed(question: Question) -> Choice:
    answer = parse_row(Row(1, "p", "s", *question))
    assert isinstance(answer, Choice)
    return answer


@pytest.fixture(scope="module")
def asked() -> list[tuple[Oracle, Question]]:
    return [
        (oracle, question)
        for classes in MAPS
        for oracle in [Oracle(classes)]
        for seed in range(9)
        for question in ask(classes, seed)
    ]


def holds(oracle: Oracle, question: Question, stem: str, option: str) -> bool:
    """Say whether an option is right."""
    named = lands_in(stem)
    match question.category:
        case "presence":
            return oracle.present(lands_in(option)[0])
        case "area":
            found = re.match(r"(\d+) to (\d+)", option)
            assert found is not None
            low, high = int(found[1]), int(found[2])
            scale = 100 if "%" in option else 1_440_000
            return low <= oracle.share(named[0]) * scale <= high
        case "count":
            return min(len(oracle.of_class(named[0])), 6) == value(option)
        case "adjacency":
            one, other = lands_in(option)
            return oracle.border(one, other)
        case "relative pos":
            return oracle.direction(named[0], named[1]) == option.removeprefix("to the ")
        case "country":
            return option == SOMEWHERE.country
        case "season":
            return option in ("Fall", "Autumn")
        case _:
            return option == SOMEWHERE.climate_zone


@pytest.mark.slow
def test_exactly_the_answer_is_right(asked: list[tuple[Oracle, Question]]) -> None:
    for oracle, question in asked:
        choice = parsed(question)
        texts = choice.options.texts
        assert len(set(texts)) == 4
        right = [holds(oracle, question, choice.options.stem, text) for text in texts]
        assert right == [place == choice.right for place in range(4)], question
    assert {question.category for _, question in asked} == set(CATEGORIES[CHOICE])


def test_every_option_becomes_a_statement(asked: list[tuple[Oracle, Question]]) -> None:
    for _, question in asked:
        options = parsed(question).options
        for text in options.texts:
            assert choice_statement(question.category, options.stem, text), question


def test_letters_are_balanced(asked: list[tuple[Oracle, Question]]) -> None:
    letters = Counter(question.answer for _, question in asked)
    assert all(0.2 < letters[letter] / letters.total() < 0.3 for letter in "abcd")


@pytest.mark.parametrize("category", ["area", "count"])
def test_the_right_amount_is_not_always_in_the_same_place(
    asked: list[tuple[Oracle, Question]], category: str
) -> None:
    ranks: Counter[int] = Counter()
    for _, question in asked:
        if question.category == category:
            choice = parsed(question)
            texts = choice.options.texts
            amounts = [value(text.partition(" to ")[0]) for text in texts]
            ranks[sorted(amounts).index(amounts[choice.right])] += 1
    assert set(ranks) == {0, 1, 2, 3} or category == "count"
    assert max(ranks.values()) < 0.7 * ranks.total()


def test_wrong_classes_are_mostly_like_the_right_one() -> None:
    alike = ("forest", "woodland", "Agro-forestry")
    found = [
        any(word in text for word in alike)
        for seed in range(40)
        for question in ask(drawn("fff fff fff"), seed)
        if question.category == "presence"
        for text in parsed(question).options.texts
    ]
    assert len(found) == 160
    # One of four is right; of the other 18 classes four are alike.
    assert sum(found) - 40 > 1.5 * 120 * 4 / 18


def test_what_the_metadata_do_not_say_is_not_asked() -> None:
    place = replace(SOMEWHERE, country="", climate_zone="")
    categories = {question.category for question in ask(MAPS[0], 0, place)}
    assert not {"country", "climate zone"} & categories
    assert "season" in categories


def test_an_unknown_country_is_asked_for_among_the_known() -> None:
    place = replace(SOMEWHERE, country="Norway", climate_zone="Polar, frost")
    for question in ask(MAPS[0], 1, place):
        texts = set(parsed(question).options.texts) if question.category in ("country",) else set()
        assert texts <= {"Norway", *COUNTRIES}
        if question.category == "climate zone":
            assert set(parsed(question).options.texts) <= {"Polar, frost", *CLIMATES}
