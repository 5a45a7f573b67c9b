from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wfa.captions.ngrams import TextSets, count_ngrams, distinct_grams, shared_items
from wfa.captions.tokens import word_tokens

texts = st.lists(st.text("ab ", max_size=12), min_size=1, max_size=5, unique=True)


def grams(text: str, order: int) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))


@given(texts, st.integers(1, 6))
def test_counts_equal_a_counter(texts: list[str], max_order: int) -> None:
    for order, found in enumerate(count_ngrams(word_tokens(texts), max_order), 1):
        counters = [grams(text, order) for text in texts]
        assert found.totals.tolist() == [sum(counter.values()) for counter in counters]
        assert found.grams == len(set().union(*counters))
        ends = np.cumsum(found.totals)[:-1]
        for items, counter in zip(np.split(found.items, ends), counters, strict=True):
            assert len(set(items.tolist())) == len(items)
            assert int((items < found.grams).sum()) == len(counter)


@given(texts, texts)
def test_sharing_equals_clipped_counts(one: list[str], other: list[str]) -> None:
    names = list(dict.fromkeys(one + other))
    members = [names.index(text) for text in one + other]
    set_of = [0] * len(one) + [1] * len(other)
    sets = TextSets(np.array(members), np.array(set_of))
    for order, found in enumerate(count_ngrams(word_tokens(names), 4), 1):
        expected = []
        for group in (one, other):
            for place, text in enumerate(group):
                most: Counter[tuple[str, ...]] = Counter()
                for rest in group[:place] + group[place + 1 :]:
                    most |= grams(rest, order)
                expected.append(sum((grams(text, order) & most).values()))
        assert shared_items(found, sets).tolist() == expected
        distinct = [len(set().union(*(grams(t, order) for t in group))) for group in (one, other)]
        assert distinct_grams(found, sets).tolist() == distinct
