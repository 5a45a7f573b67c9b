import numpy as np
import pytest

from tests.search.benchmark.made import unit
from wfa.errors import ConfigError
from wfa.search.benchmark.families import FAMILIES, family, lists_for, parts_for
from wfa.search.indexes.factory import new_index, set_parameters, train_index


@pytest.mark.slow
@pytest.mark.parametrize("width", [16, 24, 30])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_built_and_every_point_can_be_set(name: str, width: int) -> None:
    gallery = unit(1200, width)
    made = family(name, len(gallery), width)
    for rerank in ("none", "fp16"):
        index = new_index(made.factory, width, rerank)
        train_index(index, gallery)
        index.add(gallery)
        for point in made.points(rerank):
            set_parameters(index, point)
        assert np.isfinite(index.search(gallery[:2], 3)[0]).all()


def test_lists() -> None:
    assert [lists_for(count) for count in (0, 1, 20, 400, 100_000, 1_000_000)] == [
        1, 1, 1, 16, 512, 2048,
    ]  # fmt: skip


def test_parts_divide() -> None:
    assert [parts_for(*x) for x in ((512, 64), (384, 48), (30, 8), (7, 3), (5, 0))] == [
        64, 48, 6, 1, 1,
    ]  # fmt: skip


def test_reranking_with_no_more_than_the_codes_have_is_left_out() -> None:
    kept = {
        name: [r for r in ("none", "fp16", "fp32") if family(name, 1000, 16).reranks_with(r)]
        for name in ("flat", "sqfp16", "sq8", "ivf_flat", "hnsw")
    }
    assert kept == {
        "flat": ["none"], "sqfp16": ["none", "fp32"], "sq8": ["none", "fp16", "fp32"],
        "ivf_flat": ["none"], "hnsw": ["none"],
    }  # fmt: skip


def test_a_factory_string_is_a_family() -> None:
    assert family("IVF64,SQ4", 10_000, 16).points("none")[0] == {"nprobe": 1}
    assert family("HNSW16", 10_000, 16).points("fp16")[0] == {"efSearch": 16, "k_factor_rf": 4}
    assert family("SQ4", 10_000, 16).points("none") == [{}]
    with pytest.raises(ConfigError, match="did you mean 'hnsw'"):
        family("hnws", 10, 16)
