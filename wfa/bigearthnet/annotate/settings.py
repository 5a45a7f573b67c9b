"""The words of `wfa data annotate` read into what it is to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wfa.bigearthnet.annotate.annotator import Config
from wfa.bigearthnet.annotate.paraphrase import Config as Model
from wfa.config import build_options, parse_word
from wfa.errors import ConfigError

_FILES = ("maps", "metadata", "out")
_SECTIONS = ("annotate", "paraphrase")


class Request(NamedTuple):
    """What is asked for, in the order of the arguments of `annotate`."""

    maps: Path
    metadata: Path
    out: Path
    options: Config
    model: Model


def parse_request(words: Sequence[str]) -> Request:
    """Read `maps=DIR metadata=FILE out=FILE [KEY=VALUE ...]`.

    A plain key is one of the annotator's own: `seed=1` and `annotate.seed=1` are the same.

    Raises:
        ConfigError: A word is not KEY=VALUE, one of the three is missing, or a key or its type is
            wrong.
    """
    files: dict[str, Path] = {}
    sections: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    for word in words:
        key, value = parse_word(word)
        section, _, option = key.rpartition(".")
        if key in _FILES:
            files[key] = Path(word.partition("=")[2]).expanduser()
        elif section in ("", *_SECTIONS):
            sections[section or "annotate"][option] = value
        else:
            raise ConfigError(
                f"there is no key {key!r}; known are {', '.join(_FILES)}, annotate.KEY and "
                "paraphrase.KEY"
            )
    options = build_options(Config, sections["annotate"], "annotate")
    model = build_options(Model, sections["paraphrase"], "paraphrase")
    missing = [f"{key}={'DIR' if key == 'maps' else 'FILE'}" for key in _FILES if key not in files]
    if missing:
        raise ConfigError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: wfa data "
            "annotate maps=DIR metadata=FILE out=FILE"
        )
    return Request(**files, options=options, model=model)
