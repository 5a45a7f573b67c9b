"""Two processes give what one gives; without a process group nothing happens."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from wfa.model.gather import Gather

WORKER = Path(__file__).with_name("gather_worker.py")
ROOT = WORKER.parents[2]


def test_two_processes_give_the_loss_and_gradients_of_one(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, str(WORKER), str(rank), str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for process in processes:
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 0, said
    finally:
        for process in processes:
            process.kill()
    for rank in range(2):
        cases = json.loads((tmp_path / f"{rank}.json").read_text())
        assert len(cases) == 6
        for case, differences in cases.items():
            assert len(differences) > 5
            for name, difference in differences.items():
                assert difference < 1e-5, (rank, case, name)


def test_one_process_gives_everything_back_as_it_is() -> None:
    gather = Gather(torch.device("cpu"), {"images": 3, "texts": 5})
    rows, index = torch.randn(3, 2, requires_grad=True), torch.tensor([0, 1, 1, 2, 0])
    assert gather.rows(rows, "images") is rows
    assert torch.equal(gather.index(index, "texts", into="images"), index)
    assert gather.size("images") == 3
