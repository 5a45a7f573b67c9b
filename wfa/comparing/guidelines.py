"""Sentences that answer a person's questions, each with the rows that back it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wfa.comparing.technique_pairs import Pair

NONE = "no measurable difference"


@dataclass(frozen=True)
class Ranked:
    """Techniques by one score, with what was tested about them.

    Attributes:
        means: Label -> mean over seeds, a fraction.
        spread: Label -> standard deviation over seeds; None with one seed.
        pairs: Every pair, tested.
    """

    means: Mapping[str, float]
    spread: Mapping[str, float | None]
    pairs: Sequence[Pair]

    @property
    def best(self) -> str:
        """The label with the highest mean."""
        return max(self.means, key=lambda label: self.means[label])

    def level_with(self, label: str) -> list[str]:
        """Return the others that `label` does not measurably differ from, best first."""
        apart = {
            other
            for pair in self.pairs
            if pair.measurable and label in (pair.one, pair.other)
            for other in (pair.one, pair.other)
        }
        level = [other for other in self.means if other != label and other not in apart]
        return sorted(level, key=lambda other: -self.means[other])

    def better_than(self, label: str) -> list[str]:
        """Return the others that are measurably better than `label`, best first."""
        found = [pair.one for pair in self.pairs if pair.measurable and pair.other == label]
        return sorted(found, key=lambda other: -self.means[other])

    def said(self, label: str) -> str:
        """Write a label with its mean and spread in percent."""
        spread = self.spread[label]
        beside = "" if spread is None else f" ± {100 * spread:.1f}"
        return f"`{label}` ({100 * self.means[label]:.1f}{beside})"


def guideline(question: str, answer: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Make one guideline: what is asked, what is answered, and the rows that show it."""
    return {"question": question, "answer": answer, "rows": [dict(row) for row in rows]}


def best_for(queries: str, protocol: str, ranked: Ranked) -> dict[str, Any]:
    """Say which technique is best for a kind of query."""
    question = f"Best for {_words(queries)} ({protocol.replace('_', '-')})?"
    best, level = ranked.best, ranked.level_with(ranked.best)
    worse = [label for label in ranked.means if label != best and label not in level]
    worse.sort(key=lambda label: -ranked.means[label])
    if not worse:
        answer = (
            f"There is {NONE} between the {len(ranked.means)} techniques; {ranked.said(best)} has "
            "the highest mean mR."
        )
    elif level:
        answer = (
            f"{ranked.said(best)} has the highest mean mR. It is measurably better than "
            f"{_listed(worse)}; to {_listed(level)} there is {NONE}."
        )
    else:
        answer = f"{ranked.said(best)}: measurably better in mR than every other technique."
    rows = [pair.as_dict() for pair in ranked.pairs if best in (pair.one, pair.other)]
    return guideline(question, answer, rows)


def best_per_second(
    ranked: Ranked,
    seconds: Mapping[str, float],
    p_values: Mapping[str, float],
    queries: str,
    alpha: float,
) -> dict[str, Any]:
    """Say which of the techniques that are level with the best trains in the least time.

    Args:
        ranked: Techniques by mR.
        seconds: Label -> seconds of a typical run, of those that are level with the best.
        p_values: Label -> p-value of its seconds against those of the quickest.
        queries: The kind of query.
        alpha: Level.
    """
    quick = min(seconds, key=lambda label: seconds[label])
    as_quick = [label for label in seconds if label != quick and p_values[label] > alpha]
    time = f"`{quick}` trains fastest, {seconds[quick]:.1f} s a run"
    if len(seconds) == 1:
        answer = f"`{quick}`, which nothing else matches in mR: {seconds[quick]:.1f} s a run."
    elif as_quick:
        answer = f"{_level(len(seconds))} {time}; to {_listed(as_quick)} there is {NONE} in time."
    else:
        answer = f"{_level(len(seconds))} {time}, and measurably so."
    rows = [
        {
            "technique": label,
            "mR": ranked.means[label],
            "train_seconds": seconds[label],
            "p_holm_of_time": p_values.get(label),
        }
        for label in sorted(seconds, key=lambda label: seconds[label])
    ]
    return guideline(f"Best per second, {_words(queries)}?", answer, rows)


