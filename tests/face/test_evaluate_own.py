"""`wfa.evaluate` on features of one's own: every protocol, and each trap is refused."""

from typing import Any

import pytest
import torch

import wfa
from tests.face.three_images import CAPTIONS, INDEX, WIDTH, features, refused


def test_rates_of_own_features_under_every_protocol() -> None:
    images, pool = features(3, seed=1), wfa.aggregation.Uniqueness()

    table = wfa.evaluate(images, features(), INDEX, CAPTIONS, aggregate=pool)
    frame = table.to_pandas()

    kinds = set(zip(frame["protocol"], frame["queries"], frame["ties"], frame["row"], strict=True))
    assert len(kinds) == len(frame) == 5 * 2 * 2
    assert {"strict", "duplicate_aware", "unique_query"} == set(frame["protocol"])
    assert pool.training
    measured = frame[(frame["row"] == "measured") & (frame["ties"] == "worst")]
    metric = wfa.metrics.CaptionRetrieval()
    metric.update(images, features(), INDEX, CAPTIONS)
    assert measured["mR"].iloc[0] == pytest.approx(metric.compute()["mR"].item())
    assert table.to_markdown().count("\n") == len(frame) + 2
    assert table.to_latex().startswith(r"\begin{tabular}")


def test_aggregated_features_do_for_a_technique_and_texts_may_be_flat() -> None:
    images, weights = features(3, seed=1), wfa.caption_weights(CAPTIONS)
    texts = wfa.aggregation.Uniqueness()(features(), INDEX, weights).text_features
    flat = [text for own in CAPTIONS for text in own]
    ours = wfa.evaluate(images, features(), INDEX, CAPTIONS, wfa.aggregation.Uniqueness())
    assert wfa.evaluate(images, features(), INDEX, flat, texts).rows == ours.rows


def test_without_texts_the_strict_protocol_is_measured() -> None:
    frame = wfa.evaluate(torch.eye(3), torch.eye(3)[INDEX], INDEX, ks=(1,)).to_pandas()
    assert set(frame["protocol"]) == {"strict"}
    assert set(frame["T2I R@1"]) == set(frame["I2T R@1"]) == {1.0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image_index": [1, 1, 1, 0, 0, 2]}, "must ascend"),
        ({"protocols": ["duplicate_aware"]}, "need the captions' texts"),
        (
            {"protocols": ["loose"], "captions": CAPTIONS},
            "no protocol 'loose'; known: strict, ",
        ),
        ({"protocols": ["stric"], "captions": CAPTIONS}, "did you mean 'strict'"),
        ({"aggregate": torch.ones(2, WIDTH)}, "aggregated has 2 images"),
        ({"aggregate": wfa.aggregation.Uniqueness()}, "weighs by the text"),
        ({"aggregate": wfa.aggregation.Attention(width=4)}, "its width must be 4"),
        ({"ks": ()}, "K of at least 1"),
        ({"ks": 5}, "K of at least 1"),
        ({"ks": "15"}, "K of at least 1"),
        ({"ks": (1.5,)}, "K of at least 1"),
        ({"aggregate": "uniqueness"}, r"such as wfa\.aggregation\.Uniqueness\(\)"),
        ({"image_features": torch.zeros(3, WIDTH)}, "image_features .* of length 0.* row 0"),
    ],
)
def test_traps_of_evaluation_are_refused(given: dict[str, Any], message: str) -> None:
    with refused(message):
        wfa.evaluate(**{"image_features": features(3), "caption_features": features(),
                        "image_index": INDEX, **given})  # fmt: skip
