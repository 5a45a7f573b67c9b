"""Sections on what a run was and what it took: settings, cost, provenance."""

from collections.abc import Mapping
from typing import Any

from wfa.report.elements import (
    code,
    count,
    duration,
    facts,
    fold_away,
    note,
    section,
    share,
    table,
)
from wfa.report.markup import Child, Markup, tag
from wfa.report.quality import chance
from wfa.report.result import RunResult
from wfa.report.scores import DASH

PLUGINS = ("data", "aggregation", "encoder", "loss", "model")
FEW_IMAGES = 50
"""Below so many images a split's R@10 is high by chance."""
_PHASES = ("prepare", "fit", "evaluate")


def settings(run: RunResult, prefix: str) -> Markup:
    """Show the config, section by section."""
    named = [(name, run.choice(name)) for name in PLUGINS]
    blocks = [
        tag("div", tag("h4", name), facts(_options(values)), class_="card")
        for name, values in run.config.items()
        if isinstance(values, Mapping) and _options(values)
    ]
    return section(f"{prefix}-settings", "Settings", facts(named),
                   fold_away("All options", tag("div", *blocks, class_="cards")))  # fmt: skip


def cost(run: RunResult, prefix: str) -> Markup:
    """Show where the time went, and how fast training was."""
    seconds = {name: run.number("seconds", name) for name in (*_PHASES, "total")}
    total = seconds["total"] or sum(value or 0.0 for value in seconds.values())
    bar = [
        tag("i", style=f"flex-grow:{(seconds[name] or 0.0) / total:.4f}", class_=f"s{place}")
        for place, name in enumerate(_PHASES)
        if total
    ]
    legend = [
        tag("span", tag("i", class_=f"swatch s{place}"), f"{name} {duration(seconds[name])}")
        for place, name in enumerate(_PHASES)
        if seconds[name] is not None
    ]
    return section(
        f"{prefix}-cost", "Cost",
        tag("div", tag("div", *bar, class_="stack"), tag("div", *legend, class_="legend")),
        facts([("total", duration(seconds["total"])), *_speed(run)]),
        note("Text tokens are compared with a stock text tower that encodes every caption at its "
             "full context length.") if run.number("throughput", "text_tokens_share") else None,
    )  # fmt: skip


def provenance(run: RunResult, prefix: str) -> Markup:
    """Show what the result rests on, and the command that repeats it."""
    dirty = run.look("git", "dirty")
    state = " with uncommitted changes" if dirty else ""
    commit = run.look("git", "commit")
    pairs: list[tuple[str, Child]] = [
        ("config", code(run.look("config_id"))),
        ("commit", _commit(commit, state)),
        ("seed", _text(run.look("seed"))),
        ("device", _text(run.look("device"))),
        ("machine", _machine(run)),
        ("folder", code(run.folder.name)),
    ]
    versions = ", ".join(f"{k} {v}" for k, v in run.info["versions"].items())
    return section(
        f"{prefix}-provenance", "Provenance", facts(pairs), _splits(run),
        tag("p", "The same run again: ", code("wfa train --config-file config.yaml")),
        fold_away("Versions", tag("p", versions)),
    )  # fmt: skip


def _commit(commit: Any, state: str) -> Child:
    return tag("span", code(str(commit)[:12]), state) if commit else None


def _speed(run: RunResult) -> list[tuple[str, Child]]:
    def rate(key: str) -> str:
        value = run.number("throughput", key)
        return DASH if value is None else f"{value:,.0f} /s"

    parameters = run.number("parameters", "total"), run.number("parameters", "trainable")
    trained = DASH if None in parameters else f"{count(parameters[1])} of {count(parameters[0])}"
    return [
        ("images", rate("images_per_second")),
        ("captions", rate("captions_per_second")),
        ("texts encoded a caption", _decimal(run.number("throughput", "texts_per_caption"))),
        ("text tokens computed", share(run.number("throughput", "text_tokens_share"))),
        ("waiting for data", share(run.number("throughput", "data_wait_share"))),
        ("parameters trained", trained),
    ]


def _splits(run: RunResult) -> Markup:
    splits = run.look("data", "splits", default={})
    rows = [
        (name, *(count(run.number("data", "splits", name, key))
                 for key in ("images", "captions", "skipped")),
         code(str(run.look("data", "splits", name, "checksum", default=DASH))[:16]))
        for name in splits
    ]  # fmt: skip
    return table(("split", "images", "captions", "skipped", "checksum"), rows)


def _machine(run: RunResult) -> str:
    cores = run.number("machine", "cores")
    parts = [_text(run.look("machine", key)) for key in ("processor", "system")]
    parts.append(DASH if cores is None else f"{cores:.0f} cores")
    return ", ".join(part for part in parts if part != DASH) or DASH


def _options(values: Mapping[str, Any]) -> list[tuple[str, Child]]:
    return [(key, _text(value)) for key, value in values.items() if key != "name"]


def _text(value: Any) -> str:
    if value is None or value in ("", []):
        return DASH
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decimal(value: float | None) -> str:
    return DASH if value is None else f"{value:.2f}"


def left_out(run: Mapping[str, Any]) -> list[str]:
    """Say how many images and annotations of each split were left out; nothing where none were.

    Args:
        run: A run.json.
    """
    splits = run["data"]["splits"].items()
    images = [
        f"{facts['skipped']} of {facts['skipped'] + facts['images']} images of {name}"
        for name, facts in splits
        if facts["skipped"]
    ]
    rows = [
        f"{facts['skipped_rows']} rows of {name} that do not parse"
        for name, facts in splits
        if facts.get("skipped_rows")
    ]
    return images + rows


def few_images(facts: Mapping[str, Any]) -> str:
    """Say which measured splits are so small that R@10 is high by chance; empty where none is.

    Args:
        facts: A run.json or an evaluation.json.
    """
    splits = facts["data"]["splits"]
    return guessed({name: one["images"] for name, one in splits.items() if name != "train"})


def guessed(counts: Mapping[str, int]) -> str:
    """Say what R@10 guessing reaches where images are few; empty where none are.

    Args:
        counts: What was measured -> its images.
    """
    small = [
        f"{share(chance(10, images))} on {name} ({images} image{'s' * (images != 1)})"
        for name, images in counts.items()
        if 0 < images < FEW_IMAGES
    ]
    return f"guessing reaches an R@10 of {', '.join(small)}" if small else ""
