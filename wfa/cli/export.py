"""The verb that hands a run to other programs: export."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import typer
from rich.markup import escape

from wfa.cli.terminal import RunPath, Words, console
from wfa.plugins.registry import Choice


@dataclass(frozen=True)
class ExportSettings:
    """What `wfa export RUN --to parquet` takes beside its options.

    Attributes:
        data: The data set that is embedded.
        split: Its split; all where it is empty.
    """

    refusal: ClassVar[str] = "cannot change a finished run: export takes data and split"

    data: Choice = field(metadata={"plugin": "data"})
    split: str = ""


def export(
    run: RunPath,
    words: Words = None,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="The form: open_clip, transformers, sentence-transformers, onnx, parquet.",
        ),
    ] = "open_clip",
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder; RUN/FORM without it.")
    ] = None,
    push: Annotated[
        str, typer.Option("--push", help="OWNER/NAME on the Hugging Face hub; made private.")
    ] = "",
    licence: Annotated[
        str, typer.Option("--license", help="The hub's identifier of a licence, for the card.")
    ] = "",
) -> None:
    """Write a run in another program's form: weights with a card, or features.

    open_clip is a checkpoint that stock open_clip loads; transformers a CLIPModel;
    sentence-transformers a folder for SentenceTransformer; onnx both towers and
    the aggregation. parquet holds features and captions of the run's data, or of
    data=NAME split=NAME, for vector databases; it takes an index folder too.

    Examples:
        wfa export runs/scenes-0123456789 --to open_clip

        wfa export runs/scenes-0123456789 --to onnx --out model --push me/scenes --license mit

        wfa export runs/scenes-0123456789 --to parquet data=ucm_captions split=test
    """
    from wfa.cli.run_words import read_run_settings
    from wfa.exports.export_run import PARQUET, export_run

    asked = read_run_settings(ExportSettings, run, words) if words else None
    done = export_run(
        run, to, out, data=asked.data if asked else None, split=asked.split if asked else "",
        licence=licence, repository=push,
    )  # fmt: skip
    what = "features" if to == PARQUET else "weights"
    console.print(f"{what} {escape(str(done.weights))}", soft_wrap=True)
    for name in done.left_out:
        console.print(f"without the {name}, which stays in the run folder", soft_wrap=True)
    if done.address:
        console.print(f"pushed to {escape(done.address)}", soft_wrap=True)
    lines = escape(done.call).replace("\n", "\n    ")
    console.print(f"load them with\n\n    {lines}\n", soft_wrap=True)
