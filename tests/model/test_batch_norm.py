"""Batch norms of two processes see the whole batch, in outputs, gradients and statistics."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.model import batch_norm_worker
from wfa.errors import ModelError
from wfa.model.batch_norm import synchronise


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.model.batch_norm_worker", str(rank),
             str(tmp_path / "store"), str(tmp_path)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for rank in range(2)
    ]  # fmt: skip
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    parts = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    whole = batch_norm_worker.results(batch_norm_worker.network(), batch_norm_worker.batch(), 1.0)
    for name, wanted in whole.items():
        if name in ("output", "rows"):
            found = torch.cat([part[name] for part in parts])
        elif name.startswith("grad."):
            found = parts[0][name] + parts[1][name]
        else:
            found = parts[1][name]
        largest = max(1.0, float(wanted.abs().max()))  # sums of terms that cancel
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4 * largest, msg=name)


def test_evaluation_uses_the_running_statistics() -> None:
    model, plain = batch_norm_worker.network(), batch_norm_worker.network()
    synchronise(model, torch.device("cpu"))
    assert model.state_dict().keys() == plain.state_dict().keys()
    batch = batch_norm_worker.batch()
    torch.testing.assert_close(model.eval()(batch), plain.eval()(batch))


def test_a_norm_of_its_own_kind_is_refused() -> None:
    class Strange(nn.BatchNorm2d):
        pass

    with pytest.raises(ModelError, match="Strange is a batch norm"):
        synchronise(nn.Sequential(Strange(3)), torch.device("cpu"))
