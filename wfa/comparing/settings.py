"""What `wfa compare` takes: a comparison, and settings of all its cells."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from wfa.errors import ConfigError
from wfa.options.limits import Options
from wfa.options.typed_options import list_items, typed

DEFAULT = "scenes"
AXES: Mapping[str, str] = {
    "data": "data",
    "encoders": "encoder",
    "losses": "loss",
    "techniques": "aggregation",
}
"""What varies -> the config section that a bare word there chooses; techniques come last."""
BUDGETS: Mapping[str, str] = {
    "epochs": "epochs",
    "images": "max_images",
    "seconds": "max_seconds",
}
"""Kind of budget -> the option of training that says when a cell stops."""
EXECUTORS = ("local", "submitit")
_MOST_PLACES = 1024
"""Workers and GPUs that a comparison may ask for."""

Words = tuple[str, ...]


def _words(value: Any, key: str) -> Words:
    """Split `A=1 B=2`, or take a list of words."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(shlex.split(value))
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise ConfigError(f"{key} wants KEY=VALUE words or a list of them, but is {value!r}")


def _axis(section: str, value: Any, key: str) -> dict[str, Words]:
    """Read a list of names, or a mapping label -> words; a bare word chooses the section."""
    if isinstance(value, Mapping):
        pairs = [(str(label), _words(words, f"{key}.{label}")) for label, words in value.items()]
    else:
        names = [] if value is None else list_items(value, key)
        pairs = [(str(name), _words(name, key)) for name in names]
    found: dict[str, Words] = {}
    for label, words in pairs:
        if label in found:
            raise ConfigError(f"{key} has the label {label!r} twice: give each its own")
        found[label] = tuple(word if "=" in word else f"{section}={word}" for word in words)
    return found


def _seeds(value: Any, key: str) -> tuple[int, ...]:
    """Read a number of seeds, counted from 0, or a list of them."""
    one = isinstance(value, str) and value.strip().isdecimal()
    seeds = tuple(typed(int, item, key) for item in list_items(value, key))
    if one:
        seeds = tuple(range(seeds[0]))
    if not seeds:
        raise ConfigError(
            f"{key}={value} must be a number of seeds above 0, or a list such as [0, 1, 2]"
        )
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"{key}={list(seeds)} holds a seed twice")
    return seeds


def _budget(value: Any, key: str) -> tuple[str, float] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or len(value) != 1 or next(iter(value)) not in BUDGETS:
        raise ConfigError(
            f"{key}={value!r} must be one of {', '.join(BUDGETS)}, such as `budget: {{epochs: 30}}`"
        )
    kind, amount = next(iter(value.items()))
    number = typed(float, amount, f"{key}.{kind}")
    if not 0 < number < 2**32 or (kind != "seconds" and number != int(number)):
        raise ConfigError(f"{key}.{kind}={amount} must be a whole number above 0")
    return str(kind), number if kind == "seconds" else int(number)


def _varies(section: str) -> Any:
    return field(default_factory=dict, metadata={"read": partial(_axis, section)})


@dataclass(frozen=True)
class SlurmOptions(Options):
    """What a job asks SLURM for.

    Attributes:
        partition: Where it runs; empty for the cluster's own choice.
        account: Who pays; empty for the cluster's own choice.
        minutes: When it is ended, finished or not; the same command goes on from there.
        cpus: Cores.
        gpus: GPUs.
        memory_gb: Memory in GB; 0 for the cluster's own choice.
    """

    section: ClassVar[str] = "compare.slurm"

    partition: str = ""
    account: str = ""
    minutes: int = field(default=24 * 60, metadata={"at_least": 1})
    cpus: int = field(default=4, metadata={"at_least": 1})
    gpus: int = field(default=0, metadata={"at_least": 0})
    memory_gb: float = field(default=0.0, metadata={"at_least": 0, "below": 2**32})


@dataclass(frozen=True)
class Request(Options):
    """A comparison before its cells are made.

    Attributes:
        techniques: Label -> words: what is compared. Words such as `aggregation=mean`, or a bare
            name of a technique.
        run: The recipe in `configs/run/` that every cell starts from.
        settings: `KEY=VALUE` words of every cell.
        data: Label -> words, likewise; empty where the recipe's own choice stays.
        encoders: The same of encoders.
        losses: The same of losses.
        seeds: Each technique is trained once with each: a list, or how many from 0.
        budget: `epochs`, `images` or `seconds`, and how many; None leaves the run's epochs.
        split: The split that the statistics are about; selection is on validation always.
        alpha: Level of the tests, family-wise.
        against: A technique that is also tested against each other one in a family of its own.
        target: Validation mR for the cost to reach it; None chooses one.
        executor: Who runs cells: `local`, this machine; `submitit`, jobs of a SLURM cluster.
        workers: Processes, or jobs, that run cells at once; 1 runs them in this process.
        slurm: What a job asks the cluster for.
        devices: GPUs that the workers share in turn; empty for all that are there.
        name: The recipe's name, or the file's.
    """

    section: ClassVar[str] = "compare"

    techniques: Mapping[str, Words] = _varies("aggregation")
    run: str = "scenes"
    settings: Words = field(default=(), metadata={"read": _words})
    data: Mapping[str, Words] = _varies("data")
    encoders: Mapping[str, Words] = _varies("encoder")
    losses: Mapping[str, Words] = _varies("loss")
    seeds: tuple[int, ...] = field(default=(0, 1, 2), metadata={"read": _seeds})
    budget: tuple[str, float] | None = field(default=None, metadata={"read": _budget})
    split: str = "test"
    alpha: float = field(default=0.05, metadata={"at_least": 0, "at_most": 1})
    against: str | None = None
    target: float | None = field(default=None, metadata={"at_least": 0, "at_most": 1})
    workers: int = field(default=1, metadata={"at_least": 1, "at_most": _MOST_PLACES})
    devices: tuple[int, ...] = field(default=(), metadata={"at_least": 0, "at_most": _MOST_PLACES})
    executor: str = field(default="local", metadata={"one_of": EXECUTORS})
    slurm: SlurmOptions = field(default_factory=SlurmOptions)
    name: str = field(default=DEFAULT, metadata={"filled": "choice"})

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.techniques:
            raise ConfigError(
                f"compare={self.name} names no techniques: add `techniques:` with LABEL: KEY=VALUE "
                "lines, such as `single: aggregation=single`"
            )
        for word in self.settings if self.budget is not None else ():
            _refuse_budget(word)

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


def _refuse_budget(word: str) -> None:
    """Refuse a setting that the budget of all cells would overrule."""
    for kind, option in BUDGETS.items():
        if word.partition("=")[0] == f"train.{option}":
            raise ConfigError(
                f"{word!r} would change nothing: the comparison's budget says when cells stop; "
                f"set compare.budget.{kind}=N"
            )


@dataclass(frozen=True)
class CompareSettings:
    """What `wfa compare` takes.

    Attributes:
        compare: The comparison.
        out: Its folder; `runs/compare-<name>-<id>` unless given.
        settings: Settings of every cell, above those of the recipe.
    """

    compare: Request = field(metadata={"choice": DEFAULT})
    out: Path | None = None
    settings: Words = field(default=(), metadata={"words": "rest"})

    def request(self) -> Request:
        """Return the comparison with the settings of every cell.

        Raises:
            ConfigError: A setting would change nothing beside the comparison's budget.
        """
        return replace(self.compare, settings=(*self.compare.settings, *self.settings))
