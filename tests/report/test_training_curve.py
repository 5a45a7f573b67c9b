from pathlib import Path

import pytest

from wfa.errors import RunError
from wfa.report.training_curve import read_history


def written(folder: Path, text: str) -> Path:
    path = folder / "history.csv"
    path.write_text(text)
    return path


def test_points_are_the_rows_that_have_both(tmp_path: Path) -> None:
    path = written(tmp_path, "step,epoch,loss,validation/mR\n1,0,2.5,\n2,0,,0.5\n3,1,1e-1,0.75\n")
    history = read_history(path)
    assert history.points("step", "loss") == [(1.0, 2.5), (3.0, 0.1)]
    assert history.points("epoch", "validation/mR") == [(0.0, 0.5), (1.0, 0.75)]
    assert history.points("step", "no such column") == []


def test_a_loss_that_is_not_finite_is_counted_and_left_out(tmp_path: Path) -> None:
    history = read_history(written(tmp_path, "step,epoch,loss\n1,0,nan\n2,0,inf\n3,0,1\n4,0,\n"))
    assert history.points("step", "loss") == [(3.0, 1.0)]
    assert history.not_finite("loss") == 2


def test_a_training_that_has_not_begun_has_no_points(tmp_path: Path) -> None:
    assert read_history(written(tmp_path, "step,epoch,loss\n")).points("step", "loss") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column step, epoch, loss"),
        ("step,loss\n1,2\n", "no column epoch; it has: step, loss"),
        ("step,epoch,loss\n1,0\n", "line 2: 2 cells, but the header has 3"),
        ("step,epoch,loss\n1,0,low\n", "column loss: 'low' is not a number"),
    ],
)
def test_a_broken_file_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        read_history(written(tmp_path, text))
