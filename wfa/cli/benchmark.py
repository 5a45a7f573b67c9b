"""The verb that measures how quickly features are searched."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from wfa.cli.terminal import Words, console


def benchmark(
    source: Annotated[
        Path, typer.Argument(metavar="RUN", help="A finished run's folder, or an embeddings file.")
    ],
    words: Words = None,
) -> None:
    r"""Measure index families and gallery forms: recall, speed, size; say which one to use.

    Examples:
        wfa benchmark runs/scenes-0123456789

        wfa benchmark runs/scenes-0123456789 benchmark.recommend.max_bytes=200

        wfa benchmark runs/scenes-0123456789 benchmark=large out=runs/large

        wfa benchmark runs/scenes-0123456789 benchmark.distractors=\[captions_folder]
        benchmark.distractors.captions_folder.root=my_images

        wfa benchmark test.safetensors benchmark.families=\[flat,hnsw] benchmark.gallery=20000
    """
    from wfa.cli.run_words import read_run_settings
    from wfa.options.read_settings import read_settings
    from wfa.search.benchmark.settings import FileBenchmark, RunBenchmark

    asked: RunBenchmark | FileBenchmark
    if source.is_file():
        asked = read_settings(FileBenchmark, words or [])
    else:
        asked = read_run_settings(RunBenchmark, source, words or [])
    from wfa.report.benchmark_page import (
        benchmark_tables,
        forms_words,
        read_benchmark,
        recommended_words,
    )
    from wfa.report.report_files import write_report
    from wfa.search.benchmark.benchmark_run import benchmark as measure

    request = asked.benchmark.request()
    if isinstance(asked, RunBenchmark):
        path = measure(source, request, asked.data, asked.split, asked.out)
    else:
        path = measure(source, request, out=asked.out)
    page = write_report([path], path.with_suffix(".html"))
    found = read_benchmark(path)
    for table in benchmark_tables(found):
        console.print(table.to_rich())
    if found["forms"]:
        console.print(escape(" ".join(forms_words(found))), style="dim")
    for words_of in found["notes"]:
        console.print(f"[yellow]note:[/] {escape(words_of)}", soft_wrap=True)
    console.print(escape(recommended_words(found)), soft_wrap=True)
    console.print(f"figures {escape(str(path))}\nreport  {escape(str(page))}", soft_wrap=True)
