"""Two processes give what one gives; without a process group nothing happens."""

from pathlib import Path

import pytest
import torch

from tests.model.two_processes import run_two
from wfa.model.gather import Gather

WORKER = Path(__file__).with_name("gather_worker.py")


@pytest.mark.slow
def test_two_processes_give_the_loss_and_gradients_of_one(tmp_path: Path) -> None:
    for rank, cases in enumerate(run_two(WORKER, tmp_path)):
        assert len(cases) == 12
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
