"""The README.md of an export: what it is, how it is loaded, how good it is, under which terms."""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from wfa import __version__
from wfa.exports.export_source import Source, Written
from wfa.json_files import read_json
from wfa.options.recipes import to_yaml
from wfa.plugins import registry
from wfa.report.retrieval_tables import split_tables
from wfa.report.scores import parse_rows, shown_lines
from wfa.runs.run_folder import RunFolder

CARD = "README.md"


def card(source: Source, written: Written, files: Mapping[str, str], licence: str = "") -> str:
    """Write the card, with the front matter that the hub reads.

    Args:
        source: The run.
        written: What the form says.
        files: Name in the folder -> SHA-256 (hex).
        licence: Its identifier on the hub; empty where the exporter named none.
    """
    folder = RunFolder(source.run)
    facts = folder.read_run()
    sections = {
        "Use": [f"```python\n{written.usage.format(folder='.')}\n```", *_bullets(written)],
        "Data": _data(source, facts),
        "Technique": _technique(source),
        "Scores": _scores(source, facts),
        "Licence": [_licence(source, licence)],
        "Config": [f"```yaml\n{to_yaml(without_places(source.parts.config.as_dict()))}```"],
        "Checksums": ["SHA-256:", "\n".join(f"- `{name}` {files[name]}" for name in files)],
    }
    body = [f"## {title}\n\n" + "\n\n".join(texts) for title, texts in sections.items()]
    head = f"---\n{to_yaml(_front_matter(written, licence))}---\n\n# {source.parts.config.name}"
    return "\n\n".join([head, _what(source, facts, written), *body]) + "\n"


def without_places(values: Any) -> Any:
    """Return a config with absolute paths cut to their last part: they tell of a machine."""
    if isinstance(values, Mapping):
        return {key: without_places(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [without_places(value) for value in values]
    if isinstance(values, str) and PurePath(values).is_absolute():
        return PurePath(values).name
    return values


def _front_matter(written: Written, licence: str) -> dict[str, Any]:
    named = {
        "license": licence,
        "library_name": written.library,
        "pipeline_tag": written.task,
    }
    tags = ["remote-sensing", "image-text-retrieval", "wfa"]
    return {**{key: value for key, value in named.items() if value}, "tags": tags}


def _what(source: Source, facts: Mapping[str, Any], written: Written) -> str:
    config = source.parts.config
    what = "Features of images and captions" if written.repository == "dataset" else "Two towers"
    made = facts.get("versions", {}).get("wfa", __version__)
    return (
        f"{what} in one space of {source.model.encoder.width} dimensions, trained with wfa {made} "
        f"on `{config.data.label}`, whose images have several captions each, aggregated by "
        f"`{config.aggregation.label}`. Config {config.config_id}."
    )


def _bullets(written: Written) -> Iterator[str]:
    lines = [f"- {note}" for note in written.notes]
    lines += [f"- Without the {name}, which stays in the run folder." for name in written.left_out]
    if lines:
        yield "\n".join(lines)


def _data(source: Source, facts: Mapping[str, Any]) -> list[str]:
    config = source.parts.config
    known = config.data.plugin().facts
    lines = [f"`{config.data.label}`. {registry.source('data', config.data.name).summary()}"]
    for name, split in facts.get("data", {}).get("splits", {}).items():
        lines.append(
            f"- {name}: {split['images']:,} images, {split['captions']:,} captions, SHA-256 "
            f"{split['checksum']}"
        )
    lines += [f"- {note}" for note in facts.get("data", {}).get("notes", ())]
    lines += [f"Cite: {known.citation}"] if known.citation else []
    return ["\n".join(lines)]


def _technique(source: Source) -> list[str]:
    config = source.parts.config
    return [
        "\n".join(
            f"- {kind}=`{choice.label}`: {registry.source(kind, choice.name).summary()}"
            for kind, choice in (
                ("aggregation", config.aggregation), ("encoder", config.encoder),
                ("loss", config.loss), ("model", config.model),
            )
        )
    ]  # fmt: skip


def _scores(source: Source, facts: Mapping[str, Any]) -> Iterator[str]:
    path = source.run / "metrics.json"
    if not path.is_file():
        yield "Not measured."
        return
    rows = parse_rows(read_json(path, "evaluate the run again"), str(path))
    ties = source.parts.config.retrieval.ties
    yield "\n".join(table.to_markdown() for table in split_tables(shown_lines(rows, ties)))
    yield (
        "R@K is a hit rate. `strict`: only the own image counts; `duplicate-aware`: every image "
        "that bears the caption. An oracle is the best that any model could reach. Ties `worst`: "
        "what ties with a wrong answer stands behind it; `expected`: the mean over all orders."
    )
    selection = facts.get("selection") or {}
    if selection:
        yield "Checkpoint: " + ", ".join(f"{key} {value}" for key, value in selection.items()) + "."


def _licence(source: Source, licence: str) -> str:
    terms = source.parts.config.data.plugin().facts.terms or "not stated by its publishers"
    own = f"`{licence}`." if licence else "The exporter stated none."
    pretrained = getattr(source.parts.config.encoder.options, "pretrained", "")
    began = f" Training began with `{PurePath(pretrained).name}`, whose terms hold too."
    return f"{own} Terms of the data: {terms}.{began if pretrained else ''}"
