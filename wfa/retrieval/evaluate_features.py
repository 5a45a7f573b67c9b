"""Retrieval of features that somebody else computed, as a small table."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from wfa.aggregation.base import Aggregation
from wfa.errors import ArgumentError
from wfa.retrieval.evaluate import evaluate_retrieval
from wfa.retrieval.metrics import KS, MetricRow
from wfa.retrieval.own_features import Captions, checked_features, embeddings_of, ids_of
from wfa.retrieval.protocols import BOTH, IMAGE_TO_TEXT, TEXT_TO_IMAGE
from wfa.retrieval.retrieval_options import PROTOCOLS
from wfa.tables import Cell, Number, Table

_DIRECTIONS = {TEXT_TO_IMAGE: "T2I ", IMAGE_TO_TEXT: "I2T ", BOTH: ""}


def evaluate(
    image_features: Any,
    caption_features: Any,
    image_index: Any,
    captions: Captions | None = None,
    aggregate: Aggregation | Tensor | None = None,
    *,
    protocols: Sequence[str] | None = None,
    ks: Sequence[int] = KS,
) -> Table:
    """Measure retrieval of any model's features, both ways, under every protocol and rule of ties.

    `wfa.retrieval.protocols` defines every figure. Rows behind the measured ones are oracles: the
    best that any model could reach, for equal captions of different images cannot be told apart.

    Args:
        image_features: (B, D) floating, any length.
        caption_features: (N, D) floating, any length.
        image_index: (N,) integers ascending from 0, caption -> image.
        captions: Texts of each image, or of all N captions in order, which tell equal captions;
            without them only the strict protocol is measured, as if all differed.
        aggregate: A technique of `wfa.aggregation`, or (B, D) features of one text an image: asks
            with one aggregated text an image too.
        protocols: Which of strict, duplicate_aware and unique_query; None for all.
        ks: The K of R@K.

    Returns:
        A row for each protocol, kind of query, rule of ties, measured or oracle: columns `T2I R@1`
        .. `I2T mAP` and `mR`, fractions shown in percent; MedR is a rank. `.to_pandas()`,
        `.to_markdown()`, `.to_latex()` and `.to_csv()` write it.

    Raises:
        ArgumentError: A shape, width, order, device or value does not fit, or a protocol needs
            the captions' texts.
        ConfigError: A protocol is not known, or a K is below 1.

    >>> import torch, wfa
    >>> captions = [["a road", "a grey road"], ["a road"]]
    >>> table = wfa.evaluate(torch.eye(3)[:2], torch.eye(3)[[0, 0, 0]], [0, 0, 1], captions)
    >>> frame = table.to_pandas().query("ties == 'worst' and row == 'measured'")
    >>> frame[["protocol", "T2I R@1"]].round(2).values.tolist()
    [['strict', 0.67], ['duplicate_aware', 1.0], ['unique_query', 1.0]]
    """
    if isinstance(aggregate, str | type):
        raise ArgumentError(
            f"aggregate={aggregate!r} must be a technique such as wfa.aggregation.Uniqueness(), or "
            "features (B, D) of one text an image"
        )
    texts = None if aggregate is None or isinstance(aggregate, Aggregation) else aggregate
    found = checked_features(image_features, caption_features, image_index, texts)
    counts = found.counts.tolist()
    if captions is None and set(protocols or ()) - {"strict"}:
        raise ArgumentError(
            f"protocols={tuple(protocols or ())} need the captions' texts: captions="
        )
    ids = ids_of(captions, counts)
    if isinstance(aggregate, Aggregation):
        index = torch.repeat_interleave(found.counts)
        weights = _prior(aggregate, captions, counts)
        found = found._replace(aggregated=_aggregated(aggregate, found.captions, index, weights))
    rows = evaluate_retrieval(
        embeddings_of(found, ids),
        "",
        "",
        protocols or (PROTOCOLS if captions is not None else ("strict",)),
        ("single", "aggregated") if len(found.aggregated) else ("single",),
        ks,
    ).rows
    return _table(rows)


def _prior(aggregate: Aggregation, captions: Captions | None, counts: Sequence[int]) -> Any:
    """Return the weights that a technique gives texts; None where it weighs by features alone."""
    if not aggregate.weighs_text:
        return None
    if captions is None or isinstance(captions, Tensor):
        raise ArgumentError(f"{type(aggregate).__name__} weighs by the text: give captions=")
    if isinstance(captions[0], str):
        left = iter(captions)
        captions = [[str(next(left)) for _ in range(count)] for count in counts]
    return aggregate.prior_weights(aggregate.options, captions)


@torch.no_grad()
def _aggregated(aggregate: Aggregation, captions: Tensor, index: Tensor, weights: Any) -> Tensor:
    """Aggregate as a query is: nothing drawn or dropped, without the image."""
    training = aggregate.training
    try:
        found: Tensor = aggregate.eval()(captions, index, weights).text_features
    finally:
        aggregate.train(training)
    return found


def _table(rows: Sequence[MetricRow]) -> Table:
    def name(row: MetricRow) -> tuple[str, ...]:
        return row.protocol, row.queries, row.ties, "oracle" if row.oracle else "measured"

    records: list[dict[str, Cell]] = []
    for names, own in groupby(rows, name):
        record: dict[str, Cell] = dict(
            zip(("protocol", "queries", "ties", "row"), names, strict=True)
        )
        for row in own:
            record[_DIRECTIONS[row.direction] + row.metric] = _shown(row)
        records.append(record)
    table = Table.from_records(records)
    faint = frozenset(place for place, record in enumerate(records) if record["row"] == "oracle")
    return Table(table.header, table.rows, table.title, table.labels, faint)


def _shown(row: MetricRow) -> Number:
    scaled = row.value if row.metric == "MedR" else 100 * row.value
    return Number(f"{scaled:.1f}", row.value)
