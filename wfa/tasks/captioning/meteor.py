"""METEOR without WordNet: words match when they or their Porter stems are equal."""

from collections.abc import Sequence

from nltk.stem.porter import PorterStemmer
from nltk.translate.meteor_score import single_meteor_score

from wfa.tasks.captioning.caption_words import words


class _NoSynonyms:
    """Stands where NLTK wants WordNet, which is data of its own to fetch."""

    def synsets(self, word: str) -> tuple[()]:
        """Know no synonym of any word."""
        del word
        return ()


def meteor(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return the mean METEOR of N captions with one reference each, 0 to 1.

    The formula and parameters are those of Lavie and Agarwal 2007 as NLTK has them (alpha 0.9,
    beta 3, gamma 0.5). Only equal words and equal stems match: figures made with synonyms are
    somewhat higher, and METEOR 1.5 of the COCO tools has other parameters.
    """
    stemmer, synonyms = PorterStemmer(), _NoSynonyms()
    scores = [
        single_meteor_score(words(reference), words(output), stemmer=stemmer, wordnet=synonyms)
        for output, reference in zip(outputs, references, strict=True)
    ]
    return float(sum(scores) / len(scores))
