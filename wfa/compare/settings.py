"""What a comparison is asked for: `configs/compare/NAME.yaml` and the words of the command line."""

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from wfa.config import parse_word
from wfa.errors import ConfigError
from wfa.recipes import read_yaml, recipe_values

DEFAULT = "scenes"
AXES: Mapping[str, str] = {
    "data": "data",
    "encoders": "encoder",
    "losses": "loss",
    "techniques": "aggregation",
}
"""What varies -> the config section that a bare word there chooses; techniques come last."""
BUDGETS: Mapping[str, str] = {
    "epochs": "train.epochs",
    "images": "train.max_images",
    "seconds": "train.max_seconds",
}
_MOST_PLACES = 1024
"""Workers and GPUs that a comparison may ask for."""

Words = tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """A comparison before its cells are made.

    Attributes:
        name: The recipe's name, or the file's.
        run: The recipe in `configs/run/` that every cell starts from.
        settings: `KEY=VALUE` words of every cell.
        axes: For `data`, `encoders`, `losses` and `techniques`: label -> words. Empty where the
            recipe's own choice stays, except for techniques.
        seeds: Each technique is trained once with each.
        budget: `epochs`, `images` or `seconds`, and how many; None leaves the run's epochs.
        split: The split that the statistics are about; selection is on validation always.
        alpha: Level of the tests, family-wise.
        against: A technique that is also tested against each other one in a family of its own.
        target: Validation mR for the cost to reach it; None chooses one.
        workers: Processes that run cells; 1 runs them in this process.
        devices: GPUs that the workers share in turn; empty for all that are there.
    """

    name: str
    techniques: Mapping[str, Words]
    run: str = "scenes"
    settings: Words = ()
    data: Mapping[str, Words] = field(default_factory=dict)
    encoders: Mapping[str, Words] = field(default_factory=dict)
    losses: Mapping[str, Words] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0, 1, 2)
    budget: tuple[str, float] | None = None
    split: str = "test"
    alpha: float = 0.05
    against: str | None = None
    target: float | None = None
    workers: int = 1
    devices: tuple[int, ...] = ()

    def axis(self, name: str) -> Mapping[str, Words]:
        """Return label -> words of an axis; one entry without words where it does not vary."""
        found: Mapping[str, Words] = getattr(self, name)
        return found or {"": ()}

    @property
    def request_id(self) -> str:
        """Ten hex digits that differ when anything but the name and the machine's keys differs."""
        values = {key: value for key, value in self.as_dict().items() if key != "name"}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON and YAML, without what names only the machine."""
        return {
            "name": self.name,
            "run": self.run,
            "settings": list(self.settings),
            **{axis: {key: list(words) for key, words in getattr(self, axis).items()}
               for axis in AXES},
            "seeds": list(self.seeds),
            "budget": {self.budget[0]: self.budget[1]} if self.budget else None,
            "split": self.split,
            "alpha": self.alpha,
            "against": self.against,
            "target": self.target,
        }  # fmt: skip


_KEYS = tuple(name for name in Request.__dataclass_fields__ if name != "name")


def parse_request(words: Sequence[str]) -> Request:
    """Read `compare=NAME`, `compare.KEY=VALUE` and settings for every cell.

    Args:
        words: `compare=NAME` reads `configs/compare/NAME.yaml`, `compare=FILE.yaml` that file;
            `compare.seeds=2` and the like change a key of it; every other word, such as
            `train.batch_size=64`, is a setting of all cells.

    Raises:
        ConfigError: A key, name or value is wrong; the message says which and what is known.
    """
    name, changes, settings = DEFAULT, {}, []
    for word in words:
        key, value = parse_word(word)
        if key == "compare":
            name = str(value)
        elif key.startswith("compare."):
            changes[key.removeprefix("compare.")] = value
        else:
            settings.append(word)
    values = _read(name)
    for key, value in changes.items():
        head, _, tail = key.partition(".")
        values[head] = {tail: value} if tail else value
    if values.get("budget") is not None:
        _check_no_budget(settings)
    values["settings"] = [*_words("settings", values.get("settings")), *settings]
    return _checked(Path(name).stem if _is_file(name) else name, values)


def _check_no_budget(settings: Sequence[str]) -> None:
    """Refuse settings that the budget of all cells would overrule."""
    for word in settings:
        for kind, key in BUDGETS.items():
            if word.partition("=")[0] == key:
                raise ConfigError(
                    f"{word!r} would change nothing: the comparison's budget says when cells "
                    f"stop; set compare.budget.{kind}=N"
                )


def _read(name: str) -> dict[str, Any]:
    return read_yaml(Path(name)) if _is_file(name) else recipe_values("compare", name)


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _checked(name: str, values: Mapping[str, Any]) -> Request:
    for key in values:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_KEYS)}"
            raise ConfigError(f"compare={name}: there is no key {key!r}; {hint}")
    axes = {axis: _axis(axis, values.get(axis), section) for axis, section in AXES.items()}
    if not axes["techniques"]:
        raise ConfigError(
            f"compare={name} names no techniques: add `techniques:` with LABEL: KEY=VALUE lines, "
            "such as `single: aggregation=single`"
        )
    against = values.get("against")
    target = values.get("target")
    return Request(
        name=name,
        run=str(values.get("run", Request.run)),
        settings=_words("settings", values.get("settings")),
        techniques=axes["techniques"],
        data=axes["data"],
        encoders=axes["encoders"],
        losses=axes["losses"],
        seeds=_seeds(values.get("seeds", Request.seeds)),
        budget=_budget(values.get("budget")),
        split=str(values.get("split", Request.split)),
        alpha=_number("alpha", values.get("alpha", Request.alpha), 0.0, 1.0),
        against=None if against is None else str(against),
        target=None if target is None else _number("target", target, 0.0, 1.0),
        workers=_whole("workers", values.get("workers", Request.workers), 1),
        devices=_devices(values.get("devices")),
    )


def _axis(axis: str, value: Any, section: str) -> dict[str, Words]:
    """Read a list of names, or a mapping label -> words; a bare word chooses the section."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        pairs = [(str(label), _words(f"{axis}.{label}", words)) for label, words in value.items()]
    elif isinstance(value, list) or (isinstance(value, str) and "," in value):
        value = value if isinstance(value, list) else value.split(",")
        pairs = [(str(one), _words(axis, str(one))) for one in value]
    else:
        pairs = [(str(value), _words(axis, str(value)))]
    found: dict[str, Words] = {}
    for label, words in pairs:
        if label in found:
            raise ConfigError(f"compare.{axis} has the label {label!r} twice: give each its own")
        found[label] = tuple(word if "=" in word else f"{section}={word}" for word in words)
    return found


