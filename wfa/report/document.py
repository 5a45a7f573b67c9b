"""One HTML file with everything in it, which opens without a network."""

import base64
import hashlib
from importlib import resources

from wfa.report.markup import Child, raw, tag


def document(title: str, *children: Child) -> str:
    """Put content on a page with the shared style and the script that sorts tables.

    The page's security policy lets it load nothing and run no script but its own.
    """
    script = _asset("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", raw(_asset("style.css"))),
    )
    body = tag("body", tag("main", *children), tag("script", raw(script)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _asset(name: str) -> str:
    return resources.files("wfa.report").joinpath(name).read_text(encoding="utf-8")
