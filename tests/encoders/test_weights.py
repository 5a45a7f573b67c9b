"""Checkpoints that fit are loaded; for the others the message says what does not."""

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from tests.encoders.tiny_clips import clip, rows
from wfa.encoders import weights
from wfa.encoders.weights import build_model, load_checkpoint
from wfa.errors import ModelError


@pytest.fixture
def other() -> Any:
    """A model of the same architecture with other weights."""
    model = clip()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    return model


@pytest.mark.parametrize("form", ["w.safetensors", "w.pt", "wrapped.pt", "module.pt"])
def test_every_form_of_checkpoint_loads(tmp_path: Path, other: Any, form: str) -> None:
    state = {key: value.contiguous() for key, value in other.state_dict().items()}
    path = tmp_path / form
    if form == "w.safetensors":
        save_file(state, path)
    elif form == "wrapped.pt":
        torch.save({"epoch": 3, "state_dict": state}, path)
    elif form == "module.pt":
        torch.save({f"module.{key}": value for key, value in state.items()}, path)
    else:
        torch.save(state, path)
    model = clip()
    load_checkpoint(model, path, "tiny")
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def wrapped(state: dict[str, Any]) -> dict[str, Any]:
    """The same weights as training programs keep them."""

    def behind(prefix: str) -> dict[str, Any]:
        return {f"{prefix}{key}": value for key, value in state.items()}

    return {
        "model": {"model": state, "optimizer": {"state": {}, "param_groups": []}, "epoch": 3},
        "nested": {"state_dict": {"model": behind("module.")}},
        "prefix": {"state_dict": behind("model.")},
        "compiled": {"state_dict": behind("_orig_mod.")},
        "both": behind("module._orig_mod.model."),
        "parts": {key.replace("visual.", "visual._orig_mod."): v for key, v in state.items()},
        "numbers": {**state, "epoch": 3, "note": "from a laptop"},
        "alone": {"anything": state},
        "half": {key: value.half() for key, value in state.items()},
    }


@pytest.mark.parametrize(
    "kind",
    ["model", "nested", "prefix", "compiled", "both", "parts", "numbers", "alone", "half"],
)
@pytest.mark.parametrize("suffix", [".pt", ".bin", ".ckpt"])
def test_wrapped_checkpoints_load(tmp_path: Path, other: Any, kind: str, suffix: str) -> None:
    state = other.state_dict()
    torch.save(wrapped(state)[kind], tmp_path / f"w{suffix}")
    model = clip()
    load_checkpoint(model, tmp_path / f"w{suffix}", "tiny")
    tolerance = 1e-2 if kind == "half" else 0
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, state[key], rtol=tolerance, atol=tolerance)


def test_safetensors_load_whatever_the_file_is_called(tmp_path: Path, other: Any) -> None:
    save_file({f"model.{k}": v for k, v in other.state_dict().items()}, tmp_path / "w.bin")
    model = clip()
    load_checkpoint(model, tmp_path / "w.bin", "tiny")
    assert torch.equal(model.text_projection, other.text_projection)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], "holds a list, wanted a state dict"),
        (torch.zeros(3), "holds a tensor, wanted a state dict"),
        (3, "holds a int"),
        ({}, "holds nothing, wanted"),
        ({"epoch": 3, "seed": 1}, "holds epoch, seed, wanted"),
        ({"teacher": {"w": torch.zeros(1)}, "student": {"w": torch.zeros(1)}},
         "holds teacher, student, wanted"),
    ],
)  # fmt: skip
def test_what_holds_no_weights_is_named(tmp_path: Path, content: Any, words: str) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=words):
        load_checkpoint(clip(), tmp_path / "w.pt", "tiny")