def _words(key: str, value: Any) -> Words:
    """Split `A=1 B=2`, or take a list of words."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(shlex.split(value))
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise ConfigError(f"compare.{key} wants KEY=VALUE words or a list of them, but is {value!r}")


def _seeds(value: Any) -> tuple[int, ...]:
    """Read a number of seeds, counted from 0, or a list of them."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return tuple(range(value))
    if isinstance(value, list | tuple) and value and all(type(one) is int for one in value):
        if len(set(value)) < len(value):
            raise ConfigError(f"compare.seeds={list(value)} holds a seed twice")
        return tuple(value)
    raise ConfigError(
        f"compare.seeds={value!r} must be a number of seeds, or a list such as [0, 1, 2]"
    )


def _budget(value: Any) -> tuple[str, float] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or len(value) != 1 or next(iter(value)) not in BUDGETS:
        raise ConfigError(
            f"compare.budget={value!r} must be one of {', '.join(BUDGETS)}, such as "
            "`budget: {epochs: 30}`"
        )
    kind, amount = next(iter(value.items()))
    number = _number(f"budget.{kind}", amount, 0.0, 2.0**32)
    if number <= 0 or (kind != "seconds" and number != int(number)):
        raise ConfigError(f"compare.budget.{kind}={amount!r} must be a whole number above 0")
    return str(kind), number if kind == "seconds" else int(number)


def _devices(value: Any) -> tuple[int, ...]:
    """Read a list of GPUs, or the number of one; GPU 0 is one too."""
    if value is None:
        return ()
    named = value if isinstance(value, list) else [value]
    return tuple(_whole("devices", one, 0) for one in named)


def _whole(key: str, value: Any, low: int) -> int:
    if type(value) is not int or not low <= value <= _MOST_PLACES:
        raise ConfigError(
            f"compare.{key}={value!r} must be a whole number from {low} to {_MOST_PLACES}"
        )
    return value


def _number(key: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"compare.{key}={value!r} must be a number from {low:g} to {high:g}")
    return float(value)
