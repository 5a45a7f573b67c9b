import pytest

from tests.bigearthnet.annotate.made import ARABLE, drawn, scene_map
from tests.bigearthnet.annotate.oracle import Oracle, Pixels, lands_in
from wfa.bigearthnet.annotate.box_questions import MOST, box_questions, box_text
from wfa.bigearthnet.annotate.corine import ClassMap
from wfa.bigearthnet.annotate.patch_facts import patch_facts
from wfa.bigearthnet.annotate.yes_no_questions import Question
from wfa.bigearthnet.rows import Box, Located, Point, Row, parse_row
from wfa.draws import Draws

MAPS = [scene_map(index) for index in range(10)]


def ask(classes: ClassMap, seed: int = 0) -> list[Question]:
    return list(box_questions(patch_facts(classes), Draws(seed, "p", 0, 12)))


def located(question: Question) -> Located:
    answer = parse_row(Row(1, "p", "s", *question))
    assert isinstance(answer, Located)
    return answer


def region_of(oracle: Oracle, question: Question) -> Pixels:
    """Find the region that a question means."""
    target = located(question).target
    if isinstance(target, Point):
        at = (min(int(target.y * 120), 119), min(int(target.x * 120), 119))
        return next(pixels for _, pixels in oracle.regions if at in pixels)
    regions = oracle.of_class(lands_in(target)[0])
    if "smallest" in target:
        assert len(regions[-1]) < len(regions[-2])
        return regions[-1]
    if "largest" in target:
        assert len(regions[0]) > len(regions[1])
    else:
        assert len(regions) == 1
    return regions[0]


def test_every_box_holds_its_region_and_no_more() -> None:
    kinds = set()
    for classes in MAPS:
        oracle = Oracle(classes)
        for question in ask(classes):
            pixels = region_of(oracle, question)
            box = located(question).box
            ys, xs = zip(*pixels, strict=True)
            edges = (min(xs) / 120, min(ys) / 120, (max(xs) + 1) / 120, (max(ys) + 1) / 120)
            outwards = [edges[k] - box[k] if k < 2 else box[k] - edges[k] for k in range(4)]
            assert all(-1e-9 <= gap < 0.01 for gap in outwards)
            filled = len(pixels) / ((max(xs) + 1 - min(xs)) * (max(ys) + 1 - min(ys)))
            assert 0.01 <= len(pixels) / 14_400 <= 0.5
            assert filled >= 0.4
            kinds.add(question.category)
    assert kinds == {"reference", "point"}


def test_questions_mean_different_regions() -> None:
    for classes in MAPS[:5]:
        oracle = Oracle(classes)
        for kind in ("reference", "point"):
            own = [region_of(oracle, q) for q in ask(classes) if q.category == kind]
            assert len(own) == len(set(own)) <= MOST


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        ("aaaa aaaa", "it covers more than half"),
        ("a... .... .... ....".replace("a...", "apap"), "two regions are equally large"),
        ("aaaaaaaaaa a......... a......... a......... a.........", "it covers little of its box"),
    ],
)
def test_what_is_not_asked_for(picture: str, why: str) -> None:
    questions = [q for q in ask(drawn(picture)) if q.category == "reference"]
    assert all(ARABLE not in lands_in(q.text) for q in questions), why


def test_a_box_is_written_as_the_data_set_writes_it() -> None:
    assert box_text(Box(0.0, 0.33, 0.28, 1.0)) == "[0.0 0.33, 0.28 1.0]"
