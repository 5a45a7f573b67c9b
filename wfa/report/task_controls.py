"""What answers are compared with, as tables: a lenient reading, and answers without the image."""

from collections.abc import Mapping
from typing import Any

from wfa.tables import DASH, Number, Table, count
from wfa.tasks.controls.above_controls import ALPHA

_CONTROLS = ("majority", "prior", "blind", "shuffled")
_NAMES = {"figures": "answers", "generated": "generated"}
_MAIN = ("accuracy", "mIoU")
_EXAMPLES = 6
"""Answers that were not parsed, as they are shown."""


def lenient_tables(content: Mapping[str, Any]) -> list[Table]:
    """Return the figures by both rules, where the strict one does not take every answer."""
    lenient = {(one["task"], one["metric"]): one for one in content.get("lenient", ())}
    rows = [
        (one["task"], one["metric"], _percent(one["value"]), _percent(other["value"]),
         count(one["unparsed"]), count(other["unparsed"]))
        for one in content["figures"]
        if one["unparsed"] and one["metric"] in _MAIN
        and (other := lenient.get((one["task"], one["metric"])))
    ]  # fmt: skip
    header = ("task", "metric", "strict", "lenient", "unparsed, strict", "unparsed, lenient")
    caption = "the official rule is the strict one"
    return [Table(header, tuple(rows), caption)] if rows else []


def lenient_notes(content: Mapping[str, Any]) -> list[str]:
    """Return examples of answers that the strict rule does not take."""
    found = content.get("not_parsed", ())
    notes = [
        f"not parsed: ID {one['ID']} ({one['task']}): {one['output']!r}, "
        + (f"leniently {one['lenient']!r}" if one["lenient"] is not None else "leniently neither")
        for one in found[:_EXAMPLES]
    ]
    more = len(found) - len(notes)
    return [*notes, *([f"{more} more examples are in scores.json"] if more > 0 else [])]


def control_tables(content: Mapping[str, Any]) -> list[Table]:
    """Return for each of a run's answers a table of its tasks beside their controls."""
    controls = content.get("controls", {})
    names = dict.fromkeys(row["answers"] for row in controls.get("seen", ()))
    return [_control_table(name, controls) for name in names]


def control_notes(content: Mapping[str, Any]) -> list[str]:
    """Return what the controls are, and why one is not there."""
    controls = content.get("controls", {})
    notes = [f"{name}: {what}" for name, what in controls.get("methods", {}).items()]
    left_out = controls.get("left_out", {})
    notes += [f"{name} could not be computed: {why}" for name, why in left_out.items()]
    if controls.get("seen"):
        notes.append(
            "seen: better than every control, p < 0.05 in a paired randomisation test over "
            "patches, corrected by Holm over the tasks"
        )
    return notes


def _control_table(name: str, controls: Mapping[str, Any]) -> Table:
    own = [row for row in controls["seen"] if row["answers"] == name]
    value = {
        (one["control"], one["task"], one["metric"]): one["value"]
        for one in controls["figures"]
        if one["of"] in ("", name)
    }
    there = [one for one in _CONTROLS if any(key[0] == one for key in value)]
    rows = tuple(
        (row["task"], _percent(row["value"]),
         *(_percent(value.get((one, row["task"], row["metric"]))) for one in there),
         Number(f"{row['p']:.3f}", row["p"]), _verdict(row))
        for row in own
    )  # fmt: skip
    header = ("task", _NAMES.get(name, name), *there, "p", "seen")
    caption = "beside answers that do not know the image: accuracy, mIoU, concept F1 in percent"
    return Table(header, rows, caption)


def _verdict(row: Mapping[str, Any]) -> str:
    if row["seen"]:
        return "yes"
    if row.get("smallest_p", 0.0) < ALPHA:
        return "no"
    count = row["patches"]
    return f"{count} patch{'' if count == 1 else 'es'} cannot show it"


def _percent(value: float | None) -> Number:
    return Number(DASH, None) if value is None else Number(f"{100 * value:.2f}", value)