def quickest_to_target(
    target: float,
    speeds: Mapping[str, Mapping[str, Any]],
    p_values: Mapping[str, float],
    fastest: str | None,
    alpha: float,
) -> dict[str, Any]:
    """Say which technique needs the fewest epochs to a validation mR.

    Args:
        target: The validation mR.
        speeds: Label -> when it is reached.
        p_values: Of the others that reach it with every seed, against the fastest.
        fastest: The label; None where none reaches it with every seed.
        alpha: Level.
    """
    question = f"First to a validation mR of {100 * target:.1f}?"
    rows = [{"technique": label, **speed} for label, speed in speeds.items()]
    if fastest is None:
        return guideline(question, "No technique reached it with every seed.", rows)
    own = speeds[fastest]
    parts = [f"`{fastest}`, after {own['epochs']:.1f} epochs and {own['seconds']:.1f} s on average"]
    level = [label for label, p in p_values.items() if p > alpha]
    slower = [label for label in p_values if label not in level]
    short = [label for label in speeds if label != fastest and label not in p_values]
    if level:
        parts.append(f"to {_listed(level)} there is {NONE} in epochs")
    if slower:
        parts.append(f"{_listed(slower)} {_need(slower)} measurably more epochs")
    if short:
        parts.append(f"{_listed(short)} did not reach it with every seed")
    return guideline(question, f"{'; '.join(parts)}.", rows)


def best_per_byte(
    best: str, single: float, aggregated: float, bytes_of: Mapping[str, float], pair: Pair | None
) -> dict[str, Any]:
    """Say how texts are best kept in an index: every caption, or one aggregated text an image.

    Args:
        best: The technique whose index it is.
        single: Image-to-text mean hit rate where every caption is a vector.
        aggregated: Where each image has one aggregated vector.
        bytes_of: Kind of query -> bytes an image of text vectors.
        pair: The test between both; None where there is none.
    """
    ratio = bytes_of["single"] / bytes_of["aggregated"]
    start = (
        f"With `{best}`, one aggregated text vector an image takes {bytes_of['aggregated']:,.0f} "
        f"bytes, every caption {bytes_of['single']:,.0f} ({ratio:.1f} times as much)"
    )
    numbers = f"image-to-text {100 * aggregated:.1f} against {100 * single:.1f}"
    if pair is None or not pair.measurable:
        answer = f"{start}, and there is {NONE}: {numbers}. Keep the aggregated vectors."
    elif aggregated > single:
        answer = f"{start}, and is measurably better: {numbers}. Keep the aggregated vectors."
    else:
        answer = (
            f"{start}, but is measurably worse: {numbers}. Keep aggregated vectors only where the "
            "bytes matter more."
        )
    rows = [
        {"texts": "every caption", "bytes_an_image": bytes_of["single"], "image_to_text": single},
        {"texts": "aggregated", "bytes_an_image": bytes_of["aggregated"],
         "image_to_text": aggregated},
        *([pair.as_dict()] if pair else []),
    ]  # fmt: skip
    return guideline("Best per byte of index?", answer, rows)


def sampling_is_enough(plain: str, ranked: Mapping[str, Ranked]) -> dict[str, Any]:
    """Say for which queries plain sampling of one caption a step is as good as anything."""
    parts, rows = [], []
    for queries, one in ranked.items():
        better = one.better_than(plain)
        rows += [pair.as_dict() for pair in one.pairs if plain in (pair.one, pair.other)]
        if better:
            parts.append(f"for {_words(queries)} it is not: {_listed(better)} "
                         f"{'is' if len(better) == 1 else 'are'} measurably better")  # fmt: skip
        else:
            parts.append(
                f"for {_words(queries)} it is: no technique is measurably better than "
                f"{one.said(plain)}"
            )
    answer = "; ".join(parts)
    return guideline("Is plain sampling enough?", f"{answer[0].upper()}{answer[1:]}.", rows)


def _words(queries: str) -> str:
    return "single-caption queries" if queries == "single" else "aggregated queries"


def _level(count: int) -> str:
    return f"Among the best and those that show {NONE} to it ({count}),"


def _need(labels: Sequence[str]) -> str:
    return "needs" if len(labels) == 1 else "need"


def _listed(labels: Sequence[str]) -> str:
    quoted = [f"`{label}`" for label in labels]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
