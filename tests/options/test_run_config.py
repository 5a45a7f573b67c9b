"""Config: precedence, switching plug-ins, and messages that name the nearest key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfa.errors import ConfigError
from wfa.options.recipes import config_folder, recipe_names
from wfa.options.run_config import PLUGIN_SECTIONS, resolve
from wfa.plugins.registry import names


def test_defaults_are_the_scenes_recipe() -> None:
    assert resolve() == resolve(["run=scenes"])
    assert resolve().data.name == "scenes"


def test_command_line_wins_over_recipe_over_dataclass() -> None:
    recipe = resolve(["run=ucm_frozen"])
    assert recipe.data.name == "ucm_captions"
    changed = resolve(["run=ucm_frozen", "train.epochs=3"])
    assert changed.train.epochs == 3
    assert changed.train.epochs != recipe.train.epochs
    assert changed.data == recipe.data


def test_switching_a_plugin_drops_the_old_ones_options() -> None:
    config = resolve(["aggregation=uniqueness", "aggregation.normalise=softmax"])
    assert config.aggregation.options.normalise == "softmax"
    assert not hasattr(resolve(["aggregation=mean"]).aggregation.options, "normalise")
    with pytest.raises(ConfigError, match=r"aggregation\.normalise"):
        resolve(["aggregation=mean", "aggregation.normalise=softmax"])


def test_an_option_means_the_chosen_plugin_whatever_the_order() -> None:
    words = ["aggregation.normalise=softmax", "aggregation=uniqueness"]
    assert resolve(words) == resolve(words[::-1])


def test_a_saved_config_gives_the_same_run(tmp_path: Path) -> None:
    config = resolve(["run=ucm_frozen", "aggregation=attention", "train.seed=7", "name=mine"])
    file = tmp_path / "config.yaml"
    file.write_text(config.as_yaml())
    again = resolve(file=file)
    assert again == config
    assert again.config_id == config.config_id


def test_config_id_ignores_the_name_and_nothing_else() -> None:
    plain = resolve()
    assert resolve(["name=other"]).config_id == plain.config_id
    assert resolve(["train.seed=1"]).config_id != plain.config_id


def test_a_config_from_before_there_were_models_means_clip(tmp_path: Path) -> None:
    config = resolve(["run=ucm_frozen"])
    text = config.as_yaml()
    assert "model:\n  name: clip\n" in text
    file = tmp_path / "config.yaml"
    file.write_text(text.replace("model:\n  name: clip\n", ""))
    assert resolve(file=file) == config
    assert resolve(["model=coca"]).config_id != resolve().config_id


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("train.epoch=3", "did you mean 'train.epochs'"),
        ("epochs=3", "did you mean 'train.epochs'"),
        ("trian.epochs=3", "did you mean 'train.epochs'"),
        ("aggregation.caption_droput=0.1", "did you mean 'aggregation.caption_dropout'"),
        ("zzz=1", "known: "),
        ("train.epochs=many", "train.epochs wants int, but is 'many'"),
        ("train.epochs=0", "train.epochs=0 must be at least 1"),
        ("train.cache=maybe", "train.cache wants bool"),
        ("aggregation=unique", "did you mean 'uniqueness'"),
        ("aggregation=zzz", "known: attention, "),
        ("run=ucm", "there is no run 'ucm'"),
        pytest.param(f"run={'ucm' * 200}", "there is no run", id="a long name"),
        pytest.param(f"retrieval.queries={'[' * 3000}", "cannot be read", id="a deep list"),
        ("aggregation.name=mean", "write aggregation=mean"),
        ("train.epochs", "is not KEY=VALUE"),
        ("train=fast", "there is no train 'fast'"),
        ("aggregation.caption_dropout=1", "must be in [0, 1)"),
    ],
)
def test_wrong_words_say_what_and_what_to_do(word: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        resolve([word])
    assert message in str(error.value)


def test_strings_are_no_flags() -> None:
    assert resolve(["train.cache=False"]).train.cache is False


@given(st.text(min_size=1).filter(lambda text: "=" not in text))
def test_any_word_is_understood_or_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        resolve([f"{text}=1"])


def test_a_recipe_and_a_file_are_refused_together(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose one"):
        resolve(["run=scenes"], tmp_path / "config.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n", "KEY: VALUE"),
        ("a: [", "cannot be read as YAML"),
        pytest.param("a: " + "[" * 3000, "nested too deeply", id="deep"),
        ("trian: {}\n", "did you mean 'train'"),
        ("train: 3\n", "train must be a name or KEY: VALUE"),
        ("name: x\n", "is not chosen"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        resolve(file=file)
    assert message in str(error.value)


@pytest.mark.parametrize("name", recipe_names("run"))
def test_every_shipped_recipe_resolves(name: str) -> None:
    assert resolve([f"run={name}"]).name == name


@pytest.mark.parametrize("section", PLUGIN_SECTIONS)
def test_every_shipped_section_file_belongs_to_a_choice(section: str) -> None:
    assert {path.stem for path in (config_folder() / section).glob("*.yaml")} <= set(names(section))


@pytest.mark.parametrize("section", PLUGIN_SECTIONS)
def test_every_choice_resolves_with_its_shipped_options(section: str) -> None:
    for name in names(section):
        assert getattr(resolve([f"{section}={name}"]), section).name == name
