"""Recipes: the YAML files that are shipped below `configs/`, and any other of their form.

Every value in a file is text until the type of its option is known, as a word of the command line
is: `root: 2024_01_05` names the folder 2024_01_05, and `${x}` is four characters.
"""

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from wfa.errors import ConfigError, unknown

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
    """Read `configs/<kind>/<name>.yaml`, or the file itself where `name` is one.

    Args:
        kind: `run`, `compare`, `benchmark`, or a config section.
        name: A shipped recipe, or the path of a file that ends in `.yaml` or `.yml`.

    Raises:
        ConfigError: There is no such recipe; the message lists the known ones.
    """
    if name.endswith((".yaml", ".yml")):
        return read_yaml(Path(name))
    if name not in recipe_names(kind):
        raise unknown(kind, name, recipe_names(kind))
    return read_yaml(config_folder() / kind / f"{name}.yaml")


def read_yaml(path: Path) -> Values:
    """Read a YAML file that holds a mapping; every value is text, None, a list or a mapping.

    Raises:
        ConfigError: The file is missing, is not YAML, or holds something else.
    """
    try:
        return from_yaml(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no config file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as YAML: {error}") from error


def from_yaml(text: str, where: str) -> Values:
    """Read YAML that holds a mapping, as `read_yaml` does.

    Args:
        text: The YAML.
        where: Where it is from, for the message.

    Raises:
        ConfigError: It is not YAML, or holds something else.
    """
    try:
        values = yaml.load(text, Loader=_AsWritten)
    except RecursionError as error:
        raise ConfigError(f"{where} cannot be read as YAML: it is nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{where} cannot be read as YAML: {error}") from error
    if not isinstance(values, dict):
        kind = "nothing" if values is None else type(values).__name__
        raise ConfigError(f"{where} must hold KEY: VALUE lines, but holds {kind}")
    return {str(key): value for key, value in values.items()}


def to_yaml(values: Values, sort_keys: bool = False) -> str:
    """Write plain values as YAML; `from_yaml` gives them back, numbers and truths as text."""
    text: str = yaml.dump(
        values, Dumper=_Exact, default_flow_style=False, allow_unicode=True, sort_keys=sort_keys
    )
    return text


def config_folder() -> Path:
    """Return the folder of shipped configs: inside the installed wheel, or the repository's."""
    package = Path(__file__).parents[1]
    shipped = package / "configs"
    return shipped if shipped.is_dir() else package.parent / "configs"


class _Exact(yaml.SafeDumper):  # type: ignore[misc]  # yaml has no types
    """Writes text so that it is read back letter by letter."""

    def represent_str(self, data: str) -> Any:
        """Put text in double quotes that has line breaks only YAML knows: it would fold them."""
        style = '"' if re.search("[\x85\u2028\u2029\ufeff]", data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Exact.add_representer(str, _Exact.represent_str)


class _AsWritten(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Reads scalars as the text that they are, null as None; a key that stands twice is refused."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a mapping that would lose a value."""
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading", node.start_mark, f"found duplicate key {key.value}",
                    key.start_mark,
                )  # fmt: skip
            seen.add(key.value)
        values: dict[Any, Any] = super().construct_mapping(node, deep)
        return values


_AsWritten.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_AsWritten.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])
