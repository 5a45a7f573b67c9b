"""Classes that are built of a frozen `Config`, or of its fields as plain keywords."""

import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar

from wfa.errors import ConfigError, unknown


class TakesKeywords:
    """Base of what is built as `Plugin(options)` from a config and as `Plugin(key=value)` by hand.

    Attributes:
        Config: The frozen dataclass of the options: the one that stands above the class in its
            file, where it extends the one of the base; else that of the base.
    """

    Config: ClassVar[type[Any]]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        above = getattr(sys.modules.get(cls.__module__), "Config", None)
        inherited = getattr(cls, "Config", object)
        if "Config" not in vars(cls) and isinstance(above, type) and issubclass(above, inherited):
            cls.Config = above

    @classmethod
    def options_from(cls, options: Any, keywords: dict[str, Any]) -> Any:
        """Return the options as they are given, or made of keywords.

        Raises:
            ConfigError: Both are given, the options are of another class, there is no such
                keyword, or its value is of the wrong type or out of range.
        """
        return options_from(cls.Config, options, keywords, cls.__name__)


def options_from(
    config: type[Any],
    options: Any,
    keywords: dict[str, Any],
    where: str,
    beside: Sequence[str] = (),
) -> Any:
    """Return options as they are given, or made of keywords.

    Args:
        config: The dataclass of the options.
        options: An instance of it, or None.
        keywords: Its fields by name; the others have their defaults.
        where: What takes them, for messages.
        beside: Other keywords of it, for messages.

    Raises:
        ConfigError: As `TakesKeywords.options_from`.
    """
    if options is not None and (keywords or not isinstance(options, config)):
        raise ConfigError(
            f"{where} takes its options as keywords, or one {config.__module__}."
            f"{config.__qualname__}, but was given {options!r}"
        )
    known = [field.name for field in fields(config)]
    for key in keywords:
        if key not in known:
            raise unknown(f"option of {where}", key, [*beside, *known])
    if options is not None:
        return options
    try:
        return config(**keywords)
    except TypeError as error:
        shown = ", ".join(f"{key}={value!r}" for key, value in keywords.items())
        raise ConfigError(f"{where}({shown}): a value is of the wrong type ({error})") from error
