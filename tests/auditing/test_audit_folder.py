from pathlib import Path

import pytest

from wfa.auditing.audit_folder import asked_settings, check_folder, write_audit
from wfa.auditing.dataset_audit import audit
from wfa.captions.options import UniquenessOptions
from wfa.errors import RunError
from wfa.options.option_classes import read_choice

FEW = {"train_images": 4, "validation_images": 0, "test_images": 2}
SCENES = read_choice("data", "scenes", FEW)
OTHER = read_choice("data", "scenes", {**FEW, "train_images": 5})
ASKED = asked_settings(SCENES, None, False, UniquenessOptions())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an audit of few scenes, without their images."""
    write_audit(audit(SCENES, images=False), tmp_path)
    return tmp_path


def test_the_same_is_audited_again(folder: Path) -> None:
    check_folder(folder, ASKED)
    check_folder(folder / "new", ASKED)


@pytest.mark.parametrize(
    ("asked", "difference"),
    [
        (asked_settings(OTHER, None, False, UniquenessOptions()),
         "data.train_images is 4 there and 5 here"),
        (asked_settings(SCENES, OTHER, False, UniquenessOptions()), "against"),
        (asked_settings(SCENES, None, True, UniquenessOptions()),
         "images is False there and True here"),
        (asked_settings(SCENES, None, False, UniquenessOptions(duplicates="keep")),
         "uniqueness.duplicates is 'merge' there and 'keep' here"),
    ],
)  # fmt: skip
def test_an_audit_of_other_settings_is_kept(
    folder: Path, asked: dict[str, object], difference: str
) -> None:
    with pytest.raises(RunError, match=rf"holds another audit \({difference}.*--overwrite"):
        check_folder(folder, asked)
    check_folder(folder, asked, overwrite=True)


def test_a_file_that_is_no_audit_is_kept(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_text("{}")
    with pytest.raises(RunError, match="has no settings: add --overwrite"):
        check_folder(tmp_path, ASKED)
    (tmp_path / "audit.json").write_text("no JSON")
    with pytest.raises(RunError, match="--overwrite"):
        check_folder(tmp_path, ASKED)
