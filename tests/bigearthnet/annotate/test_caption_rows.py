import re
from dataclasses import replace

import numpy as np

from tests.bigearthnet.annotate.made import ARABLE, BROAD, LAKE, PATCH, SOMEWHERE, drawn, scene_map
from tests.bigearthnet.annotate.oracle import Oracle, lands_in, value
from wfa.bigearthnet.annotate.caption_rows import caption_question
from wfa.bigearthnet.annotate.corine import ClassMap
from wfa.bigearthnet.annotate.patch_facts import patch_facts
from wfa.bigearthnet.rows import Row, parse_row
from wfa.captions.sentences import split_sentences
from wfa.draws import Draws


def caption(classes: ClassMap, seed: int = 0) -> str:
    question = caption_question(patch_facts(classes), SOMEWHERE, Draws(seed, PATCH, 0, 13))
    assert question is not None
    assert parse_row(Row(1, "p", "s", *question)) == question.answer
    return question.answer


def test_a_map_in_words() -> None:
    """A field of 72 ha above a lake of 36 ha and two woods of 18 ha each."""
    classes = np.full((120, 120), ARABLE, np.int8)
    classes[60:, 30:90] = LAKE
    classes[60:, :30] = classes[60:, 90:] = BROAD
    opening, first, *middle, closing = split_sentences(caption(classes))
    assert opening.startswith("This satellite image, captured ")
    assert "Austria" in opening
    assert "autumn" in opening
    assert "agricultural areas, forests and natural areas and waters" in opening
    assert '"Temperate, no dry season, warm summer" climate zone' in opening
    assert lands_in(first) == [ARABLE]
    assert "720,000 sq" in first
    told = " ".join(middle).replace("square meters", "sqm")
    assert "broad-leaved forest (~360,000 sqm) and inland waters (~360,000 sqm)." in told
    assert "one of 180,000 sqm and one of 180,000 sqm." in told
    assert " to the bottom of the arable land." in told
    assert "varied" in closing


def test_sizes_and_regions_are_those_of_the_map() -> None:
    for index in range(15):
        oracle = Oracle(scene_map(index))
        for sentence in split_sentences(caption(scene_map(index), index)):
            for words, size in re.findall(r"([\w,\- ]+) \(~([\d,]+) sq[a-z ]+\)", sentence):
                land = lands_in(words)[-1]
                true = oracle.share(land) * 1_440_000
                assert abs(int(size.replace(",", "")) - true) <= 500
            found = re.search(r" (\w+) (?:separate areas|individual regions)", sentence)
            if found:
                (land,) = lands_in(sentence)
                assert value(found[1]) == len(oracle.of_class(land))


def test_borders_told_are_borders_and_all_are_told() -> None:
    for index in range(15):
        oracle = Oracle(scene_map(index))
        told = set()
        for sentence in split_sentences(caption(scene_map(index), index)):
            if re.search(r"\bborders?\b|adjacent to|\btouch(es)?\b", sentence):
                first, *others = lands_in(sentence)
                assert others
                told |= {(min(first, other), max(first, other)) for other in others}
        lands = {land for land, _ in oracle.regions}
        true = {(a, b) for a in lands for b in lands if a < b and oracle.border(a, b)}
        assert told <= true
        assert len(told) == min(len(true), 6)


def test_every_class_is_named_and_none_else() -> None:
    for index in range(15):
        oracle = Oracle(scene_map(index))
        assert set(lands_in(caption(scene_map(index), index))) == {own for own, _ in oracle.regions}


def test_several_sentences_and_a_usual_length() -> None:
    texts = [caption(scene_map(index), index) for index in range(30)]
    sentences = [len(split_sentences(text)) for text in texts]
    words = [len(text.split()) for text in texts]
    assert min(sentences) >= 3
    assert 4 <= sum(sentences) / 30 <= 9
    assert 60 <= sum(words) / 30 <= 130


def test_verbs_follow_their_class() -> None:
    for index in range(30):
        text = caption(scene_map(index), index)
        assert not re.search(r"[Pp]astures (?:is|borders|lies)\b|land (?:are|border|lie)\b", text)


def test_what_is_not_known_is_left_out() -> None:
    place = replace(SOMEWHERE, country="", climate_zone="")
    question = caption_question(patch_facts(scene_map(1)), place, Draws(0, PATCH, 0, 13))
    assert question is not None
    assert question.answer.startswith("This satellite image, captured ")
    assert " in ," not in question.answer
    assert "climate" not in question.answer


def test_no_class_no_caption() -> None:
    assert caption_question(patch_facts(drawn("..")), SOMEWHERE, Draws(0, PATCH, 0, 13)) is None
