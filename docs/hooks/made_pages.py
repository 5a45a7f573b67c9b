"""The pages that are made and not typed: notebooks, experiments, benchmarks, API reference.

mkdocs calls `on_config` before and `on_files` after it has looked for pages. In a checkout, links
of the pages of `docs/` lead to files that are there; `on_page_markdown` leads them to the pages
that are made of these files.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
_SOURCE = re.compile(r"\]\((?:\.\./)*(wfa/[\w/]+)\.py\)")
_NEIGHBOUR = re.compile(r"\]\(\.\./(\d{4}-\d\d_\w+)\)")
_OWN_FILE = re.compile(r"\[([^\]]*)\]\((?!http)[\w.-]+\.(?:yaml|py|jsonl)\)")
_IN_CHECKOUT = (
    (re.compile(r"\]\(\.\./wfa/[\w/]+\.py#([\w.]+)\)"), r"][\1]"),
    (re.compile(r"\]\(\.\./wfa\)"), "](reference/index.md)"),
    (re.compile(r"\]\(\.\./(notebooks/\w+\.ipynb)\)"), r"](\1)"),
    (re.compile(r"\]\(\.\./experiments\)"), "](figures.md)"),
    (re.compile(r"\]\(\.\./experiments/([\w-]+)\)"), r"](figures/\1.md)"),
)
"""Links of `docs/` to files of the repository -> those to what the site makes of them."""


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead the links of a page of `docs/` to the pages that are made."""
    if "/" in page.file.src_uri:
        return markdown
    for link, made in _IN_CHECKOUT:
        markdown = link.sub(made, markdown)
    return markdown


def on_config(config: Any) -> Any:
    """Add the made pages to the navigation."""
    config.nav += [
        {"Notebooks": [f"notebooks/{path.name}" for path in _notebooks()]},
        {
            "Reproduce each figure": [
                "figures.md",
                *(f"figures/{p.name}.md" for p in _experiments()),
            ]
        },
        {"Python reference": ["reference/index.md", *(f"reference/{p.name}.md" for p in _rooms())]},
    ]
    return config


@event_priority(100)  # before the plug-in that turns notebooks into pages
def on_files(files: Any, config: Any) -> Any:
    """Add the made pages to those of `docs/`."""
    for path in _notebooks():
        name = f"notebooks/{path.name}"
        files.append(File(name, str(ROOT), config.site_dir, config.use_directory_urls))
    for name, text in _pages():
        files.append(File.generated(config, name, content=text))
    for picture in sorted(ROOT.glob("experiments/*/*.png")):
        name = f"figures/{picture.parent.name}/{picture.name}"
        files.append(File.generated(config, name, abs_src_path=str(picture)))
    return files


def _notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def _experiments() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "experiments").glob("*/README.md"))


def _rooms() -> list[Path]:
    """The packages of `wfa` but for its command line, which explains itself."""
    rooms = sorted(path.parent for path in (ROOT / "wfa").glob("*/__init__.py"))
    return [room for room in rooms if room.name != "cli"]


def _pages() -> Iterator[tuple[str, str]]:
    yield "figures.md", _index_of_figures()
    for folder in _experiments():
        yield f"figures/{folder.name}.md", _experiment(folder)
    yield "reference/index.md", _index_of_rooms()
    for room in _rooms():
        modules = [path for path in sorted(room.rglob("*.py")) if not path.stem.startswith("_")]
        names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules]
        yield (
            f"reference/{room.name}.md",
            "\n\n".join([f"# wfa.{room.name}", *map("::: {}".format, names)]),
        )


def _index_of_figures() -> str:
    lines = [
        "# How to reproduce each figure",
        "Every figure of the README and of this site comes from a file below `experiments/`, made "
        "by the command on its page; `python -m experiments.readme` puts it where it stands.",
        "\n".join(f"- [{_title(one)}](figures/{one.name}.md)" for one in _experiments()),
        "## Benchmarks against a peer",
        "One script measures ours and a peer in one run and writes both, the ratio, and how far "
        "the results agree.",
        "\n".join(
            f"- `python experiments/benchmarks/{path.name}`: {_first_line(path)}"
            for path in sorted((ROOT / "experiments" / "benchmarks").glob("[!_]*.py"))
        ),
    ]
    return "\n\n".join(lines)


def _index_of_rooms() -> str:
    rooms = [f"- [`wfa.{p.name}`]({p.name}.md): {_first_line(p / '__init__.py')}" for p in _rooms()]
    return "\n\n".join(["# Python reference", "\n".join(rooms), "::: wfa"])


def _experiment(folder: Path) -> str:
    text = (folder / "README.md").read_text(encoding="utf-8")
    text = _SOURCE.sub(lambda found: f"][{found[1].replace('/', '.')}]", text)
    text = _NEIGHBOUR.sub(r"](\1.md)", text)
    return _OWN_FILE.sub(r"`\1`", text)


def _title(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].strip('"')
