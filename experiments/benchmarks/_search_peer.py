"""clip-retrieval's back end on the index of ours, in an interpreter of its own.

It wants older packages than ours (numpy below 2, pyarrow below 16), hence the other interpreter. It
encodes with the run's own towers, which `wfa export --to transformers` hands it, and searches the
very FAISS file that our page searches. What it can do beyond (deduplication, safety) is off.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wfa.search.indexes.index_store import read_sidecar
from wfa.search.library import Library
from wfa.search.library_file import EXACT

PACKAGES = ("clip-retrieval", "faiss-cpu", "flask", "torch", "transformers")
_PATIENCE = 300


def versions(python: Path) -> str:
    """Name the versions of the peer and of what it stands on."""
    code = "import sys; from importlib.metadata import version as v; print(', '.join(f'{p} {v(p)}' "
    command = [str(python), "-c", f"{code}for p in sys.argv[1:]))", *PACKAGES]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def served(python: Path, library: Library, folder: Path) -> Iterator[str]:
    """Give the address of the peer's back end while it runs.

    Args:
        python: An interpreter that has clip-retrieval.
        library: The index.
        folder: An empty one, for what the peer reads.
    """
    model, index = folder / "model", folder / "index"
    export = [sys.executable, "-m", "wfa", "export", str(library.facts.run_folder(library.folder)),
              "--to", "transformers", "--out", str(model)]  # fmt: skip
    subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
    (index / "metadata").mkdir(parents=True)
    exact = library.folder / EXACT
    (index / "image.index").symlink_to((exact / read_sidecar(exact)["file"]).resolve())
    pq.write_table(pa.table({"url": list(library.paths)}), index / "metadata" / "0.parquet")
    paths = folder / "indices_paths.json"
    paths.write_text(json.dumps({"ours": str(index)}), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(python), "-m", "clip_retrieval.clip_back", f"--indices_paths={paths}",
        f"--port={port}", f"--clip_model=hf_clip:{model}", '--columns_to_return=["url"]',
        "--use_jit=False", "--enable_mclip_option=False", "--provide_aesthetic_embeddings=False",
    ]  # fmt: skip
    with (folder / "log").open("w") as log, subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT
    ) as server:  # fmt: skip
        try:
            _wait(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    sys.exit("the peer's back end did not start: is clip-retrieval whole in --peer-python?")
