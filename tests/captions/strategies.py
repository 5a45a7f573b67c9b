"""Hypothesis strategies: captions that people write, and captions that nobody would."""

from hypothesis import strategies as st

_WORDS = ("a", "road", "Road", "many", "trees", "3.5", "1,000", "e.g.", "it's", "5-6", "river", "ß")
_JOINTS = (" ", "  ", ", ", " . ", ".", "-", "\n", "-\n", "\u2003", "\u00a0", "&amp;", "/", "\t")

# Few words, so that captions of one image have n-grams in common and n-grams repeat.
written = st.builds(
    lambda parts: "".join(word + joint for word, joint in parts),
    st.lists(st.tuples(st.sampled_from(_WORDS), st.sampled_from(_JOINTS)), max_size=14),
)

# Any code point, lone surrogates and NUL among them.
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)

# The signs on which 13a's rules turn, tightly packed.
signs = st.text("aB19.,-\n &;<>|`'\"skiped()amplt\u0130\u03a3 ", max_size=25)

captions = st.one_of(written, anything, signs)