def test_positions_are_never_squeezed(tmp_path: Path) -> None:
    for model, words in (
        (clip(context_length=40), "has 40 text positions and tiny has 12"),
        (clip(context_length=6), "has 6 text positions and tiny has 12"),
    ):
        torch.save(model.state_dict(), tmp_path / "w.pt")
        with pytest.raises(ModelError, match=words):
            load_checkpoint(clip(), tmp_path / "w.pt", "tiny")
    state = clip().state_dict()
    state["visual.positional_embedding"] = torch.zeros(10, 32)
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="has 10 image positions and tiny has 5"):
        load_checkpoint(clip(), tmp_path / "w.pt", "tiny")


def test_weights_of_openai_want_their_activation(tmp_path: Path, other: Any) -> None:
    notes = {"input_resolution": 16, "context_length": 12, "vocab_size": 60}
    sizes = {key: torch.tensor(value) for key, value in notes.items()}
    torch.save({**other.state_dict(), **sizes}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"QuickGELU.*set encoder\.model=tiny-quickgelu"):
        load_checkpoint(clip(), tmp_path / "w.pt", "tiny")
    model = clip(quick_gelu=True)
    load_checkpoint(model, tmp_path / "w.pt", "tiny-quickgelu")
    assert torch.equal(model.text_projection, other.text_projection)


@pytest.fixture
def hub_clip(tmp_path: Path) -> Any:
    """A `CLIPModel` of transformers of the same sizes, saved with its config."""
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 32, "intermediate_size": 128, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        projection_dim=16,
        vision_config={**sizes, "num_hidden_layers": 1, "image_size": 16, "patch_size": 8},
        text_config={**sizes, "num_hidden_layers": 3, "vocab_size": 60, "eos_token_id": 59,
                     "bos_token_id": 58, "max_position_embeddings": 12},
    )  # fmt: skip
    torch.manual_seed(1)
    model = transformers.CLIPModel(config).eval()
    model.save_pretrained(tmp_path / "hub")
    return model


def test_a_clip_of_transformers_computes_the_same(hub_clip: Any, tmp_path: Path) -> None:
    model, tokens = clip(quick_gelu=True).eval(), rows([4, 12, 9], lowest=1)
    load_checkpoint(model, tmp_path / "hub" / "model.safetensors", "tiny-quickgelu")
    pictures = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        found = hub_clip(input_ids=tokens, pixel_values=pictures)
        ours = (model.encode_image(pictures, True), model.encode_text(tokens, True))
    torch.testing.assert_close(ours[0], found.image_embeds, rtol=0, atol=1e-5)
    torch.testing.assert_close(ours[1], found.text_embeds, rtol=0, atol=1e-5)
    assert torch.equal(model.logit_scale, hub_clip.logit_scale)


def test_the_config_beside_it_says_its_activation(hub_clip: Any, tmp_path: Path) -> None:
    path = tmp_path / "hub" / "model.safetensors"
    with pytest.raises(ModelError, match=r"trained with QuickGELU.*encoder\.model=tiny-quickgelu"):
        load_checkpoint(clip(), path, "tiny")
    hub_clip.config.text_config.hidden_act = hub_clip.config.vision_config.hidden_act = "gelu"
    hub_clip.config.save_pretrained(path.parent)
    with pytest.raises(ModelError, match=r"trained with GELU.*encoder\.model=tiny$"):
        load_checkpoint(clip(quick_gelu=True), path, "tiny-quickgelu")
    (path.parent / "config.json").write_text("[]")
    with pytest.raises(ModelError, match=r"config\.json is not that of a CLIPModel"):
        load_checkpoint(clip(), path, "tiny")
    towers = {"text_config": {"hidden_act": "gelu"}, "vision_config": {"hidden_act": "gelu_new"}}
    (path.parent / "config.json").write_text(json.dumps(towers))
    with pytest.raises(ModelError, match="the activation gelu and gelu_new"):
        load_checkpoint(clip(), path, "tiny")
    (path.parent / "config.json").unlink()
    with pytest.raises(ModelError, match="has 12 text positions and tiny has 20"):
        load_checkpoint(clip(context_length=20), path, "tiny")


