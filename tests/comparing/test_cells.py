"""The grid: every combination once, one budget for all."""

from collections.abc import Callable
from typing import Any

import pytest

from wfa.comparing.cells import grid
from wfa.comparing.settings import CompareSettings, Request
from wfa.errors import ConfigError
from wfa.options.read_settings import read_settings
from wfa.options.recipes import recipe_names

Make = Callable[..., Request]


def test_every_combination_once(request_of: Make) -> None:
    cells = grid(
        request_of(
            data={"few": "data=scenes data.redundancy=0.0", "many": "data=scenes"},
            losses=["info_nce", "sigmoid"], budget={"epochs": 2},
        )
    )  # fmt: skip
    assert len(cells) == 2 * 2 * 2 * 2
    assert len({cell.folder for cell in cells}) == len(cells)
    first = cells[0]
    assert (first.data, first.label, first.seed, first.folder) == (
        "few", "single · info_nce", 0, "few-single-info_nce-s0",
    )  # fmt: skip
    assert first.config.data.options.redundancy == 0.0
    assert {cell.config.train.seed for cell in cells} == {0, 1}
    assert {cell.config.train.epochs for cell in cells} == {2}
    assert [cell.seed for cell in cells] == sorted(cell.seed for cell in cells)
    assert {cell.seed for cell in cells if cell.probed} == {0}


def test_a_technique_goes_before_the_settings_of_all(request_of: Make) -> None:
    cells = grid(request_of("train.lr=0.5", techniques={"a": "single", "b": "mean train.lr=0.25"}))
    assert [cell.config.train.lr for cell in cells[:2]] == [0.5, 0.25]


@pytest.mark.parametrize(
    ("budget", "wanted"),
    [({"images": 500}, (500, 0.0)), ({"seconds": 2.5}, (0, 2.5)), ({"epochs": 4}, (0, 0.0))],
)
def test_budgets(request_of: Make, budget: dict[str, Any], wanted: tuple[int, float]) -> None:
    options = grid(request_of(budget=budget))[0].config.train
    assert (options.max_images, options.max_seconds) == wanted


def test_one_config_under_two_labels_is_two_cells(request_of: Make) -> None:
    one, other, *_ = grid(request_of(techniques={"a": "single", "b": "single"}))
    assert one.config.config_id == other.config.config_id
    assert one.folder != other.folder


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"techniques": {"a": "single", "b": "mean train.epochs=99"}}, "the same budget"),
        ({"techniques": {"a b": "single", "a-b": "mean"}}, "the same folder"),
        ({"techniques": {"a": "single train.seed=3"}}, "seeds are given by compare.seeds"),
        ({"techniques": {"a": "best"}}, "there is no aggregation 'best'"),
        ({"techniques": {"a": "single train.epoch=3"}}, "did you mean 'train.epochs'"),
        ({"against": "median"}, "none of the techniques: single, mean"),
    ],
)
def test_mistakes_are_named(request_of: Make, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        grid(request_of(**values))


@pytest.mark.parametrize("name", recipe_names("compare"))
def test_shipped_recipes_make_a_grid(name: str) -> None:
    request = read_settings(CompareSettings, [f"compare={name}"]).request()
    cells = grid(request)
    several = max(1, len(request.data))
    assert len(cells) == several * len(request.techniques) * len(request.seeds)


@pytest.mark.parametrize("place", ["settings", "technique"])
def test_a_comparison_counts_ties_by_one_rule(request_of: Make, place: str) -> None:
    word = "retrieval.ties=expected"
    asked = request_of(word) if place == "settings" else request_of(techniques={"a": word})
    with pytest.raises(ConfigError, match=r"sets retrieval\.ties=expected: .* worst alone"):
        grid(asked)
    assert grid(request_of("retrieval.ties=worst"))
