"""Every figure of captions by its name; those that need an extra package say which."""

import importlib
from collections.abc import Callable, Sequence

from sacrebleu.metrics.bleu import BLEU

from wfa.errors import ConfigError
from wfa.plugins.plugin_sources import how_to_install
from wfa.tasks.captioning.cider import cider_d
from wfa.tasks.captioning.rouge import rouge_l

EXTRAS = ("similarity", "BERTScore")
"""Figures that are made only when they are asked for: they run a network."""

METHODS = {
    "BLEU-4": "corpus BLEU of sacrebleu, case folded, in percent",
    "ROUGE-L": "F of the longest common subsequence, beta 1.2, in percent",
    "METEOR": "NLTK's METEOR (2007) by words and Porter stems, without WordNet, in percent",
    "CIDEr": "CIDEr-D over the scored references, 0 to 10",
    "concept F1": "F1 of the land-cover classes that are named, mean over captions, in percent",
    "similarity": "cosine of MiniLM-L6 sentence embeddings",
    "BERTScore": "F1, English, not rescaled",
}
"""Figure -> its variant, to be printed beside it; files hold shares of 1, tables percent."""

_Scorer = Callable[[Sequence[str], Sequence[str]], float]


def bleu4(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return corpus BLEU-4 of N captions with one reference each, 0 to 1."""
    return float(BLEU(lowercase=True).corpus_score(list(outputs), [list(references)]).score) / 100


def caption_figures(
    outputs: Sequence[str], references: Sequence[str], extras: Sequence[str] = ()
) -> tuple[dict[str, float], dict[str, str]]:
    """Score N captions with one reference each.

    Args:
        outputs: The captions; a missing one is an empty text.
        references: The right ones.
        extras: Which of `EXTRAS` to make too.

    Returns:
        Figure -> value, and figure -> why it was left out.

    Raises:
        ConfigError: There is no such extra.
    """
    check_extras(extras)
    found: dict[str, float] = {}
    left_out: dict[str, str] = {}
    for name in ("BLEU-4", "ROUGE-L", "METEOR", "CIDEr", *extras):
        try:
            found[name] = _SCORERS[name](outputs, references)
        except ImportError as error:
            missing = error.name or "?"
            left_out[name] = f"needs the package {missing}: {how_to_install(missing)}"
    return found, left_out


def check_extras(extras: Sequence[str]) -> None:
    """Refuse figures that are none of `EXTRAS`.

    Raises:
        ConfigError: The message names the first.
    """
    for extra in extras:
        if extra not in EXTRAS:
            raise ConfigError(f"extras={extra!r} is not known. Known: {', '.join(EXTRAS)}")


def _from(module: str, name: str) -> _Scorer:
    """Import a scorer when it is called: its package may be missing."""

    def scorer(outputs: Sequence[str], references: Sequence[str]) -> float:
        found = getattr(importlib.import_module(f"wfa.tasks.captioning.{module}"), name)
        return float(found(outputs, references))

    return scorer


_SCORERS: dict[str, _Scorer] = {
    "BLEU-4": bleu4,
    "ROUGE-L": rouge_l,
    "METEOR": _from("meteor", "meteor"),
    "CIDEr": cider_d,
    "similarity": _from("meaning", "sentence_similarity"),
    "BERTScore": _from("meaning", "bert_score"),
}
