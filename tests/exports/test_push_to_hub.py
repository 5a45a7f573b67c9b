from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exports.hub import Hub, running_hub
from wfa.errors import UserError
from wfa.exports.export_run import export_run
from wfa.exports.push_to_hub import push


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub of this test, with a token of no worth."""
    with running_hub() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.address)
        monkeypatch.setenv("HF_TOKEN", "hf_of_no_worth")
        yield found


def test_the_whole_export_arrives(hub: Hub, attention_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = export_run(attention_run, out=out, repository="me/scenes")
    assert done.address == f"{hub.address}/me/scenes"
    arrived = hub.files["models/me/scenes"]
    assert arrived == {path.name: path.read_bytes() for path in out.iterdir()}
    assert {"README.md", "export.json", "open_clip_model.safetensors"} <= arrived.keys()
    assert hub.private["models/me/scenes"]


def test_features_are_a_data_set(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("of features", encoding="utf-8")
    assert push(tmp_path, "me/gallery", "dataset") == f"{hub.address}/datasets/me/gallery"
    assert hub.files["datasets/me/gallery"] == {"README.md": b"of features"}


def test_a_refusal_is_told_and_the_folder_stays(
    hub: Hub, attention_run: Path, tmp_path: Path
) -> None:
    hub.refuses = True
    with pytest.raises(UserError, match=r"is written, but .* 401 .*hf auth login"):
        export_run(attention_run, out=tmp_path / "out", repository="me/scenes")
    assert (tmp_path / "out" / "README.md").is_file()


@pytest.mark.parametrize("name", ["", "a/b/c", "no name"])
def test_a_name_that_is_none_is_told(hub: Hub, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="OWNER/NAME"):
        push(tmp_path, name)


def test_a_hub_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "hf_of_no_worth")
    with pytest.raises(UserError, match="could not be pushed"):
        push(tmp_path, "me/scenes")
