"""Token rows against the tokenizer's own, whatever was asked for before."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

from wfa.encoders import token_table
from wfa.encoders.token_table import TokenTable

TOKENIZER = SimpleTokenizer(context_length=16)


def table(trim: bool = True) -> TokenTable:
    return TokenTable(TOKENIZER, 0, 16, trim)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=6))
def test_rows_are_the_tokenizers(texts: list[str]) -> None:
    tokens = table()(texts)
    full = TOKENIZER(texts)
    assert tokens.dtype == torch.int64
    assert torch.equal(tokens, full[:, : tokens.shape[1]])
    assert not full[:, tokens.shape[1] :].any()
    assert tokens[:, -1].any()


def test_a_text_keeps_its_row_in_any_company() -> None:
    remembering = table()
    alone = remembering(["a river"])
    beside = remembering(["a river", "many boats in a long harbor", "a river"])
    assert torch.equal(beside[0, : alone.shape[1]], alone[0])
    assert torch.equal(beside[0], beside[2])
    assert torch.equal(remembering(["a river"]), alone)


def test_every_text_is_tokenised_once() -> None:
    seen: list[str] = []

    def tokenizer(texts: list[str]) -> Tensor:
        seen.extend(texts)
        return torch.tensor([[len(text), 0, 0] for text in texts])

    remembering = TokenTable(tokenizer, 0, 3, trim=True)
    for _ in range(3):
        assert remembering(["ab", "c", "ab"]).tolist() == [[2], [1], [2]]
    assert seen == ["ab", "c"]


def test_rows_keep_their_length_for_towers_that_see_padding() -> None:
    assert table(trim=False)(["a", "a river"]).shape == (2, 16)


def test_odd_texts_have_rows() -> None:
    texts = ["", "   ", "\ud800 alone", "!" * 5, "word " * 1000, "!"]
    tokens = table()(texts)
    assert tokens.shape == (6, 16)
    assert torch.equal(tokens[4], TOKENIZER(texts[4:5])[0])
    assert table()([]).shape[0] == 0


def test_memory_of_texts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_table, "MOST_REMEMBERED", 2)
    remembering = table()
    expected = TOKENIZER(["a", "b", "c"])[:, :3]
    assert torch.equal(remembering(["a", "b"]), expected[:2])
    assert torch.equal(remembering(["a", "b", "c"]), expected)
    assert torch.equal(remembering(["c", "a"]), expected[[2, 0]])
