import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captions.strategies import captions
from wfa.captions.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("A road. Many trees.", ["A road.", "Many trees."]),
        ("a road. many trees", ["a road.", "many trees"]),
        ("a road . many trees .", ["a road .", "many trees ."]),
        ("It covers approx. 3.5 km. Why? Wow!", ["It covers approx. 3.5 km.", "Why?", "Wow!"]),
        ("about 12,000 sq. m of pasture.", ["about 12,000 sq. m of pasture."]),
        ("Water, e.g. a lake, i.e. Lake X.", ["Water, e.g. a lake, i.e. Lake X."]),
        ("fields, woods, etc. are seen.", ["fields, woods, etc. are seen."]),
        ("fields, woods, etc. A road.", ["fields, woods, etc.", "A road."]),
        ("there is no. 5 here. no. it is not", ["there is no. 5 here.", "no.", "it is not"]),
        ("1. Forest. 2. Water.", ["1. Forest.", "2. Water."]),
        ("In 2017. Then rain.", ["In 2017.", "Then rain."]),
        ("trees ... and a road... The end", ["trees ... and a road...", "The end"]),
        ('He said "go." They left.', ['He said "go."', "They left."]),
        (
            "\u4e00\u6761\u8def\u3002\u8bb8\u591a\u6811\u3002",
            ["\u4e00\u6761\u8def\u3002", "\u8bb8\u591a\u6811\u3002"],
        ),
        ("", []),
        (" \n ", []),
        (".", ["."]),
    ],
)
def test_hand_cases(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@given(st.one_of(captions, st.text("aB 1.!?'\u2026\u3002\"", max_size=30)))
def test_only_white_space_is_lost(text: str) -> None:
    sentences = split_sentences(text)
    assert all(sentence == sentence.strip() != "" for sentence in sentences)
    assert "".join("".join(sentences).split()) == "".join(text.split())