def test_other_programs_are_named(tmp_path: Path, other: Any) -> None:
    torch.save({"vision_model.embeddings.class_embedding": torch.zeros(3)}, tmp_path / "hf.pt")
    with pytest.raises(ModelError, match="Hugging Face's transformers"):
        load_checkpoint(clip(), tmp_path / "hf.pt", "tiny")
    mixed = {f"model.{key}": value for key, value in other.state_dict().items()}
    torch.save({**mixed, "loss.scale": torch.zeros(1)}, tmp_path / "mixed.pt")
    with pytest.raises(ModelError, match=r"begin with 'model\.'"):
        load_checkpoint(clip(), tmp_path / "mixed.pt", "tiny")


def test_a_folder_is_told_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"set encoder\.model=local-dir:{tmp_path} and leave"):
        build_model("ViT-B-32", str(tmp_path))


def test_another_architecture_is_named_by_its_first_differences(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file(clip(vocab_size=50).state_dict(), path)
    with pytest.raises(ModelError, match=r"token_embedding\.weight is 50 x 32, wanted 60 x 32"):
        load_checkpoint(clip(), path, "tiny")
    save_file(clip(layers=2).state_dict(), path)
    message = r"no checkpoint of tiny: transformer\.resblocks\.2\.ln_1\.weight is missing; .* more"
    with pytest.raises(ModelError, match=message):
        load_checkpoint(clip(), path, "tiny")
    save_file({**clip().state_dict(), "head.bias": torch.zeros(3)}, path)
    with pytest.raises(ModelError, match=r"head\.bias is unknown"):
        load_checkpoint(clip(), path, "tiny")


@pytest.mark.parametrize("content", ["objects.pt", "junk.pt", "junk.safetensors", "empty.pt"])
def test_what_is_no_checkpoint_is_never_unpickled(tmp_path: Path, content: str) -> None:
    path = tmp_path / content
    path.write_bytes(b"no weights" if "junk" in content else b"")
    if content == "objects.pt":
        torch.save({"state_dict": clip().state_dict(), "path": Path("x")}, path)
    with pytest.raises(ModelError, match="cannot be read as weights"):
        load_checkpoint(clip(), path, "tiny")


def test_unknown_names_list_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"no open_clip model 'ViT-B-33'; nearest: ViT-B-32"):
        build_model("ViT-B-33", "")
    with pytest.raises(ModelError, match=r"tag of ViT-B-32 'openia'; nearest: openai"):
        build_model("ViT-B-32", "openia")
    with pytest.raises(ModelError, match=r"weights/none\.pt: there is no such file"):
        build_model("ViT-B-32", "weights/none.pt")
    with pytest.raises(ModelError, match=r"cannot be loaded: Directory .* not found"):
        build_model("local-dir:/no/such/folder", "")
    with pytest.raises(ModelError, match=r"leave encoder\.pretrained empty"):
        build_model("local-dir:/no/such/folder", "openai")


def test_weights_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(weights, "download_pretrained", fail)
    with pytest.raises(ModelError, match=r"no route to host.*encoder\.pretrained=FILE"):
        build_model("ViT-B-32", "laion2b_e16")


def test_a_tokenizer_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(open_clip, "get_tokenizer", fail)
    with pytest.raises(ModelError, match="no route to host"):
        weights.build_tokenizer("ViT-B-16-SigLIP")


def test_the_activation_follows_the_weights() -> None:
    with pytest.raises(ModelError, match=r"set encoder\.model=ViT-B-32$"):
        weights._match_activation("ViT-B-32-quickgelu", "t", {"quick_gelu": True}, {"url": ""})
    config: dict[str, Any] = {}
    weights._match_activation("ViT-B-32", "openai", config, {"quick_gelu": True})
    assert config == {"quick_gelu": True}


def test_local_weights_take_the_preprocessing_that_all_tags_share() -> None:
    assert weights._common_preprocess("ViT-B-16-SigLIP")["mean"] == (0.5, 0.5, 0.5)
    assert weights._common_preprocess("no model") == {}
