"""The verbs of data sets: `wfa data ...`."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer
from rich.markup import escape
from rich.table import Table

from wfa.cli.terminal import Words, console
from wfa.data.shards.pack_options import PackOptions
from wfa.plugins.registry import Choice

if TYPE_CHECKING:
    from wfa.data.publication import Facts
    from wfa.data.shards.verify_shards import ShardReport
    from wfa.data.verify import VerifyReport

app = typer.Typer(
    no_args_is_help=True, help="Data sets: list, prepare, verify, pack, export, annotate."
)


@app.command(name="list")
def data_list() -> None:
    """List the data sets, whom to cite for them, and their terms.

    Example:
        wfa data list
    """
    from wfa.plugins.registry import names, plugin_class, source

    table = Table(title="data", title_justify="left", box=None, show_header=False)
    for name in names("data"):
        table.add_row(name, escape(source("data", name).summary()))
        for line in _credits(plugin_class("data", name).facts):
            table.add_row("", f"[dim]{escape(line)}[/]")
    console.print(table)


@app.command()
def prepare(
    name: Annotated[str, typer.Argument(help="A data set.")],
    words: Words = None,
) -> None:
    """Fetch or make a data set, or say which file to put where.

    Example:
        wfa data prepare sydney_captions data.root=data/sydney_captions
    """
    from wfa.data.locations import data_folder
    from wfa.data.prepare import contents
    from wfa.data.prepare import prepare as prepare_data

    data = _asked(name, words).data
    facts = data.plugin().facts
    if not facts.downloads and not facts.by_hand:
        console.print(f"{name} needs no preparing: it is embedded, or your own")
        return
    folder = data_folder(data.options, name, os.environ.get("WFA_DATA_DIR"), contents(facts))
    prepare_data(name, folder, options=data.options)
    console.print(f"{name} is ready in {escape(str(folder))}", soft_wrap=True)


@app.command()
def verify(
    name: Annotated[str, typer.Argument(help="A data set, or a folder of shards.")],
    words: Words = None,
) -> None:
    """Count, decode and hash a data set; compare with what was published, or packed.

    `out=FILE` also writes what was found as JSON.

    Examples:
        wfa data verify captions_folder data.root=my_images out=verified.json
        wfa data verify shards/rsicd
    """
    from wfa.files import write_text
    from wfa.options.read_settings import read_settings
    from wfa.plugins.registry import names

    found: ShardReport | VerifyReport
    if name not in names("data") and Path(name).is_dir():
        out = read_settings(ShardSettings, words or []).out
        found = _verified_shards(Path(name))
    else:
        asked = _asked(name, words)
        out, found = asked.out, _verified(asked.data)
    for line in found.problems:
        console.print(f"[red]problem:[/] {escape(line)}", soft_wrap=True)
    console.print(_outcome(found.to_json()))
    if out is not None:
        write_text(out, json.dumps(found.to_json(), indent=1) + "\n")
    if not found.ok:
        raise SystemExit(2)


@app.command()
def pack(
    name: Annotated[str, typer.Argument(help="A data set.")],
    words: Words = None,
) -> None:
    """Write a data set as WebDataset shards, with its captions and their weights.

    Further settings: `images=1000` in a shard, `workers=0`, and `aggregation=NAME`, whose weights
    are stored. The same command goes on where one was interrupted.

    Example:
        wfa data pack rsicd out=shards/rsicd workers=4
    """
    from wfa.data.shards.pack import pack as pack_data
    from wfa.options.read_settings import read_settings

    asked = read_settings(PackSettings, words or [], {"data": {"name": name}})
    found = pack_data(asked.data, asked.aggregation, asked.out, asked.pack)
    table = Table("split", "shards", "images", "captions", box=None)
    for split, own in found.splits.items():
        table.add_row(split, str(len(own.shards)), str(own.images), str(own.captions))
    console.print(table)
    console.print(f"shards {escape(str(asked.out))}", soft_wrap=True)


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="A data set.")],
    words: Words = None,
    to: Annotated[str, typer.Option("--to", help="The form: sharegpt or llava.")] = "sharegpt",
) -> None:
    """Write questions, captions and boxes as conversations for language-model trainers.

    `out=FILE.json` holds them, its pictures go to a folder beside it. `split=train` unless given.
    sharegpt comes with the entry that LLaMA-Factory wants in `dataset_info.json`.

    Example:
        wfa data export bigearthnet_txt --to llava out=train.json data.bands=rgb
    """
    from wfa.exports.instruction_files import write_instructions
    from wfa.options.read_settings import read_settings
    from wfa.runs.parts import open_split

    asked = read_settings(ConversationSettings, words or [], {"data": {"name": name}})
    present = asked.data.plugin().splits(asked.data.options)
    found = write_instructions(open_split(asked.data, asked.split, present), to, asked.out)
    console.print(f"{found.images:,} images, {found.turns:,} questions", soft_wrap=True)
    console.print(f"conversations {escape(str(found.file))}", soft_wrap=True)


@app.command()
def annotate(words: Words = None) -> None:
    """Make captions, questions and boxes from reference maps, in the columns of BigEarthNet.txt.

    `maps=DIR` holds GeoTIFFs or an LMDB, `metadata=FILE` is BigEarthNet's metadata.parquet.

    Further settings: `seed=0`, `connectivity=4|8`, `workers=-1`, `on_bad_row=error|skip`, and
    `paraphrase.url=`, `paraphrase.model=`, `paraphrase.timeout=` for a model that rewords captions.

    Example:
        wfa data annotate maps=Reference_Maps metadata=metadata.parquet out=BigEarthNet.txt.parquet
    """
    from wfa.bigearthnet.annotate.settings import AnnotateSettings
    from wfa.bigearthnet.annotate.write_annotations import annotate as annotate_data
    from wfa.options.read_settings import read_settings

    asked = read_settings(AnnotateSettings, words or [])
    found = annotate_data(
        asked.maps, asked.metadata, asked.out, asked.annotate, asked.paraphrase
    )  # fmt: skip
    table = Table("type", "category", "split", "rows", box=None)
    for (kind, category, split), rows in sorted(found.rows.items()):
        table.add_row(kind, category, split, f"{rows:,}")
    console.print(table)
    for line in found.remarks():
        console.print(escape(line), soft_wrap=True)
    console.print(f"annotations {escape(str(asked.out))}", soft_wrap=True)


@dataclass(frozen=True)
class DataSettings:
    """What the verbs of one data set take.

    Attributes:
        data: The data set.
        out: A file for what was found.
    """

    data: Choice = field(metadata={"plugin": "data"})
    out: Path | None = None


@dataclass(frozen=True)
class ShardSettings:
    """What `wfa data verify DIR` takes.

    Attributes:
        out: A file for what was found.
    """

    out: Path | None = None


@dataclass(frozen=True)
class PackSettings:
    """What `wfa data pack` takes.

    Attributes:
        data: The data set.
        aggregation: The technique whose weights are stored.
        out: The folder of the shards.
        pack: How it is cut; `images=500` and `pack.images=500` are the same.
    """

    usage: ClassVar[str] = "wfa data pack NAME out=DIR"

    data: Choice = field(metadata={"plugin": "data"})
    aggregation: Choice = field(metadata={"plugin": "aggregation", "choice": "uniqueness"})
    out: Path = field(metadata={"placeholder": "DIR"})
    pack: PackOptions = field(default_factory=PackOptions, metadata={"flat": True})


@dataclass(frozen=True)
class ConversationSettings:
    """What `wfa data export` takes.

    Attributes:
        data: The data set.
        out: The JSON file.
        split: The split.
    """

    usage: ClassVar[str] = "wfa data export NAME out=FILE.json"

    data: Choice = field(metadata={"plugin": "data"})
    out: Path = field(metadata={"placeholder": "FILE.json"})
    split: str = "train"


def _verified(data: Choice) -> "VerifyReport":
    from wfa.data.verify import verify as verify_data

    found = verify_data(data.plugin(), data.options)
    table = Table("split", "images", "captions", "published", box=None)
    for split in found.splits:
        published = "-" if split.expected is None else "{} / {}".format(*split.expected)
        table.add_row(split.split, str(split.images), str(split.captions), published)
    console.print(table)
    for line in found.notes:
        console.print(f"[yellow]note:[/] {escape(line)}", soft_wrap=True)
    for line in _credits(data.plugin().facts):
        console.print(escape(line), style="dim", soft_wrap=True)
    return found


def _verified_shards(folder: Path) -> "ShardReport":
    from wfa.data.shards.verify_shards import verify_shards

    found = verify_shards(folder)
    table = Table("shard", "images", "captions", box=None)
    for shard in found.shards:
        table.add_row(shard.file, str(shard.images), str(shard.captions))
    console.print(table)
    return found


def _outcome(found: dict[str, Any]) -> str:
    """Say in one line what was decoded and found."""
    parts = found.get("splits") or found.get("shards") or ()
    images, wrong = sum(part["images"] for part in parts), len(found["problems"])
    bad = sum(len(part.get("bad_images", ())) for part in parts)
    left = sum(len(part["bad_images"]) for part in parts if part.get("tolerated"))
    said = [
        f"{images - bad:,} of {images:,} images decoded" if bad else f"{images:,} images decoded"
    ]
    said += [f"{left:,} left out by on_bad_image=skip"] if left else []
    problems = f"{wrong:,} problem{'' if wrong == 1 else 's'}"
    return ", ".join([*said, problems if wrong else "nothing wrong"])


def _asked(name: str, words: list[str] | None) -> DataSettings:
    from wfa.options.read_settings import read_settings

    return read_settings(DataSettings, words or [], {"data": {"name": name}})


def _credits(facts: "Facts") -> list[str]:
    """Say whom to cite for a data set and under which terms it is used, as far as is known."""
    known = {"cite": facts.citation, "terms": facts.terms}
    return [f"{name}: {text}" for name, text in known.items() if text]
