"""Index a folder of images, or bring its index up to date; only what is new is encoded."""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from wfa.data.decode import FORMATS
from wfa.errors import DataError, SearchIndexError
from wfa.files import write_text
from wfa.provenance import versions
from wfa.runs.run_model import RunModel, checksum
from wfa.search.encode_images import Known, ShardEncoder, load_shards
from wfa.search.image_files import ImageFile, LeftOut, list_images
from wfa.search.image_metadata import Metadata, load_metadata, write_metadata
from wfa.search.index_outcome import Indexed
from wfa.search.index_rows import Rows, model_of, read_rows, write_rows
from wfa.search.index_settings import IndexOptions, index_folder_of
from wfa.search.indexes.factory import new_index
from wfa.search.indexes.index_store import load_index, read_sidecar, save_index
from wfa.search.indexes.training_needs import check_enough
from wfa.search.indexes.vector_index import build_index
from wfa.search.library_file import (
    ANN,
    EXACT,
    FILE,
    LEFT_OUT,
    METADATA,
    ROWS,
    SHARDS,
    LibraryFacts,
    read_facts,
    relative_run,
)
from wfa.search.metadata_table import read_metadata
from wfa.search.tiles.scene_plan import ScenePlan, plan_scenes
from wfa.search.tiles.tile_records import SCENES, TILES


def index_images(
    run: Path,
    images: Path,
    options: IndexOptions,
    overwrite: bool = False,
) -> Indexed:
    """Index a folder of images, or bring its index up to date.

    Args:
        run: A finished run's folder.
        images: The folder of images.
        options: Where the index goes and what it holds.
        overwrite: Whether an index of another model or folder may be lost.

    Raises:
        RunError: The folder holds no finished run.
        DataError: There is no such folder, or no image in it can be read.
        SearchIndexError: The index is of another model or folder, or FAISS does not know `ann`.
        ModelError: The model gives NaN.
        UserError: The disk is full.
    """
    start = time.perf_counter()
    listing = list_images(images)
    folder = index_folder_of(run, images, options)
    _check_owner(folder, checksum(run), images, overwrite)
    metadata = _metadata(folder, images, options)
    options = _kept(folder, options)
    model = RunModel(run)
    plan = plan_scenes(images, listing.files, folder, folder / SHARDS, options.tile, model.bands)
    for factory, rerank in _factories(options).values():  # before any image is encoded
        check_enough(new_index(factory, model.width, rerank), len(plan.cut.files))

    known, old = Known(), _old_rows(folder, model.checksum)
    if old is not None:
        known.add(old)
        known.forget(plan.stale)
    unchanged = sum(known.has(file) for file in plan.cut.files)
    encoder, resumed = _encode(images, plan, model, folder, options, known)

    files = [file for file in plan.cut.files if known.has(file)]
    refused = (*listing.left_out, *plan.cut.left_out, *plan.by_scene(encoder.left_out))
    left_out = tuple(sorted(refused, key=lambda file: file.path))
    empty = plan.cut.seen + len(encoder.empty)
    if not files:
        raise DataError(_no_image(images, left_out, empty))
    next_id, ids = _ids(files, old, folder)
    rows = known.rows(files, ids, model.width)
    if not _is_current(folder, rows, old, options):
        _write_indexes(folder, rows, model.checksum, options)
    plan.finish(folder, rows.paths, encoder.empty)
    _write_beside(folder, metadata, left_out)
    _write_facts(folder, images, model, rows, next_id, len(left_out), metadata, plan, options)
    return Indexed(
        folder=folder,
        images=len(rows),
        encoded=encoder.encoded,
        resumed=resumed,
        reused=encoder.reused,
        unchanged=unchanged,
        removed=len(set(old.paths) - set(rows.paths)) if old is not None else 0,
        described=sum(map(bool, metadata.of(plan.cut.sources(rows.paths))))
        if metadata.columns
        else None,
        left_out=left_out,
        stretched=encoder.stretched,
        scenes=len(plan.cut.rasters),
        tiles=sum(path in plan.cut.tiles for path in rows.paths),
        empty=empty,
        notes=tuple(plan.cut.notes),
        others=listing.others,
        seconds=time.perf_counter() - start,
    )


def _encode(
    images: Path, plan: ScenePlan, model: RunModel, folder: Path,
    options: IndexOptions, known: Known,
) -> tuple[ShardEncoder, int]:  # fmt: skip
    """Encode what is not known yet, shard by shard.

    Returns:
        The encoder, which says what it did, and how many images an interrupted run had encoded.
    """
    files, shards = plan.cut.files, folder / SHARDS
    before = sum(known.has(file) for file in files)
    plan.begin(shards)
    load_shards(shards, model.checksum, known)
    missing = [file for file in files if not known.has(file)]
    encoder = ShardEncoder(images, plan.cut, model, shards, options.batch_size, options.shard_size)
    encoder.run(missing, known)
    return encoder, len(files) - len(missing) - before


