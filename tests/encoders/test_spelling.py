"""Texts to tokens and back: what CLIP's tokenizer loses is put right."""

import pytest
from open_clip.tokenizer import SimpleTokenizer

from wfa.encoders.spelling import Spelling

OWN = Spelling(SimpleTokenizer())


@pytest.mark.parametrize(
    "text",
    [
        "arable land (~531,000 square meters) is the dominant land cover.",
        "forests (~20 ha), pastures and broad-leaved forest: the region's 5% of 0.25",
        'it lies within the "cold, no dry season, hot summer" climate zone; is it so?',
        "0, 33, 28, 80",
        "yes",
    ],
)
def test_english_comes_back_as_it_was(text: str) -> None:
    assert OWN.text(OWN.ids(text)) == text


def test_nothing_is_cut_or_put_around() -> None:
    ids = OWN.ids("a field " * 200)
    assert len(ids) == 400
    tokenizer = SimpleTokenizer()
    assert not {tokenizer.sot_token_id, tokenizer.eot_token_id} & set(ids)


def test_any_string_has_tokens() -> None:
    assert OWN.ids("a \ud800 b")
    assert OWN.ids("") == []
    assert OWN.text([]) == ""


class _Inner:
    """As Hugging Face's: an inner tokenizer that would add marks of its own."""

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return [*([1] if add_special_tokens else []), *map(ord, text)]

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return "".join(chr(i) for i in ids if not skip_special_tokens or i != 1)


class _Outer:
    tokenizer = _Inner()


def test_a_tokenizer_of_hugging_face_is_taken_at_its_word() -> None:
    other = Spelling(_Outer())
    assert other.ids("a , b") == [97, 32, 44, 32, 98]
    assert other.text([1, 97, 32, 44]) == "a ,"
