"""Export a run: a folder in another program's form, with a card, whole or not at all."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfa import __version__
from wfa.errors import ConfigError, UserError, unknown
from wfa.exports.export_source import Source, Written
from wfa.exports.model_card import CARD, card
from wfa.exports.push_to_hub import push
from wfa.files import file_hash, replace_folder, temporary_folder, write_text
from wfa.plugins.plugin_sources import how_to_install
from wfa.plugins.registry import Choice
from wfa.runs.parts import load_run
from wfa.search.library_file import FILE as LIBRARY
from wfa.search.library_file import read_facts

PARQUET = "parquet"
_WRITERS: Mapping[str, str] = {
    "open_clip": "wfa.exports.open_clip_folder",
    "transformers": "wfa.exports.transformers_folder",
    "sentence-transformers": "wfa.exports.sentence_transformers_folder",
    "onnx": "wfa.exports.onnx_folder",
    PARQUET: "wfa.exports.parquet_files",
}
"""Form -> the module that writes it, imported when it is asked for: some need a further package."""
FORMS = tuple(_WRITERS)
RECORD = "export.json"
"""What an export says of itself to programs; a folder that holds it may be written again."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        weights: The file of the weights or features; beside it lies what goes with it.
        call: The lines of Python that load it.
        left_out: Parts of the model that the form has no place for, which stay in the run folder.
        address: Where it was pushed to; empty where it was not.
    """

    weights: Path
    call: str
    left_out: tuple[str, ...] = ()
    address: str = ""


def export_run(
    run: Path,
    to: str = "open_clip",
    out: Path | None = None,
    *,
    data: Choice | None = None,
    split: str = "",
    licence: str = "",
    repository: str = "",
) -> Exported:
    """Write a run in another program's form, with a card and checksums.

    The folder takes its name when all of it is written; an export that was there is replaced.

    Args:
        run: A finished run's folder; for `parquet` also an index folder of `wfa index`.
        to: The form, one of `FORMS`.
        out: The folder to write; `<RUN>/<form>` for None.
        data: For `parquet`: the data set that is embedded; the run's own unless given.
        split: For `parquet`: its split; all where it is empty.
        licence: The identifier of a licence on the hub, for the card.
        repository: `OWNER/NAME` on the Hugging Face hub, where it is pushed to; empty for nowhere.

    Raises:
        ConfigError: There is no such form, or it takes no data.
        RunError: The folder holds no finished run.
        ModelError: The form has no place for the run's architecture; nothing was written.
        UserError: A package is missing, the folder cannot be written or holds something else, or
            it could not be pushed.
    """
    if to not in FORMS:
        raise unknown("form of export", to, list(FORMS))
    is_index = to == PARQUET and (run / LIBRARY).is_file()
    if (to != PARQUET or is_index) and (data is not None or split):
        what = "an index" if is_index else f"--to {to}"
        raise ConfigError(f"{what} embeds no data set: leave data and split out")
    folder = out or run / to
    if out is not None:
        _check_free(folder)
    home = read_facts(run).run_folder(run) if is_index else run
    source = Source(home, load_run(home))
    writer = _writer(to)
    with temporary_folder(folder) as made:
        if to != PARQUET:
            written = writer.write(source, made)
        elif is_index:
            written = writer.write_index(run, made)
        else:
            written = writer.write_splits(source, made, data, split)
        _describe(source, to, written, made, licence)
        replace_folder(made, folder)
    address = push(folder, repository, written.repository) if repository else ""
    call = written.usage.format(folder=folder)
    return Exported(folder / written.main, call, written.left_out, address)


def _writer(form: str) -> Any:
    try:
        return importlib.import_module(_WRITERS[form])
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("wfa"):
            raise
        raise UserError(
            f"--to {form} needs the package {error.name!r}, which is not installed: "
            f"{how_to_install(error.name)}"
        ) from error


def _check_free(folder: Path) -> None:
    """Refuse a folder of a person's own.

    Raises:
        UserError: It is a file, or holds something that is no export.
    """
    held = folder.is_dir() and any(folder.iterdir())
    if (held and not (folder / RECORD).is_file()) or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder} is there and is no export: name another folder with --out")


def _describe(source: Source, to: str, written: Written, made: Path, licence: str) -> None:
    """Write the card and the record beside what the form wrote."""
    paths = sorted(path for path in made.rglob("*") if path.is_file())
    files = {path.relative_to(made).as_posix(): file_hash(path) for path in paths}
    config = source.parts.config
    record = {"format": "wfa-export-1", "form": to, "run": config.name,
              "config_id": config.config_id, "wfa": __version__, "sha256": files}  # fmt: skip
    write_text(made / CARD, card(source, written, files, licence))
    write_text(made / RECORD, json.dumps(record, indent=1) + "\n")
