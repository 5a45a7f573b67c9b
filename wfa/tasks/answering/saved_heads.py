"""Trained heads on disk: one safetensors file in the run's folder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from wfa.errors import ModelError
from wfa.files import atomic_write
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.heads import Heads
from wfa.tasks.answering.reader import Sizes
from wfa.tasks.answering.statement_ranking import Thresholds
from wfa.tasks.answering.text_reading import Vocabulary

FILE = "bigearthnet_txt.safetensors"
BLIND = "bigearthnet_txt.blind.safetensors"
"""The same of heads that learned without the image."""
_FORMAT = "wfa-task-heads-2"
_GALLERY, _ROWS = "gallery.images", "gallery.rows"


@dataclass(frozen=True)
class Kept:
    """All that answering needs besides the run.

    Attributes:
        heads: The trained heads.
        vocabulary: The words that they know.
        grid: Cells along a side of the grid they were trained on.
        judged: Thresholds of the judge's logits.
        ranked: Thresholds of the ranking's margins.
        gallery: (M, D) features of the training images that captions are taken from.
        rows: (M,) int64, their places in the training split.
        history: What each epoch reached on validation.
    """

    heads: Heads
    vocabulary: Vocabulary
    grid: int
    judged: Thresholds
    ranked: Thresholds
    gallery: Tensor
    rows: Tensor
    history: list[dict[str, float]]

    def save(self, path: Path, key: str, sizes: Sizes) -> None:
        """Write everything as one safetensors file.

        Raises:
            UserError: The disk is full or the folder may not be written to.
        """
        tensors = {
            name: value.detach().cpu().contiguous()
            for name, value in self.heads.state_dict().items()
        }
        header = {
            "format": _FORMAT,
            "key": key,
            "sizes": json.dumps(sizes._asdict()),
            "words": json.dumps(self.vocabulary.words),
            "grid": str(self.grid),
            "judged": json.dumps(dict(self.judged)),
            "ranked": json.dumps(dict(self.ranked)),
            "history": json.dumps(self.history),
        }
        with atomic_write(path) as temporary:
            save_file({**tensors, _GALLERY: self.gallery, _ROWS: self.rows}, temporary, header)


def load_kept(path: Path, key: str) -> Kept | None:
    """Read what `Kept.save` wrote; None where there is none, or it is of other options or data.

    Raises:
        ModelError: The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as stored:
            header: dict[str, str] = stored.metadata() or {}
            if header.get("format") != _FORMAT or header.get("key") != key:
                return None
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        gallery, rows = tensors.pop(_GALLERY), tensors.pop(_ROWS)
        heads = Heads(Sizes(**json.loads(header["sizes"])))
        heads.load_state_dict(tensors)
        return Kept(
            heads=heads.eval(),
            vocabulary=Vocabulary(json.loads(header["words"])),
            grid=int(header["grid"]),
            judged=json.loads(header["judged"]),
            ranked=json.loads(header["ranked"]),
            gallery=gallery,
            rows=rows,
            history=json.loads(header["history"]),
        )
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise ModelError(
            f"{path} cannot be read ({error}): delete it to have the heads trained again"
        ) from error


def key_of(options: Config, run: Mapping[str, Any]) -> str:
    """Return what tells two trainings of heads apart: their options, the run and its data."""
    content = json.dumps([asdict(options), dict(run)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
