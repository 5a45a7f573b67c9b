from pathlib import Path

import pytest

from wfa.errors import RunError
from wfa.options.run_config import resolve
from wfa.runs.run_folder import RunFolder


def test_an_overwritten_run_leaves_nothing_of_what_it_found(tmp_path: Path) -> None:
    """Stale results of another data set would be shown as the new run's."""
    folder = RunFolder(tmp_path / "run")
    with folder.locked():
        folder.claim(resolve(["run=scenes"]), overwrite=False)
        for name in ("metrics.json", "gallery.json", "classes.json", "run.json"):
            folder.write_json(name, {})
        (folder.path / "notes.txt").write_text("mine")
        folder.claim(resolve(["run=scenes", "train.seed=1"]), overwrite=True)
    left = {path.name for path in folder.path.iterdir()}
    assert left == {".lock", "config.yaml", "notes.txt"}


def test_what_ended_before_its_first_checkpoint_gives_its_place(tmp_path: Path) -> None:
    folder, other = RunFolder(tmp_path / "run"), resolve(["run=scenes", "train.seed=1"])
    with folder.locked():
        folder.claim(resolve(["run=scenes"]), overwrite=False)
        folder.claim(other, overwrite=False)
        assert folder.read_config() == other
        folder.config_file.write_text(f"# mine\n{other.as_yaml()}")
        with pytest.raises(RunError, match=r"holds another run"):
            folder.claim(resolve(["run=scenes"]), overwrite=False)
        folder.claim(other, overwrite=False)
        assert folder.config_file.read_text().startswith("# mine")
        folder.checkpoints.mkdir()
        folder.last_checkpoint.touch()
        with pytest.raises(RunError, match=r"holds another run \(train\.seed"):
            folder.claim(resolve(["run=scenes"]), overwrite=False)
