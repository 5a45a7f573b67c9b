"""Samples as packers write them: one image, captions in every layout, weights that fit or not."""

import io
import json

import numpy as np
import pytest

from tests.data.shards.made_shards import captions_json, jpeg
from wfa.data.decode import BadImageError
from wfa.data.shards.shard_samples import BadSampleError, SampleForm, decode

PICTURE = {"jpg": jpeg(3)}


@pytest.mark.parametrize(
    ("files", "captions"),
    [
        ({"txt": b"a river \n"}, ("a river",)),
        ({"0.txt": b"a", "10.txt": b"c", "2.txt": b"b"}, ("a", "b", "c")),
        ({"txt2": b"b", "txt1": b"a"}, ("a", "b")),
        ({"caption_1.txt": b"a", "caption_2.txt": b"b"}, ("a", "b")),
        ({"json": b'["a", "b"]'}, ("a", "b")),
        ({"json": captions_json("a", "b", " ")}, ("a", "b")),
        ({"json": b'{"sentences": [{"raw": "a"}, {"raw": "b"}]}'}, ("a", "b")),
        ({"json": b'{"caption_1": "a", "caption_2": "b", "url": "x"}'}, ("a", "b")),
        # img2dataset: the caption is in the text file, and the json says what was downloaded
        ({"txt": b"a", "json": b'{"caption": "A", "status": "success", "width": 8}'}, ("a",)),
    ],
)
def test_captions_in_every_layout(files: dict[str, bytes], captions: tuple[str, ...]) -> None:
    assert SampleForm().texts_of({**PICTURE, **files}).captions == captions


def test_several_text_keys_with_their_probabilities() -> None:
    sample = {"txt": b"a", "long.txt": b"b", "json": b'{"synthetic": ["c", "d"], "caption": "x"}'}
    keys = ("txt", "json.synthetic", "missing.txt")
    plain = SampleForm(caption_keys=keys).texts_of(sample)
    assert plain.captions == ("a", "c", "d")
    assert plain.weights is None
    weighed = SampleForm(caption_keys=keys, probabilities=(0.5, 0.2, 0.3)).texts_of(sample)
    assert weighed.weights is not None
    assert weighed.weights == pytest.approx([5 / 7, 1 / 7, 1 / 7])


def test_weights_count_where_they_are_those_that_are_wanted() -> None:
    sample = {"json": captions_json("a", "b", "", weights=[0.1, 0.3, 0.6], weighed_by="k")}
    found = SampleForm(weights_key="k").texts_of(sample)
    assert found.weights == pytest.approx([0.25, 0.75])
    assert SampleForm(weights_key="other").texts_of(sample).weights is None
    exact = {
        "json": captions_json("a", "b", "c", weights=[1 / 3, 0.1, 1 - 1 / 3 - 0.1], weighed_by="k")
    }
    weights = SampleForm(weights_key="k").texts_of(exact).weights
    assert weights is not None
    assert weights.tolist() == [1 / 3, 0.1, 1 - 1 / 3 - 0.1]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"json": b"{"}, "json that cannot be read"),
        ({"json": b'{"width": 8}'}, "has no caption: it has jpg, json"),
        ({"txt": b"  "}, "has no caption"),
        ({"txt": b"\xff\xfe\x00"}, "txt that is no text"),
        ({"json": b'{"captions": [["a", "b"], "c"]}'}, "captions that cannot be read"),
        ({"json": captions_json("a", "b", weights=[1.0])}, "do not fit: 1 for 2 captions"),
        ({"json": captions_json("a", "b", weights="x")}, "do not fit"),
        ({"json": captions_json("a", "b", weights=[-1.0, 2.0])}, "weights that are none"),
        ({"json": captions_json("a", "b", weights=[0, 0])}, "weights that are none"),
    ],
)
def test_a_sample_that_says_nothing_usable(files: dict[str, bytes], message: str) -> None:
    with pytest.raises(BadSampleError, match=message):
        SampleForm().texts_of({**PICTURE, **files})


def test_the_image_is_found_or_named() -> None:
    assert SampleForm().image_of({"json": b"", "b2.png": b""}) == "b2.png"
    assert SampleForm("seg.png").image_of({"jpg": b"", "seg.png": b""}) == "seg.png"
    with pytest.raises(BadSampleError, match=r"several images \(jpg, seg.png\)"):
        SampleForm().image_of({"jpg": b"", "seg.png": b""})
    with pytest.raises(BadSampleError, match="has no image: it has txt"):
        SampleForm().image_of({"txt": b"", "__key__": "a"})


def test_pictures_and_arrays_are_decoded_and_nothing_is_unpickled() -> None:
    assert np.array_equal(decode("jpg", jpeg(7)), np.full((6, 8, 3), 7, np.uint8))
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert np.array_equal(decode("s2.npy", npy(array)), array)
    for content in (b"", npy(np.zeros(3)), npy(np.array([{"a": 1}], object))):
        with pytest.raises(BadImageError):
            decode("npy", content)


def npy(array: "np.typing.NDArray[np.generic]") -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_json_that_is_only_a_text() -> None:
    assert SampleForm().texts_of({"json": json.dumps("a river").encode()}).captions == ("a river",)
