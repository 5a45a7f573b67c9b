"""One of two processes of a gloo group, each with some batches; writes what the metric says."""

import json
import sys
from pathlib import Path

import torch
from torch import distributed

from tests.retrieval.test_retrieval_metric import CASES, batches
from wfa.metrics import CaptionRetrieval


def main(rank: int, folder: Path) -> None:
    distributed.init_process_group("gloo", f"file://{folder}/group", rank=rank, world_size=2)
    found = []
    for given, options in CASES:
        metric = CaptionRetrieval(**options)
        for place, batch in enumerate(batches(options)):
            if rank == (0 if given == "all on the first" else place % 2):
                metric.update(**batch)
        found.append({name: value.item() for name, value in metric.compute().items()})
    (folder / f"{rank}.json").write_text(json.dumps(found))
    distributed.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]), Path(sys.argv[2]))
