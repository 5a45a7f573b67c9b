from collections.abc import Callable

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from tests.captions.strategies import captions
from wfa.captions.tokens import TokenTable, character_tokens, tokenize_13a, word_tokens


def sacrebleu_tokens(text: str, lowercase: bool) -> list[str]:
    peer = Tokenizer13a()  # type: ignore[no-untyped-call]
    line: str = peer((text.lower() if lowercase else text).rstrip())
    return line.split()


def check(table: TokenTable, expected: list[list[str]]) -> None:
    """The table is the expected tokens under a one-to-one naming."""
    assert table.lengths.tolist() == [len(tokens) for tokens in expected]
    flat = [token for tokens in expected for token in tokens]
    name = dict(zip(flat, table.ids.tolist(), strict=True))
    assert [name[token] for token in flat] == table.ids.tolist()
    assert sorted(name.values()) == list(range(table.vocabulary))


@settings(max_examples=300)
@given(st.lists(captions, max_size=6), st.booleans())
@example(["", ""], True)
@example([], True)
@example(["a||b", "||", "a || b", "a|.|b"], True)
@example(["-\n", "a-\n", "a-\nb", "5-", "a- "], True)
@example(["a..b", "1..2", "a.,b", "1.,2", "...", "a. .b"], True)
@example(["\u03a3", "a\u03a3", "a\u03a3.b", "\u0130"], True)
@example(["&quot;a", "<skipped>", "<sk&lt;ipped>", "\x1fa\x85b"], False)
def test_equal_to_sacrebleu(texts: list[str], lowercase: bool) -> None:
    check(word_tokens(texts, lowercase), [sacrebleu_tokens(text, lowercase) for text in texts])


@given(captions, st.booleans())
def test_one_text_equal_to_sacrebleu(text: str, lowercase: bool) -> None:
    assert tokenize_13a(text, lowercase).split() == sacrebleu_tokens(text, lowercase)


def test_equal_to_sacrebleu_on_real_captions(
    real_captions: Callable[..., list[list[str]]],
) -> None:
    for name in ("rsicd", "ucm_captions"):
        texts = list(dict.fromkeys(text for image in real_captions(name) for text in image))
        check(word_tokens(texts), [sacrebleu_tokens(text, True) for text in texts])


@given(st.lists(captions, max_size=6), st.booleans())
def test_characters(texts: list[str], lowercase: bool) -> None:
    lines = ["".join((text.lower() if lowercase else text).split()) for text in texts]
    check(character_tokens(texts, lowercase), [list(line) for line in lines])


def test_types() -> None:
    for table in (word_tokens(["a b", ""]), character_tokens(["ab", ""])):
        assert table.ids.dtype == np.int64
        assert table.lengths.tolist() == [2, 0]
