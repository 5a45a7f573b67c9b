"""Requests to the search page, sent as they stand."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from wfa.search.server import LibraryServer


def fetch(
    server: LibraryServer,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[HTTPResponse, bytes]:
    """Send a path as it stands: http.client does not tidy it up as a browser would."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, body, dict(headers or {}))
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def values(server: LibraryServer, path: str) -> Any:
    response, content = fetch(server, path)
    assert response.status == 200, content
    return json.loads(content)
