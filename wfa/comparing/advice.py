"""The guidelines of one data set, from its scores, tests and costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wfa.comparing import guidelines
from wfa.comparing.cell_results import Gathered, Runs
from wfa.comparing.cost import epochs_to, slower_than, text_bytes
from wfa.comparing.guidelines import Ranked
from wfa.comparing.image_scores import MAIN, Kind, contributions
from wfa.comparing.result_rows import captions_an_image
from wfa.comparing.settings import Request
from wfa.comparing.technique_pairs import Pair, all_pairs
from wfa.retrieval.retrieval_options import QUERIES

Values = dict[str, Any]
_IMAGE_TO_TEXT = (1,)
PLAIN = "single"


def ranked(runs: Runs, pairs: Sequence[Pair]) -> Ranked:
    """Put techniques in order by mR."""
    values = {
        label: [float(contributions(scores).mean()) for scores in of.values()]
        for label, of in runs.items()
    }
    return Ranked(
        means={label: float(np.mean(of)) for label, of in values.items()},
        spread={
            label: float(np.std(of, ddof=1)) if len(of) > 1 else None
            for label, of in values.items()
        },
        pairs=pairs,
    )


def advise(
    request: Request,
    one: Gathered,
    means: Mapping[Kind, Ranked],
    costs: Mapping[str, Values],
    target: float,
    speeds: Mapping[str, Values],
) -> list[Values]:
    """Answer the questions that people come with; there is nothing to say of a single technique.

    Args:
        request: The comparison.
        one: The finished cells of one data set.
        means: (protocol, queries) -> techniques by mR.
        costs: Label -> cost of a typical run.
        target: Validation mR whose cost is compared.
        speeds: Label -> when it is reached.

    Returns:
        Guidelines with `question`, `answer` and the `rows` that back it.
    """
    if len(one.labels) < 2:
        return []
    main = {queries: means[MAIN, queries] for queries in QUERIES if (MAIN, queries) in means}
    found = [
        guidelines.best_for(queries, protocol, of)
        for (protocol, queries), of in means.items()
        if protocol != "unique_query"
    ]
    found += [_per_second(request, one, costs, queries, of) for queries, of in main.items()]
    found.append(_quickest(request, one, target, speeds))
    found += _per_byte(request, one, main)
    plain = next((cell.label for cell in one.cells if cell.config.aggregation.name == PLAIN), None)
    if plain is not None and main:
        found.append(guidelines.sampling_is_enough(plain, main))
    return found


def _per_second(
    request: Request, one: Gathered, costs: Mapping[str, Values], queries: str, of: Ranked
) -> Values:
    level = [of.best, *of.level_with(of.best)]
    seconds = {label: float(costs[label]["train_seconds"]) for label in level}
    quick = min(level, key=lambda label: seconds[label])
    runs = {
        label: {seed: float(cost["train_seconds"]) for seed, cost in one.costs[label].items()}
        for label in level
    }
    p_values = slower_than(runs, quick)
    return guidelines.best_per_second(of, seconds, p_values, queries, request.alpha)


def _quickest(
    request: Request, one: Gathered, target: float, speeds: Mapping[str, Values]
) -> Values:
    sure = [label for label, speed in speeds.items() if speed["reached"] == speed["runs"]]
    fastest = min(sure, key=lambda label: float(speeds[label]["epochs"]), default=None)
    if fastest is None:
        return guidelines.quickest_to_target(target, speeds, {}, None, request.alpha)
    courses = {label: one.courses[label] for label in sure}
    p_values = slower_than(epochs_to(courses, target), fastest)
    return guidelines.quickest_to_target(target, speeds, p_values, fastest, request.alpha)


def _per_byte(request: Request, one: Gathered, main: Mapping[str, Ranked]) -> list[Values]:
    """Hold the two ways to keep texts in an index against each other, for the best technique."""
    if len(main) < len(QUERIES):
        return []
    best = main["aggregated"].best
    if best not in one.probes:
        return []
    ways: Runs = {queries: one.scores[MAIN, queries][best] for queries in QUERIES}
    pairs = all_pairs(ways, request.alpha, parts=_IMAGE_TO_TEXT)
    rates = {
        queries: float(np.mean([contributions(s, _IMAGE_TO_TEXT).mean() for s in of.values()]))
        for queries, of in ways.items()
    }
    cell = next(cell for cell in one.cells if cell.label == best)
    captions = captions_an_image(one.runs[cell], request.split)
    width = int(one.probes[best]["width"])
    bytes_of = {queries: text_bytes(captions, width, queries) for queries in QUERIES}
    return [
        guidelines.best_per_byte(
            best, rates["single"], rates["aggregated"], bytes_of, pairs[0] if pairs else None
        )
    ]
