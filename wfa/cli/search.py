"""The verbs of a person's own images: index, search, serve."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from wfa.cli.terminal import RunPath, Words, console

if TYPE_CHECKING:
    from wfa.search.ask import Answer
    from wfa.search.index_outcome import Indexed

IndexPath = Annotated[
    Path, typer.Argument(metavar="RUN-or-INDEX", help="An index folder, or the run it lies in.")
]
Captions = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT...", help="What to find; several texts describe one image."),
]
QueryImage = Annotated[
    Path | None, typer.Option("--image", help="Ask with an image instead of words.")
]
Top = Annotated[int, typer.Option("--top", help="How many images.")]
Technique = Annotated[
    str,
    typer.Option(
        "--technique",
        help="How several texts become one query: own (as the run was trained), mean, "
        "uniqueness, max_similarity.",
    ),
]
Rerank = Annotated[
    str,
    typer.Option(
        "--rerank",
        help="Rank the best 100 again by each caption: none, mean of their similarities, or "
        "max_similarity.",
    ),
]
Kind = Annotated[str, typer.Option("--index", help="exact, or ann where there is one.")]
PathPattern = Annotated[
    str, typer.Option("--path", help="Only paths of this pattern, such as 'alps/*.tif'.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        help="Only images whose metadata fits: column=value, or != < <= > >= ~ (contains).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Within = Annotated[
    str,
    typer.Option(
        "--within", metavar="W,S,E,N", help="Only scenes' tiles that touch this box in degrees."
    ),
]
Days = Annotated[
    str,
    typer.Option(
        "--date", metavar="FROM/TO", help="Only scenes of these days, such as 2017-06/2017-08 or .."
    ),
]
Overlap = Annotated[
    float,
    typer.Option(
        "--overlap", min=0, max=1, help="Hits of a day that overlap more are merged; 1 merges none."
    ),
]
Region = Annotated[
    str,
    typer.Option("--region", metavar="W,S,E,N", help="Ask with what lies in this box, not words."),
]
Places = Annotated[
    Path | None,
    typer.Option("--geojson", help="Write the hits' places as GeoJSON, or as GeoPackage (.gpkg)."),
]
Page = Annotated[
    Path | None, typer.Option("--html", help="Write the hits as a page that opens offline.")
]
MovedRun = Annotated[
    Path | None, typer.Option("--run", help="The run, where it no longer lies as it did.")
]
_LISTED = 5
_ALWAYS = ("images in the index", "encoded now", "described by the metadata")


def index(
    run: RunPath,
    images: Annotated[Path, typer.Option("--images", help="The folder of images.")],
    words: Words = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Lose an index of another model or folder.")
    ] = False,
) -> None:
    """Index a folder of images, so that `wfa search` finds them by words.

    It takes JPEG, PNG, TIFF, WebP, BMP, GIF, JPEG 2000, AVIF and PPM files,
    of all folders below it too. Pictures of more than 8 bits are shown as
    viewers do: the 2nd percentile of all values is black, the 98th white.
    GeoTIFFs with a CRS are cut into tiles, each with its place (needs the
    extra geo); tile.size=640m, tile.stride=320m and tile.bands=4,3,2 say how.
    Run it again after images came, went or changed: only those are encoded.
    An interrupted run goes on where it stopped.

    Settings: out=DIR, where the index goes; metadata=FILE, a table with a
    row for each image, and path_column=NAME in it; ann=FACTORY, a FAISS
    index beside the exact one, and rerank=fp16 for it; batch_size=64;
    shard_size=512; `wfa help tile` has those of scenes.

    Examples:
        wfa index runs/scenes-0123456789 --images my_images

        wfa index runs/scenes-0123456789 --images my_images metadata=facts.csv ann=HNSW32
    """
    from wfa.options.read_settings import read_settings
    from wfa.search.index_settings import IndexOptions

    options = read_settings(IndexOptions, words or [])
    from wfa.search.index_images import index_images

    done = index_images(run, images, options, overwrite)
    _show_indexed(done)


def search(
    index: IndexPath,
    captions: Captions = None,
    image: QueryImage = None,
    top: Top = 10,
    technique: Technique = "own",
    rerank: Rerank = "none",
    kind: Kind = "exact",
    path: PathPattern = "",
    where: Where = None,
    within: Within = "",
    date: Days = "",
    overlap: Overlap = 0.3,
    region: Region = "",
    as_json: AsJson = False,
    html: Page = None,
    geojson: Places = None,
    run: MovedRun = None,
) -> None:
    """Find images of an indexed folder by words, or by an image.

    Examples:
        wfa search runs/scenes-0123456789 "two ships near a harbour"

        wfa search runs/scenes-0123456789 "a lake" "water between trees" --top 5 --html hits.html

        wfa search runs/scenes-0123456789 --image field.png --where country=Austria --json

        wfa search runs/scenes-0123456789 "a lake" --within 12.9,48,13.6,48.5 --geojson hits.geojson
    """
    from wfa.files import check_writable
    from wfa.report.answer_page import write_gallery
    from wfa.search.ask import Question, ask, read_query_image
    from wfa.search.hit_places import write_places
    from wfa.search.open_libraries import open_library, run_model

    for file in filter(None, (html, geojson)):
        check_writable(file)
    library = open_library(index)
    question = Question(
        captions=tuple(captions or ()),
        image=None if image is None else read_query_image(image),
        image_name=f"--image {image}",
        top=top,
        technique=technique,
        rerank=rerank,
        kind=kind,
        glob=path,
        where=tuple(where or ()),
        within=within,
        days=date,
        overlap=overlap,
        region=region,
    )
    answer = ask(library, run_model(library, run), question)
    title = " / ".join(captions or ()) or f"Images like {image.name if image else region}"
    if as_json:
        sys.stdout.write(json.dumps(answer.as_dict(), indent=1, ensure_ascii=False) + "\n")
    else:
        _show_answer(answer)
    if html is not None:
        write_gallery(answer, library, title, html)
        if not as_json:
            console.print(f"gallery {escape(str(html))}", soft_wrap=True)
    if geojson is not None:
        write_places(answer, geojson)
        if not as_json:
            console.print(f"places {escape(str(geojson))}", soft_wrap=True)


def serve(
    indexes: Annotated[
        list[Path], typer.Argument(metavar="RUN-or-INDEX...", help="One index or several.")
    ],
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; others reach the page then.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port; 0 takes a free one.")] = 8000,
) -> None:
    """Show a page on this machine to search indexed folders; Ctrl-C ends it.

    Examples:
        wfa serve runs/scenes-0123456789

        wfa serve runs/a/indexes/alps runs/b/indexes/coast --port 0
    """
    from wfa.search.open_libraries import OpenLibraries
    from wfa.search.server import LibraryServer

    server = LibraryServer(OpenLibraries(indexes), host, port)
    console.print(f"search page {server.address} (Ctrl-C ends it)", soft_wrap=True)
    if not server.is_local:
        console.print(
            "[yellow]note:[/] everyone who reaches this machine can search and see the images"
        )
    try:
        server.run()
    except KeyboardInterrupt:
        console.print("ended")
    finally:
        server.close()


def _show_indexed(done: "Indexed") -> None:
    table = Table(box=None, show_header=False)
    for label, count in (
        ("images in the index", done.images),
        ("encoded now", done.encoded),
        ("encoded by an interrupted run", done.resumed),
        ("known by their content", done.reused),
        ("unchanged", done.unchanged),
        ("gone from the folder", done.removed),
        ("described by the metadata", done.described),
        ("of more than 8 bits, stretched", done.stretched),
        ("scenes", done.scenes),
        ("tiles of scenes", done.tiles),
        ("tiles without data", done.empty),
        ("left out", len(done.left_out)),
        ("other files", sum(done.others.values())),
    ):
        if count or (count is not None and label in _ALWAYS):
            table.add_row(label, f"{count:,}")
    table.add_row("seconds", f"{done.seconds:.1f}")
    console.print(table)
    for note in done.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)
    for file in done.left_out[:_LISTED]:
        console.print(f"[yellow]left out:[/] {escape(file.path)} {escape(file.reason)}",
                      soft_wrap=True)  # fmt: skip
    if len(done.left_out) > _LISTED:
        more = len(done.left_out) - _LISTED
        console.print(f"and {more} more, all in {escape(str(done.folder / 'left_out.json'))}",
                      soft_wrap=True)  # fmt: skip
    if done.others:
        endings = ", ".join(f"{ending} {count:,}" for ending, count in done.others.items())
        console.print(f"other files are no pictures: {escape(endings)}", soft_wrap=True)
    console.print(f"index {escape(str(done.folder))}", soft_wrap=True)


def _show_answer(answer: "Answer") -> None:
    for text in answer.notes:
        console.print(f"[yellow]note:[/] {escape(text)}", soft_wrap=True)
    if len(answer.texts) > 1 and answer.weights is not None:
        for text, weight in zip(answer.texts, answer.weights, strict=True):
            console.print(f"{100 * weight:5.1f} %  {escape(text)}", soft_wrap=True)
    placed = any(hit.place for hit in answer.hits)
    heads = ("rank", "score", "image", *(("west, south, east, north", "date") if placed else ()))
    table = Table(*heads, box=None)
    for hit in answer.hits:
        gone = " [red](missing)[/]" if hit.missing else ""
        cells = [str(hit.rank), f"{hit.score:.4f}", escape(hit.path) + gone]
        if hit.place:
            box = ", ".join(f"{side:.5f}" for side in hit.place.box or ())
            cells += [box, hit.place.date]
        table.add_row(*cells)
    console.print(table)
    console.print(
        f"query encoded in {answer.encode_ms:.1f} ms, {answer.images:,} images searched in "
        f"{answer.search_ms:.1f} ms ({answer.kind})",
        style="dim",
        soft_wrap=True,
    )
