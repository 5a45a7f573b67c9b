"""Two processes normalise the parts of a batch; run by test_batch_norm.py."""

import sys
from pathlib import Path

import torch
from timm.layers import BatchNormAct2d
from torch import Tensor, distributed, nn

from wfa.model.batch_norm import synchronise

PARTS = (3, 2)


def network() -> nn.Module:
    """Return norms of each kind that is known, the second with an activation in it."""
    torch.manual_seed(0)
    plain = nn.BatchNorm2d(4, momentum=None)
    model = nn.Sequential(plain, BatchNormAct2d(4), nn.Flatten(), nn.BatchNorm1d(36))
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


def batch() -> Tensor:
    return 5 + torch.randn(5, 4, 3, 3, generator=torch.Generator().manual_seed(1))


def results(model: nn.Module, rows: Tensor, scale: float) -> dict[str, Tensor]:
    """Return outputs, the input's gradient and all state after two steps."""
    rows = rows.requires_grad_()
    model(rows)
    output = model(rows)
    torch.autograd.backward((output.square() * output.sigmoid()).sum() * scale)
    grads = {f"grad.{name}": p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert rows.grad is not None
    return {"output": output.detach(), "rows": rows.grad, **grads, **model.state_dict()}


def main(rank: int, store: str, out: str) -> None:
    distributed.init_process_group("gloo", f"file://{store}", rank=rank, world_size=2)
    model = network()
    synchronise(model, torch.device("cpu"))
    start = sum(PARTS[:rank])
    found = results(model, batch()[start : start + PARTS[rank]], 1.0)
    torch.save(found, Path(out) / f"{rank}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
