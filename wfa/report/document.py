"""One HTML file with everything in it, which opens without a network."""

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from wfa.tables import DASH, count, decimal, duration, share, text_of


def document(template: str, title: str, **context: Any) -> str:
    """Fill a template of this package; whatever the context holds is escaped.

    The page's security policy lets it load nothing and run no script but its own.

    Args:
        template: Name without `.html.j2`.
        title: The page's title.
        context: What the template shows.
    """
    script = asset("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    made = _environment().get_template(f"{template}.html.j2")
    return made.render(title=title, policy=policy, script=script, style=asset("style.css"),
                       **context)  # fmt: skip


def asset(name: str) -> str:
    """Return a file that lies beside this one."""
    return resources.files("wfa.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("wfa.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters |= {"count": count, "share": share, "duration": duration, "decimal": decimal,
                     "text_of": text_of}  # fmt: skip
    made.globals |= {"DASH": DASH}
    return made
