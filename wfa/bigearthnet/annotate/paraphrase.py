"""Captions said anew by a language model; what it says is kept only if it says the same."""

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wfa.bigearthnet.annotate.patch_metadata import COUNTRIES
from wfa.bigearthnet.annotate.wording import NUMBERS
from wfa.bigearthnet.class_names import CLASS, classes_in
from wfa.errors import ConfigError, DataError
from wfa.options.limits import Options

KEY = "WFA_PARAPHRASE_KEY"
"""The environment variable with the key that the address asks for, where it asks for one."""

_ENDPOINT = "/chat/completions"
_INSTRUCTION = (
    "You rewrite captions of satellite images. Say the same in other words, in one paragraph of "
    "plain English. Keep every number, size, country, season, climate zone in its quotes, and "
    "every land cover class by its name. Add nothing and leave nothing out. Answer with the "
    "caption only."
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"[a-z]+")
_CLASS = re.compile(rf"\b{CLASS}\b", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]+"')
_SIDES = frozenset({"left", "right", "top", "bottom"})
_SEASONS = {"winter": "winter", "spring": "spring", "summer": "summer"} | dict.fromkeys(
    ("fall", "autumn"), "autumn"
)
_DENIALS = frozenset({"no", "not", "without", "neither", "nor", "never", "none", "lacks"})


@dataclass(frozen=True)
class Config(Options):
    """The paraphrasing model.

    Attributes:
        url: Address of a server with OpenAI's interface, such as http://localhost:8000/v1. Empty
            keeps the captions as they are made.
        model: The model's name there.
        timeout: Seconds to wait for an answer.
    """

    section: ClassVar[str] = "paraphrase"

    url: str = ""
    model: str = ""
    timeout: float = field(default=60.0, metadata={"above": 0})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"paraphrase.url={self.url!r} must begin with http:// or https://")
        if bool(self.url) != bool(self.model):
            raise ConfigError("paraphrase.url and paraphrase.model go together: set both")


def paraphrase(caption: str, config: Config, seed: int = 0) -> str | None:
    """Ask the model for other words; give None where they say something else.

    Args:
        caption: The caption to rewrite.
        config: The model; its `url` is set.
        seed: Sent along, for servers that heed it.

    Raises:
        DataError: The server cannot be reached, refuses, or answers in another form.
    """
    answer = _ask(caption, config, seed)
    said = " ".join(answer.split())
    return said if keeps_facts(caption, said) else None


def keeps_facts(caption: str, other: str) -> bool:
    """Say whether two captions tell of the same things.

    Compared are the numbers and counts (as digits or words; `one` is too common a word to count),
    the classes, countries, seasons, climate zones in quotes, sides, and words that deny: captions
    of ours have none, so a denial is refused.
    """
    return stated(caption) == stated(other)


def stated(caption: str) -> Mapping[str, frozenset[str]]:
    """Return what a caption states, by kind."""
    zones = frozenset(zone.lower().strip('".,') for zone in _QUOTED.findall(caption))
    rest = _QUOTED.sub(" ", caption)
    words = _words(_CLASS.sub(" ", rest))
    counts = {str(value) for value, word in enumerate(NUMBERS) if word in words}
    digits = {number.rstrip(",").replace(",", "") for number in _NUMBER.findall(rest)}
    countries = {country for country in COUNTRIES if country.lower() in words}
    return {
        "numbers": frozenset(counts | digits) - {"1"},
        "classes": classes_in(rest),
        "countries": frozenset(countries),
        "seasons": frozenset(_SEASONS[word] for word in words & _SEASONS.keys()),
        "zones": zones,
        "sides": frozenset(words & _SIDES),
        "denials": frozenset(words & _DENIALS),
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _ask(caption: str, config: Config, seed: int) -> str:
    address = config.url.rstrip("/")
    address = address if address.endswith(_ENDPOINT) else address + _ENDPOINT
    body: dict[str, Any] = {
        "model": config.model,
        "messages": [
            {"role": "system", "content": _INSTRUCTION},
            {"role": "user", "content": caption},
        ],
        "temperature": 0,
        "seed": seed,
    }
    headers = {"Content-Type": "application/json"}
    if os.environ.get(KEY):
        headers["Authorization"] = f"Bearer {os.environ[KEY]}"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=config.timeout) as response:
            content = json.load(response)["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        raise DataError(
            f"the paraphrasing model {config.model} at {address} refuses: {error.code} "
            f"{error.reason}; check paraphrase.model and the key in {KEY}"
        ) from error
    except OSError as error:
        raise DataError(
            f"the paraphrasing model at {address} cannot be reached ({error}): check paraphrase.url"
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise DataError(
            f"{address} does not answer as a chat completion does: check paraphrase.url"
        ) from error
    if not isinstance(content, str):
        raise DataError(f"{address} gives no text as its answer: check paraphrase.model")
    return content
