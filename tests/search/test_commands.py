"""The verbs index, search, serve and export: what they print, write and leave with."""

import json
import re
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner, Result

from tests.search.conftest import PICTURES, picture
from tests.training.conftest import wfa
from wfa.cli.main import app
from wfa.errors import UserError
from wfa.search.index_images import index_images
from wfa.search.index_rows import read_rows
from wfa.search.index_settings import IndexOptions
from wfa.search.library import Library
from wfa.search.server import LibraryServer


def call(*words: str) -> Result:
    """Call a verb in this process; a UserError comes out as it is."""
    found = CliRunner().invoke(app, list(words))
    if isinstance(found.exception, UserError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


def test_from_a_folder_to_its_hits(run: Path, images: Path, tmp_path: Path) -> None:
    (images / "bad.png").write_text("no image")
    out = call("index", str(run), "--images", str(images), "batch_size=4").stdout
    assert "bad.png is not an image" in out
    assert re.search(r"images in the index\s+9", out)
    assert re.search(r"left out\s+1", out)

    out = call("search", str(run), "a lake", "two ships", "--top", "3").stdout
    assert len([path for path in PICTURES if path in out]) == 3
    (images / "a.jpg").unlink()
    page = tmp_path / "hits.html"
    found = call("search", str(run), "a lake", "--top", "99", "--json", "--html", str(page))
    answer = json.loads(found.stdout)
    assert len(answer["hits"]) == 9
    assert [hit["path"] for hit in answer["hits"] if hit["missing"]] == ["a.jpg"]
    assert page.read_text(encoding="utf-8").count("data:image/jpeg") == 8
    out = call("search", str(run), "a lake", "--top", "99").stdout
    assert "(missing)" in out
    assert "note: 99 images were asked for" in " ".join(out.split())
    image = str(images / "north" / "c.png")
    answer = json.loads(
        call("search", str(run), "--image", image, "--path", "north/*", "--json").stdout
    )
    assert answer["hits"][0]["path"] == "north/c.png"
    assert answer["passed"] == 3

    out = call("export", str(run), "--to", "open_clip").stdout
    assert "open_clip.create_model_and_transforms" in out
    with pytest.raises(UserError, match="query is empty"):
        call("search", str(run))
    with pytest.raises(UserError, match=r"gone\.png"):
        call("search", str(run), "--image", "gone.png")


def test_a_page_that_cannot_be_written_is_told_before_the_search(
    run: Path, images: Path, tmp_path: Path
) -> None:
    out = call("index", str(run), "--images", str(images)).stdout
    assert "metadata" not in out
    found = CliRunner().invoke(app, ["search", str(run), "a lake", "--html", str(tmp_path)])
    assert isinstance(found.exception, UserError)
    assert "it is a folder; name a file" in str(found.exception)
    assert found.output == ""


@pytest.mark.slow
def test_a_killed_indexing_goes_on(shared_run: Path, tmp_path: Path) -> None:
    images, out = tmp_path / "many", tmp_path / "index"
    images.mkdir()
    for place in range(200):
        picture(place).save(images / f"{place:03d}.png")
    words = ["index", str(shared_run), "--images", str(images), f"out={out}"]
    process = wfa([*words, "batch_size=1", "shard_size=1"], tmp_path / "cache")
    try:
        end = time.monotonic() + 300
        while len(list(out.glob("shards/*.parquet"))) < 5:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        process.kill()  # SIGKILL: nothing can be tidied up
        process.communicate()
    assert not (out / "library.json").exists()
    done = index_images(shared_run, images, IndexOptions(out=str(out)))
    assert done.images == 200
    assert done.resumed >= 5
    assert done.resumed + done.encoded == 200
    rows = read_rows(out / "images.parquet")
    assert rows.paths == tuple(f"{place:03d}.png" for place in range(200))
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]


def test_a_served_page_says_where_it_is_and_ends_with_ctrl_c(
    still: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    run = LibraryServer.run

    def interrupted(server: LibraryServer) -> None:
        thread = threading.Thread(target=run, args=(server,))
        thread.start()
        with urlopen(f"{server.address}api/libraries", timeout=30) as response:
            asked.append(response.read())
        server.stop()
        thread.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(LibraryServer, "run", interrupted)
    out = call("serve", str(still.folder), "--port", "0").stdout
    assert re.search(r"search page http://127\.0\.0\.1:\d+/ ", out)
    assert "everyone" not in out
    assert out.rstrip().endswith("ended")
    assert b"photos" in asked[0]
    assert (
        "everyone who reaches"
        in call("serve", str(still.folder), "--port", "0", "--host", "0.0.0.0").stdout
    )
