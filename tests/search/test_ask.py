import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.search.conftest import make_run, picture
from wfa.errors import DataError, SearchIndexError, UserError
from wfa.runs.run_model import RunModel
from wfa.search.ask import Question, ask, read_query_image
from wfa.search.library import Library


def test_words_find_what_the_features_say(still: Library, model: RunModel) -> None:
    captions = ("two ships", "a harbour with ships")
    for technique in ("own", "mean", "uniqueness", "max_similarity"):
        query = model.ask(captions, technique)
        wanted = still.search(query.features, 4)
        answer = ask(still, model, Question(captions, top=4, technique=technique))
        assert [hit.path for hit in answer.hits] == [still.paths[row] for row in wanted.rows]
        assert [hit.score for hit in answer.hits] == pytest.approx(wanted.scores.tolist())
        assert [hit.rank for hit in answer.hits] == [1, 2, 3, 4]
        assert answer.texts == captions
        assert answer.weights == query.weights
        assert answer.technique == technique
        assert answer.encode_ms > 0
        assert answer.search_ms > 0


def test_an_image_finds_itself(still: Library, model: RunModel) -> None:
    for place, path in enumerate(still.paths):
        if path.lower().endswith((".png", ".tif", ".tiff")):
            image = (still.root / path).read_bytes()
            answer = ask(still, model, Question(image=image, top=1))
            assert answer.hits[0].path == path
            assert answer.hits[0].score == pytest.approx(1, abs=1e-5)
        like = ask(still, model, Question(like=int(still.ids[place]), top=1))
        assert like.hits[0].path == path
        assert like.technique == "image"


def test_too_many_are_all_and_it_is_said(still: Library, model: RunModel) -> None:
    answer = ask(still, model, Question(("a lake",), top=50))
    assert len(answer.hits) == 9
    assert answer.notes == ("50 images were asked for and the index holds 9: these are all",)
    filtered = ask(still, model, Question(("a lake",), top=50, glob="north/*", kind="ann"))
    assert (len(filtered.hits), filtered.passed, filtered.kind) == (3, 3, "exact")
    assert "the filters leave 3" in filtered.notes[0]
    assert "approximate index was not used" in filtered.notes[1]
    nothing = ask(still, model, Question(("a lake",), where=("side=west",)))
    assert nothing.hits == ()
    assert nothing.notes == ("none of the 9 images passes the filters",)


def test_a_cut_query_is_answered_and_told(still: Library, model: RunModel) -> None:
    answer = ask(still, model, Question(("lake " * 30,), top=1))
    assert len(answer.hits) == 1
    assert "longer than the 16 tokens" in answer.notes[0]


def test_deleted_images_are_marked(library: Library, model: RunModel) -> None:
    question = Question(("a lake",), top=9)
    assert ask(library, model, question).notes == ()
    (library.root / "a.jpg").unlink()
    answer = ask(library, model, question)
    assert [hit.path for hit in answer.hits if hit.missing] == ["a.jpg"]
    assert "1 of these images is gone" in answer.notes[0]
    shutil.rmtree(library.root)
    assert "the folder photos is gone" in ask(library, model, question).notes[0]


def test_another_model_is_refused(still: Library, tmp_path: Path) -> None:
    for words in ((), ("encoder.embed_dim=8",)):
        other = RunModel(make_run(tmp_path / f"other{len(words)}", *words, seed=1))
        with pytest.raises(SearchIndexError, match="another model"):
            ask(still, other, Question(("a lake",)))


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question(), "the query is empty"),
        (Question(("",)), "the query is empty"),
        (Question(("a lake",), image=b"x"), "not with both"),
        (Question(like=77), "id 77"),
        (Question(image=b""), "the image to ask with is empty"),
        (Question(image=b"no image"), "is not an image"),
        (Question(image=b"no image", image_name="--image a.csv"), r"^--image a\.csv is not"),
        (Question(("a lake",), top=0), "at least 1"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    still: Library, model: RunModel, question: Question, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        ask(still, model, question)


def test_a_query_image_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png"):
        read_query_image(tmp_path / "gone.png")


def test_an_answer_is_plain_json(still: Library, model: RunModel) -> None:
    buffer = io.BytesIO()
    picture(1).save(buffer, "PNG")
    for question in (Question(("a", "b")), Question(image=buffer.getvalue(), glob="*")):
        values = json.loads(json.dumps(ask(still, model, question).as_dict(), allow_nan=False))
        assert len(values["hits"]) == 9
        keys = {"rank", "score", "id", "path", "missing", "metadata", "place", "merged"}
        assert set(values["hits"][0]) == keys
        assert np.all(np.diff([hit["score"] for hit in values["hits"]]) <= 0)
