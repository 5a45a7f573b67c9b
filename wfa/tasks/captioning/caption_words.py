"""The words that ROUGE-L, METEOR and CIDEr-D compare."""

import re

# Hyphens, apostrophes, points and commas stay inside a word or number: broad-leaved, ~708,000.
_WORD = re.compile(r"\w+(?:[-'.,]\w+)*")


def words(text: str) -> list[str]:
    """Return the lower-case words of a text, without punctuation.

    It stands in for the Penn Treebank tokenizer of the COCO tools, which needs Java: that one also
    lower-cases and drops punctuation.
    """
    return _WORD.findall(text.lower())