def _write_facts(
    folder: Path, images: Path, model: RunModel, rows: Rows, next_id: int, left_out: int,
    metadata: Metadata, plan: ScenePlan, options: IndexOptions,
) -> None:  # fmt: skip
    """Write `library.json`: until it is there, a crash is noticed and a new run mends it."""
    LibraryFacts(
        run=relative_run(model.run, folder),
        model=model.checksum,
        width=model.width,
        technique=model.technique,
        root=str(images.resolve()),
        images=len(rows),
        left_out=left_out,
        digest=rows.digest,
        next_id=next_id,
        indexes={kind: read_sidecar(folder / kind)["file"] for kind in _factories(options)},
        ann=options.ann,
        rerank=options.rerank,
        columns=metadata.columns,
        versions=versions(),
        scenes=len(plan.cut.rasters),
    ).write(folder)
    shutil.rmtree(folder / SHARDS, ignore_errors=True)


def _check_owner(folder: Path, model: str, images: Path, overwrite: bool) -> None:
    """Refuse a folder that holds something else than an index of this model and folder."""
    if not (folder / FILE).is_file():
        known = {ROWS, METADATA, LEFT_OUT, SHARDS, EXACT, ANN, SCENES, TILES}
        strange = [p for p in (folder.iterdir() if folder.is_dir() else ()) if p.name not in known]
        if [path for path in strange if not path.name.startswith(".")]:
            raise SearchIndexError(
                f"{folder} is not empty and holds no index: choose another folder with out=DIR"
            )
        return
    if overwrite:
        return
    facts = read_facts(folder)
    if facts.model != model:
        raise SearchIndexError(
            f"{folder} was indexed by another model (its checksum is {facts.model[:12]}, this "
            f"run's {model[:12]}): choose another folder with out=DIR, or add --overwrite to "
            "encode all images again"
        )
    if Path(facts.root) != images.resolve():
        raise SearchIndexError(
            f"{folder} is the index of {facts.root}: choose another folder with out=DIR, or add "
            "--overwrite to make it the index of this one"
        )


def _old_rows(folder: Path, model: str) -> Rows | None:
    """Read the rows of the index that is there; None without one, or where they are of no use."""
    path = folder / ROWS
    try:
        return read_rows(path) if path.is_file() and model_of(path) == model else None
    except SearchIndexError:
        return None  # damaged: everything is encoded again


def _metadata(folder: Path, images: Path, options: IndexOptions) -> Metadata:
    if options.metadata:
        return read_metadata(Path(options.metadata), images, options.path_column)
    return load_metadata(folder / METADATA)


def _kept(folder: Path, options: IndexOptions) -> IndexOptions:
    """Fill in what the options leave as it is."""
    if options.ann:
        return options if options.ann != "none" else replace(options, ann="")
    try:
        facts = read_facts(folder)
    except SearchIndexError:
        return options
    return replace(options, ann=facts.ann, rerank=facts.rerank)


def _ids(files: Sequence[ImageFile], old: Rows | None, folder: Path) -> tuple[int, list[int]]:
    """Give every path its id: the one it had, or a new one."""
    try:
        start = read_facts(folder).next_id
    except SearchIndexError:
        start = 0
    had = {} if old is None else dict(zip(old.paths, old.ids.tolist(), strict=True))
    next_id = max([start, *(each + 1 for each in had.values())])
    ids = []
    for file in files:
        if file.path in had:
            ids.append(had[file.path])
        else:
            ids.append(next_id)
            next_id += 1
    return next_id, ids


def _is_current(folder: Path, rows: Rows, old: Rows | None, options: IndexOptions) -> bool:
    """Say whether the indexes that are there are whole and of these rows and options."""
    if old is None or old.digest != rows.digest or (old.changed != rows.changed).any():
        return False
    try:
        facts = read_facts(folder)
        for kind in facts.indexes:
            load_index(folder / kind, dimension=rows.features.shape[1], model=facts.model)
    except SearchIndexError:
        return False
    wanted = (rows.digest, options.ann, options.rerank)
    return (facts.digest, facts.ann, facts.rerank) == wanted


def _factories(options: IndexOptions) -> dict[str, tuple[str, str]]:
    """Return the factory string and the re-ranking of each kind of search."""
    found = {EXACT: ("Flat", "none")}
    if options.ann:
        found[ANN] = (options.ann, options.rerank)
    return found


def _write_indexes(folder: Path, rows: Rows, model: str, options: IndexOptions) -> None:
    # Built before anything is written: a factory string that does not fit leaves all as it was.
    built = {
        kind: build_index(factory, rows.features, rerank=rerank)
        for kind, (factory, rerank) in _factories(options).items()
    }
    write_rows(folder / ROWS, rows, model)
    for kind, index in built.items():
        save_index(index, folder / kind, model)
    if ANN not in built:
        shutil.rmtree(folder / ANN, ignore_errors=True)


def _write_beside(folder: Path, metadata: Metadata, left_out: Sequence[LeftOut]) -> None:
    listed = [asdict(file) for file in left_out]
    write_text(folder / LEFT_OUT, json.dumps(listed, indent=1, ensure_ascii=False) + "\n")
    if metadata.columns:
        write_metadata(folder / METADATA, metadata)


def _no_image(images: Path, left_out: Sequence[LeftOut], empty: int) -> str:
    if not left_out and empty:
        return f"the scenes in {images} hold no data: each of their {empty:,} tiles lacks them"
    if not left_out:
        return f"{images} holds no image: wanted are files of {', '.join(FORMATS)}"
    first = left_out[0]
    return (
        f"none of the {len(left_out)} images in {images} can be read; the first is {first.path}: "
        f"it {first.reason}"
    )
