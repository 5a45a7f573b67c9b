"""The `retrieval` section of a run's config."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, ClassVar

from wfa.errors import ConfigError
from wfa.options.limits import Options
from wfa.retrieval.ties import EXPECTED, WORST

PROTOCOLS = ("strict", "duplicate_aware", "unique_query")
QUERIES = ("single", "aggregated")
AS_IS, CAPITALISE = CASES = ("as_is", "capitalise")
"""How captions are written when they are encoded for evaluation."""
REPORTED = (WORST, EXPECTED)
"""The rules of ties under which `metrics.json` has every figure."""


@dataclass(frozen=True)
class Config(Options):
    """How a run is evaluated.

    Attributes:
        protocols: Which of `strict`, `duplicate_aware`, `unique_query` to report
            (`wfa.retrieval.protocols` defines them).
        queries: Which of `single`, `aggregated` to ask with.
        chunk: Images scored against all captions at once. Memory is about 9 bytes x `chunk` x
            captions; the results are the same for every value.
        ties: The rule of ties under which checkpoints are selected and tables are shown; see
            `wfa.retrieval.ranks`. Files hold `worst` and `expected`.
        caption_case: `as_is`, or `capitalise`: the first letter large and all others small, as
            RemoteCLIP's code writes captions. Changes the figures, not which captions are equal.
        prompt: Stands before each caption, with a space between.
    """

    section: ClassVar[str] = "retrieval"

    protocols: tuple[str, ...] = field(
        default=PROTOCOLS, metadata={"one_of": PROTOCOLS, "not_empty": True}
    )
    queries: tuple[str, ...] = field(
        default=QUERIES, metadata={"one_of": QUERIES, "not_empty": True}
    )
    chunk: int = field(default=128, metadata={"at_least": 1})
    ties: str = field(default=WORST, metadata={"one_of": REPORTED})
    caption_case: str = field(default=AS_IS, metadata={"one_of": CASES})
    prompt: str = ""

    def worded(self, caption: str) -> str:
        """Return a caption as it is encoded.

        >>> Config(caption_case="capitalise", prompt="a satellite photo:").worded("two Ships")
        'a satellite photo: Two ships'
        """
        cased = caption.capitalize() if self.caption_case == CAPITALISE else caption
        return f"{self.prompt.rstrip()} {cased}" if self.prompt.strip() else cased


def wording(section: Mapping[str, Any]) -> str:
    """Say how captions are worded, from the `retrieval` section of a config; empty for as they are.

    >>> wording({"caption_case": "capitalise", "prompt": "a photo of"})
    "captions capitalised, behind 'a photo of'"
    """
    case = "capitalised" if section.get("caption_case") == CAPITALISE else ""
    prompt = str(section.get("prompt") or "").strip()
    said = ", ".join(filter(None, [case, prompt and f"behind {prompt!r}"]))
    return f"captions {said}" if said else ""


def check_ks(ks: Sequence[int]) -> None:
    """Refuse K of R@K that are no list of positive numbers.

    Raises:
        ConfigError: They are not.
    """
    whole = isinstance(ks, Collection) and all(isinstance(k, Integral) for k in ks)
    if not whole or not len(ks) or min(ks) < 1:
        raise ConfigError(f"ks must be a list of K of at least 1, such as (1, 5), not {ks!r}")
