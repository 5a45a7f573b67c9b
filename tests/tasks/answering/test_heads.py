import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.answering.toy import GRID, asked_of
from wfa.tasks.answering.answer_options import Config
from wfa.tasks.answering.statement_groups import Rows
from wfa.tasks.answering.train_heads import answer_all, loss_of, measure, train_heads


@given(st.lists(st.integers(0, 4), min_size=5, max_size=5).filter(any))
def test_rows_come_back_from_their_table(counts: list[int]) -> None:
    image = torch.repeat_interleave(torch.arange(5), torch.tensor(counts))
    values = torch.arange(1.0, len(image) + 1)[:, None] * torch.ones(2)
    rows = Rows(image, 5)
    table = rows.pad(values)
    assert table.shape == (5, max(counts), 2)
    assert torch.equal(rows.take(table), values)
    assert float(table.sum()) == float(values.sum())
    assert [int((own[:, 0] > 0).sum()) for own in table] == counts


@torch.no_grad()
def test_an_answer_does_not_depend_on_the_other_images_of_the_batch() -> None:
    asked, heads = asked_of(6)
    together = asked.answer(heads, np.arange(6))
    for image in range(6):
        alone = asked.answer(heads, np.array([image]))
        for rows, mine, all_rows, found in zip(
            alone.rows,
            (alone.claims, alone.choices, alone.located.boxes),
            together.rows,
            (together.claims, together.choices, together.located.boxes),
            strict=True,
        ):
            place = np.searchsorted(all_rows, rows)
            torch.testing.assert_close(mine, found[torch.from_numpy(place)], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_boxes_are_boxes_and_options_that_are_not_there_are_far() -> None:
    asked, heads = asked_of(6)
    _, choices, boxes = answer_all(heads, asked)
    assert choices.shape == (6, 2)
    assert boxes.shape == (12, 4)
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    assert ((boxes >= 0) & (boxes <= 1)).all()
    assert asked.answer(heads, np.arange(6)).located.inside.shape == (12, GRID, GRID)


def test_every_head_gets_a_gradient() -> None:
    asked, heads = asked_of(6)
    torch.autograd.backward(loss_of(asked, asked.answer(heads, np.arange(6))))
    without = [name for name, p in heads.named_parameters() if p.grad is None]
    assert without == []
    assert all(torch.isfinite(p.grad).all() for p in heads.parameters() if p.grad is not None)


@pytest.mark.slow
def test_what_can_be_learned_is_learned() -> None:
    asked, heads = asked_of(48)
    before = measure(heads, asked)
    options = Config(epochs=25, batch_size=16, lr=5e-3, width=16, dropout=0.0)
    history = train_heads(heads, asked, asked, options)
    found = measure(heads, asked)
    assert [entry["epoch"] for entry in history] == list(range(25))
    assert history[-1]["loss"] < history[0]["loss"] / 2
    assert found["binary"] > 0.9
    assert found["mcq"] > 0.9
    assert found["mIoU"] > max(0.6, before["mIoU"] + 0.1)
    # What is kept is the best epoch, not the last one.
    assert sum(found.values()) == max(sum(entry[name] for name in found) for entry in history)
