from pathlib import Path

import pytest
import torch

from tests.tasks.answering.toy import asked_of, sizes
from wfa.errors import ModelError
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.saved_heads import Kept, key_of, load_kept
from wfa.tasks.answering.text_reading import Vocabulary
from wfa.tasks.answering.train_heads import answer_all


def test_heads_answer_the_same_after_a_while_on_disk(tmp_path: Path) -> None:
    asked, heads = asked_of(4)
    vocabulary = Vocabulary.of(asked.material.texts)
    kept = Kept(
        heads, vocabulary, 4, {"area": 0.5}, {"area": -0.1}, torch.eye(3), torch.arange(3),
        [{"epoch": 0, "loss": 1.5}],
    )  # fmt: skip
    path = tmp_path / "tasks" / "heads.safetensors"
    kept.save(path, "key", sizes(vocabulary))
    found = load_kept(path, "key")
    assert found is not None
    for before, after in zip(answer_all(heads, asked), answer_all(found.heads, asked), strict=True):
        assert (before == after).all()
    assert found.vocabulary.words == vocabulary.words
    assert (found.grid, found.judged, found.ranked) == (4, {"area": 0.5}, {"area": -0.1})
    assert torch.equal(found.gallery, torch.eye(3))
    assert found.history == kept.history
    assert load_kept(path, "another key") is None
    assert load_kept(tmp_path / "none", "key") is None
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelError, match="delete it"):
        load_kept(path, "key")


def test_the_key_changes_with_options_run_and_data() -> None:
    run = {"run": "0123", "splits": ["a", "b"]}
    keys = {
        key_of(Config(), run),
        key_of(Config(seed=1), run),
        key_of(Config(), {**run, "run": "4567"}),
        key_of(Config(), {**run, "splits": ["a", "c"]}),
    }
    assert len(keys) == 4
    assert key_of(Config(), dict(reversed(run.items()))) in keys
