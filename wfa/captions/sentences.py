"""Cutting a long caption into its sentences."""

import re

# A full stop after one of these ends no sentence: something that belongs to it follows.
_OPEN = frozenset(
    {"approx", "ca", "cf", "e.g", "eg", "fig", "figs", "i.e", "ie", "incl", "max", "min", "mr"}
    | {"mrs", "ms", "nos", "nr", "resp", "sq", "st", "vs"}
)
# After these it ends one only where a capital follows.
_MAYBE = frozenset(
    {"a.d", "a.m", "al", "b.c", "dept", "est", "etc", "ft", "inc", "ltd", "p.m", "u.k", "u.s"}
)

# Ends of sentences with the quotes and brackets that close behind them. Chinese and Japanese stops
# need no white space after them; the others do, which leaves "3.5" and "forest.tif" whole.
_STOP = re.compile(
    r"[.!?\u2026]+[\"'\u2019\u201d)\]]*(?=\s)|[\u3002\uff01\uff1f\uff61]+[\"'\u2019\u201d)\]\u300d]*"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'\u2018\u201c]*$")


def split_sentences(text: str) -> list[str]:
    """Cut a caption where a sentence ends.

    Decimals ("3.5 km"), abbreviations ("approx. 5 %", "e.g. roads", "sq. km"), list numbers ("1.
    Forest") and pauses ("trees ... and a road") stay whole. Case is not needed, so lower-cased
    captions are cut too. Nothing but the white space between sentences is lost.

    Args:
        text: A caption; any string.

    Returns:
        Its sentences in order, none of them empty; no sentence for a caption of white space.
    """
    sentences = []
    start = 0
    for stop in _STOP.finditer(text):
        if _ends(text[start : stop.start()], stop.group(), text[stop.end() : stop.end() + 40]):
            sentences.append(text[start : stop.end()].strip())
            start = stop.end()
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _ends(before: str, stop: str, after: str) -> bool:
    """Say whether a stop ends the sentence `before` it, given some of the text after it."""
    following = after.lstrip()[:1]
    if stop.startswith(("..", "\u2026")):
        return not following.islower()
    if stop != ".":
        return True
    match = _LAST_WORD.search(before)
    word = match.group().casefold() if match else ""
    if word in _OPEN or (word == "no" and following.isdecimal()):
        return False
    if word in _MAYBE:
        return following.isupper()
    return not before.strip().isdecimal()
