"""Prompts that name a class: one template or several, each with `{}` where the name goes."""

from collections.abc import Sequence
from pathlib import Path

from wfa.errors import ConfigError
from wfa.options.typed_options import list_items

PLACE = "{}"

TEMPLATES: dict[str, tuple[str, ...]] = {
    "plain": ("{}",),
    "remote_sensing": ("a remote sensing image of a {}",),
    "aerial": (
        "an aerial photograph of a {}.",
        "an aerial image of the {}.",
        "a satellite image of a {}.",
        "a satellite photo of the {}.",
        "a remote sensing image of a {}.",
        "there is a {} in the remote sensing image.",
    ),
}
"""Sets of templates by name; `remote_sensing` is the one behind the published figures that
`wfa.retrieval.published` holds."""


def read_templates(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return templates from a name of `TEMPLATES`, a text file of one a line, or the templates.

    Args:
        given: A name, a path, one template, or several; also the text of a list of some.

    Raises:
        ConfigError: There is none, one is blank, or one has no place for the name or several.

    >>> read_templates("an aerial photo of a {}")
    ('an aerial photo of a {}',)
    """
    found = _lines(given) if isinstance(given, str) else tuple(given)
    if not found:
        raise ConfigError(f"templates={given!r} holds no template; an example: 'a photo of a {{}}'")
    for template in found:
        if template.count(PLACE) != 1:
            raise ConfigError(
                f"the template {template!r} must hold {{}} once, where the class's name goes; "
                "an example: 'an aerial photo of a {}'"
            )
    return found


def prompts(templates: Sequence[str], name: str) -> tuple[str, ...]:
    """Return a class's prompts, one a template.

    >>> prompts(["a photo of a {}", "{} from above"], "river")
    ('a photo of a river', 'river from above')
    """
    return tuple(template.replace(PLACE, name) for template in templates)


def _lines(given: str) -> tuple[str, ...]:
    if given in TEMPLATES:
        return TEMPLATES[given]
    if given.lstrip().startswith("["):
        return _listed(given)
    if PLACE in given:
        return (given,)
    path = Path(given).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"templates={given!r} has no {{}} for the class's name, and is neither a file nor one "
            f"of {', '.join(TEMPLATES)}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the templates in {path} cannot be read ({error})") from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _listed(given: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, list_items(given, "task.templates")))
    except ConfigError as error:
        raise ConfigError(
            f"templates={given!r} is no list: put each template in quotes, as in "
            '["a photo of a {}", "a {} from above"]'
        ) from error
