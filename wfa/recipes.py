"""Recipes: the YAML files that are shipped below `configs/`, and any other of their form."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from wfa.errors import ConfigError
from wfa.plugins import unknown

Values = dict[str, Any]


def recipe_names(kind: str) -> list[str]:
    """Return the shipped recipes of a kind (`run`, `compare`, `benchmark`), sorted."""
    return sorted(path.stem for path in (config_folder() / kind).glob("*.yaml"))


def recipe_summary(kind: str, name: str) -> str:
    """Return what a recipe says of itself: the comment that it opens with."""
    path = config_folder() / kind / f"{name}.yaml"
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def recipe_values(kind: str, name: str) -> Values:
    """Read `configs/<kind>/<name>.yaml`.

    Raises:
        ConfigError: There is no such recipe; the message lists the known ones.
    """
    path = config_folder() / kind / f"{name}.yaml"
    if not path.is_file():
        raise unknown(kind, str(name), recipe_names(kind))
    return read_yaml(path)


def read_yaml(path: Path) -> Values:
    """Read a YAML file that holds a mapping.

    Raises:
        ConfigError: The file is missing, is not YAML, or holds something else.
    """
    try:
        values = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no config file {path}") from error
    except Exception as error:  # PyYAML and OmegaConf share no base class
        raise ConfigError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold KEY: VALUE lines, but holds {type(values).__name__}")
    return {str(key): value for key, value in values.items()}


def config_folder() -> Path:
    """Return the folder of shipped configs: inside the installed wheel, or the repository's."""
    package = Path(__file__).parent
    shipped = package / "configs"
    return shipped if shipped.is_dir() else package.parent / "configs"
