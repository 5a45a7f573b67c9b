import numpy as np
import pytest

from tests.search.benchmark.made import unit
from wfa.errors import ConfigError, UserError
from wfa.retrieval.embeddings import Floats
from wfa.runs.run_model import RunModel
from wfa.search.ask import Question, ask
from wfa.search.caption_scores import caption_scores
from wfa.search.library import Library
from wfa.search.rerank import search_again

CAPTIONS = ("a lake", "two red ships", "fields along a road")


def features(library: Library) -> Floats:
    return np.concatenate([library.feature(row) for row in range(len(library))])


@pytest.mark.parametrize(("how", "pool"), [("mean", np.mean), ("max_similarity", np.max)])
def test_the_short_list_is_ranked_by_every_caption(
    still: Library, model: RunModel, how: str, pool: object
) -> None:
    answer = ask(still, model, Question(CAPTIONS, top=4, rerank=how))
    captions = model.ask(CAPTIONS, "max_similarity").features
    wanted = [
        float(pool([float(caption @ image) for caption in captions]))  # type: ignore[operator]
        for image in features(still)
    ]
    best = np.argsort(-np.array(wanted))[:4]
    assert [hit.path for hit in answer.hits] == [still.paths[row] for row in best]
    np.testing.assert_allclose(
        [hit.score for hit in answer.hits], np.array(wanted)[best], atol=1e-6
    )


def test_filters_hold_and_none_changes_nothing(still: Library, model: RunModel) -> None:
    north = ask(still, model, Question(CAPTIONS, where=("side=north",), rerank="mean"))
    assert {hit.metadata["side"] for hit in north.hits} == {"north"}
    assert north.passed == len(north.hits)
    plain = ask(still, model, Question(CAPTIONS))
    assert plain.hits == ask(still, model, Question(CAPTIONS, rerank="none")).hits


def test_a_caption_alone_ranks_as_before(still: Library, model: RunModel) -> None:
    alone = [hit.path for hit in ask(still, model, Question(("a lake",))).hits]
    for how in ("mean", "max_similarity"):
        again = ask(still, model, Question(("a lake",), rerank=how))
        assert [hit.path for hit in again.hits] == alone


def test_scores_are_those_of_a_loop() -> None:
    captions, images = unit(4, seed=1), unit(9, seed=2)
    for how, pool in (("mean", np.mean), ("max_similarity", np.max)):
        wanted = [pool([caption @ image for caption in captions]) for image in images]
        np.testing.assert_allclose(caption_scores(captions, images, how), wanted, atol=1e-6)


def test_what_does_not_fit_is_told(still: Library, model: RunModel) -> None:
    with pytest.raises(ConfigError, match="there is no way to rank again 'best'"):
        ask(still, model, Question(CAPTIONS, rerank="best"))
    with pytest.raises(UserError, match="ask with words"):
        ask(still, model, Question(like=int(still.ids[0]), rerank="mean"))
    nothing = search_again(
        still, still.feature(0), still.feature(0), "mean", 3, "exact", np.zeros(9, np.bool_)
    )
    assert len(nothing.rows) == 0
