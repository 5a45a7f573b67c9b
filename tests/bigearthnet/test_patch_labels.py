"""The classes of patches are those of the metadata; an image may have several of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bigearthnet.made import names
from tests.search.conftest import SMALL
from wfa.bigearthnet.archives import METADATA
from wfa.bigearthnet.patch_labels import LABEL_WORDS, patch_labels
from wfa.bigearthnet.sets.bigearthnet_txt import BigEarthNetTxt, Config
from wfa.errors import DataError
from wfa.options.run_config import resolve
from wfa.runs.untrained_run import evaluate_untrained
from wfa.tasks.classification.class_options import ClassOptions
from wfa.tasks.classification.classify_run import classify_run

LABELS: tuple[list[str], ...] = (["Pastures", "Inland waters"], ["Pastures"], [])


def write_metadata(folder: Path, labels: Any = LABELS) -> None:
    rows = [
        {"patch_id": names(pair)[0], "labels": own, "contains_seasonal_snow": False,
         "contains_cloud_or_shadow": False}
        for pair, own in enumerate(labels)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / METADATA[0])


@pytest.fixture
def labelled(made: Path, tmp_path: Path) -> Path:
    """The made data set with an own folder of imagery that has metadata."""
    link = made.parent / "bigearthnet_v2"
    imagery = link.resolve()
    link.unlink()
    link.mkdir()
    for one in imagery.iterdir():
        (link / one.name).symlink_to(one)
    write_metadata(link)
    return made


def test_labels_are_those_of_the_metadata(labelled: Path) -> None:
    dataset = BigEarthNetTxt(Config(root=str(labelled)), "test")
    assert len(dataset.classes) == 19
    found = {
        record.image: [dataset.classes[place] for place in dataset.labels(index)]
        for index, record in enumerate(dataset.records)
    }
    assert sorted(found.values()) == [["pastures"], ["pastures", "inland waters"]]
    write_metadata(labelled.parent / "bigearthnet_v2", [["Pasture"], [], []])
    with pytest.raises(DataError, match="'Pasture', which is none of the 19 classes"):
        BigEarthNetTxt(Config(root=str(labelled)), "test").labels(0)


def test_without_metadata_no_class_is_known(made: Path) -> None:
    dataset = BigEarthNetTxt(Config(root=str(made)), "test")
    assert dataset.classes == ()
    assert dataset.labels(0) == ()
    assert patch_labels(made, ["a"]) == {}


def test_several_classes_of_an_image_are_measured_by_average_precision(
    labelled: Path, tmp_path: Path, cache_dir: Path
) -> None:
    own = [word for word in SMALL if not word.startswith("data")]
    words = [*own, "data=bigearthnet_txt", f"data.root={labelled}", "data.bands=rgb"]
    run = evaluate_untrained(resolve(words), tmp_path / "run").path
    content, _ = classify_run(run, "classification", options=ClassOptions(k=1))
    assert set(content["metrics"]) == {"mAP", "mAP@1"}
    by_name = {row["class"]: row for row in content["classes"]}
    assert list(by_name) == list(LABEL_WORDS)
    assert by_name["pastures"]["images"] == 2 and by_name["inland waters"]["images"] == 1
    assert by_name["pastures"]["AP"] == 1.0  # every image is right
    assert by_name["inland waters"]["AP"] in (0.5, 1.0)
    assert by_name["urban fabric"]["AP"] is None
    known = [by_name[name]["AP"] for name in ("pastures", "inland waters")]
    assert content["metrics"]["mAP"] == pytest.approx(np.mean(known))
