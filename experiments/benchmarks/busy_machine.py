"""Training beside busy processes: threads that wait asleep against those that wait by spinning.

    python experiments/benchmarks/busy_machine.py

`wfa` sets OMP_WAIT_POLICY=passive before torch is loaded, unless the variable is set. The peer is
the same command without that. Both train the embedded scenes for one epoch on the CPU, alone and
beside as many endless loops as there are cores, in turns. The agreement is the largest difference
of any metric.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _record import Row, record

from wfa.provenance import cores

TURNS = 3
WORDS = (
    "data.train_images=256", "data.validation_images=32", "data.test_images=32", "train.epochs=1",
    "train.accelerator=cpu", "train.workers=0",
)  # fmt: skip
OURS = "from wfa.cli.main import main; main()"
PEER = "import sys; from wfa.cli.main import app; app(sys.argv[1:])"
BOUND = "the processor: the loops take their share of it"


def main() -> None:
    """Measure alone and beside loops, and write `busy_machine.json`."""
    record(Path(__file__).stem, [measured(0), measured(cores())])


def measured(loops: int) -> Row:
    """Train in turns beside so many loops."""
    ours, peer, differences = [], [], []
    with tempfile.TemporaryDirectory() as folder, busy(loops):
        for turn in range(TURNS):
            own = train(OURS, Path(folder) / f"ours-{turn}")
            other = train(PEER, Path(folder) / f"peer-{turn}")
            ours.append(own["seconds"]["fit"])
            peer.append(other["seconds"]["fit"])
            differences += [
                abs(one - another)
                for one, another in zip(own["values"], other["values"], strict=True)
            ]
    mine, its = statistics.median(ours), statistics.median(peer)
    case = f"training beside {loops} busy processes" if loops else "training alone"
    goal = 1.0 if loops else 0.95
    return Row(case, mine, its, its / mine, goal, max(differences), "s", BOUND)


def train(program: str, out: Path) -> dict[str, Any]:
    """Train in a process of its own; return run.json and the metrics' values."""
    hidden = ("OMP_", "MKL_", "GOMP_", "KMP_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    words = [sys.executable, "-c", program, "train", *WORDS, f"out={out}"]
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    run: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    return {**run, "values": [row["value"] for row in metrics]}


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep the processor busy for as long as the block lasts."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
