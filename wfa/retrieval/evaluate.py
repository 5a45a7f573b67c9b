"""Evaluate embeddings under every protocol: the one place that training and commands both call."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from wfa.errors import check_known
from wfa.retrieval.counts import CHUNK
from wfa.retrieval.embeddings import Embeddings
from wfa.retrieval.metrics import KS, MetricRow, Ranked, mean_of_rates, summarise
from wfa.retrieval.oracle import oracle_rankings
from wfa.retrieval.protocols import (
    BOTH,
    IMAGE_TO_TEXT,
    TEXT_TO_IMAGE,
    count_kind,
    image_to_text_ids,
    is_defined,
    rank_image_to_text,
    rank_text_to_image,
)
from wfa.retrieval.ranks import SCHEMA, rank_table
from wfa.retrieval.retrieval_options import PROTOCOLS, QUERIES, REPORTED, check_ks
from wfa.retrieval.ties import WORST


@dataclass(frozen=True, eq=False)
class RetrievalResult:
    """What an evaluation found.

    Attributes:
        rows: The rows of `metrics.json` under both rules of ties, the oracle rows of a protocol
            behind its measured ones.
        ranks: One row a query, with the columns of `wfa.retrieval.ranks.SCHEMA`.
    """

    rows: list[MetricRow]
    ranks: pa.Table


def evaluate_retrieval(
    embeddings: Embeddings,
    data: str,
    split: str,
    protocols: Sequence[str] = PROTOCOLS,
    queries: Sequence[str] = QUERIES,
    ks: Sequence[int] = KS,
    chunk: int = CHUNK,
) -> RetrievalResult:
    """Measure retrieval in both directions; `wfa.retrieval.protocols` defines every row.

    Args:
        embeddings: Features of the split.
        data: The data set's name, for the rows.
        split: The split's name, for the rows.
        protocols: Which protocols. `unique_query` gives no rows for aggregated queries.
        queries: Which kinds of query.
        ks: The K of R@K, each at least 1.
        chunk: Images scored at once; bounds the memory and changes no result.

    Raises:
        ConfigError: A protocol, kind of query, K or chunk is not known or not positive.
    """
    check_known("protocol", protocols, PROTOCOLS)
    check_known("kind of queries", queries, QUERIES)
    check_ks(ks)
    counted = {kind: count_kind(embeddings, kind, chunk) for kind in queries}
    rows: list[MetricRow] = []
    tables: list[pa.Table] = []
    for protocol in protocols:
        for kind in queries:
            if not is_defined(protocol, kind):
                continue
            labels = (data, split, protocol, kind)
            texts = counted[kind].texts
            to_image = rank_text_to_image(protocol, counted[kind])
            to_text = rank_image_to_text(protocol, counted[kind])
            best = oracle_rankings(protocol, texts)
            for ties in REPORTED:
                rows += _rows(labels, (to_image.ranking, to_text.ranking), ks, ties, oracle=False)
                rows += _rows(labels, best, ks, ties, oracle=True)
            text_ids = [texts.names[row] for row in to_image.rows.tolist()]
            image_ids = image_to_text_ids(embeddings.image_names, to_text.rows)
            tables += [
                rank_table(*labels[1:], TEXT_TO_IMAGE, text_ids, to_image.ranking),
                rank_table(*labels[1:], IMAGE_TO_TEXT, image_ids, to_text.ranking),
            ]
    return RetrievalResult(rows, pa.concat_tables(tables) if tables else SCHEMA.empty_table())


def mean_recall(
    embeddings: Embeddings,
    queries: str = "single",
    ties: str = WORST,
    protocol: str = "strict",
    ks: Sequence[int] = KS,
) -> dict[str, float]:
    """Measure retrieval under one protocol, by default strict as validation during training has it.

    Args:
        embeddings: Features of the split.
        queries: `single` or `aggregated`.
        ties: The rule of ties.
        protocol: The protocol; `unique_query` knows single queries only.
        ks: The K of R@K.

    Returns:
        `text_to_image/R@1` and so on, `image_to_text/...`, and `mR`; MedR and mAP too.

    Raises:
        ConfigError: The kind of query or the rule of ties is not known.
    """
    check_known("kind of queries", [queries], QUERIES)
    counted = count_kind(embeddings, queries)
    to_image = summarise(rank_text_to_image(protocol, counted).ranking, ks, ties)
    to_text = summarise(rank_image_to_text(protocol, counted).ranking, ks, ties)
    return {
        **{f"{TEXT_TO_IMAGE}/{name}": value for name, value in to_image.items()},
        **{f"{IMAGE_TO_TEXT}/{name}": value for name, value in to_text.items()},
        "mR": mean_of_rates(to_image, to_text),
    }


def _rows(
    labels: tuple[str, str, str, str],
    rankings: tuple[Ranked, Ranked],
    ks: Sequence[int],
    ties: str,
    *,
    oracle: bool,
) -> list[MetricRow]:
    to_image, to_text = (summarise(ranking, ks, ties) for ranking in rankings)
    by_direction = {
        TEXT_TO_IMAGE: to_image,
        IMAGE_TO_TEXT: to_text,
        BOTH: {"mR": mean_of_rates(to_image, to_text)},
    }
    return [
        MetricRow(*labels, direction, metric, value, ties, oracle)
        for direction, values in by_direction.items()
        for metric, value in values.items()
    ]
