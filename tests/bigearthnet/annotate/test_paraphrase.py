import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from wfa.bigearthnet.annotate.paraphrase import KEY, Config, keeps_facts, paraphrase, stated
from wfa.errors import ConfigError, DataError

CAPTION = (
    "This satellite image, captured in Austria during autumn, shows a landscape of agricultural "
    'areas within the "Cold, no dry season, warm summer" climate zone. Arable land (~708,000 '
    "square meters) is the dominant land cover of the scene. The pastures are distributed across "
    "two separate areas: one of 77,000 square meters and one marginal area. The arable land "
    "borders pastures. The pastures lie to the top-left of the arable land."
)
GOOD = (
    'In Austria, in the fall, "Cold, no dry season, warm summer" climate: arable land of roughly '
    "708000 square meters dominates and touches pastures to its top-left, which come in 2 areas, "
    "a larger one of 77,000 square meters and a marginal one."
)

Reply = Callable[[dict[str, Any]], tuple[int, Any]]


class Server(ThreadingHTTPServer):
    """Answers as it is told, and remembers what it was asked."""

    reply: Reply
    asked: list[tuple[str, dict[str, Any], str | None]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, self.headers["Authorization"]))
        status, content = self.server.reply(body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


def said(text: Any) -> tuple[int, Any]:
    return 200, {"choices": [{"message": {"content": text}}]}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked = []
        running.reply = lambda body: said(GOOD)
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def model(server: Server, path: str = "/v1") -> Config:
    return Config(f"http://127.0.0.1:{server.server_port}{path}", "small")


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/chat/completions"])
def test_other_words_with_the_same_facts_are_kept(server: Server, path: str) -> None:
    assert paraphrase(CAPTION, model(server, path), 5) == GOOD
    ((address, body, key),) = server.asked
    assert (address, key) == ("/v1/chat/completions", None)
    assert (body["model"], body["temperature"], body["seed"]) == ("small", 0, 5)
    assert body["messages"][-1] == {"role": "user", "content": CAPTION}


@pytest.mark.parametrize(
    "other",
    [
        GOOD.replace("708000", "780000"),
        GOOD.replace("in 2 areas", "in 3 areas"),
        GOOD.replace("in 2 areas", "in areas"),
        GOOD.replace("pastures", "meadows"),
        GOOD.replace("Austria", "Serbia"),
        GOOD.replace("the fall", "spring"),
        GOOD.replace("warm summer", "cold summer"),
        GOOD.replace("top-left", "right"),
        GOOD.replace("and touches", "and does not touch"),
        GOOD + " Coniferous forest is also there.",
        GOOD + " It covers 12% of the image.",
        "Sorry, I cannot help with that.",
        "",
    ],
)
def test_other_facts_are_refused(server: Server, other: str) -> None:
    server.reply = lambda body: said(other)
    assert paraphrase(CAPTION, model(server)) is None
    assert not keeps_facts(CAPTION, other)


def test_white_space_is_folded(server: Server) -> None:
    server.reply = lambda body: said(f"\n {GOOD.replace(' ', chr(10), 3)}  ")
    assert paraphrase(CAPTION, model(server)) == GOOD


def test_what_a_caption_states() -> None:
    assert stated(CAPTION) == {
        "numbers": {"708000", "2", "77000"},
        "classes": {"Arable land", "Pastures"},
        "countries": {"Austria"},
        "seasons": {"autumn"},
        "zones": {"cold, no dry season, warm summer"},
        "sides": {"top", "left"},
        "denials": set(),
    }


def test_a_key_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "secret")
    paraphrase(CAPTION, model(server))
    assert server.asked[0][2] == "Bearer secret"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((401, {}), "refuses: 401 Unauthorized; check paraphrase.model and the key"),
        ((200, {"error": "no"}), "does not answer as a chat completion does"),
        ((200, {"choices": []}), "does not answer as a chat completion does"),
        (said(None), "gives no text"),
    ],
)
def test_a_server_that_does_not_work_is_told(
    server: Server, reply: tuple[int, Any], message: str
) -> None:
    server.reply = lambda body: reply
    with pytest.raises(DataError, match=message):
        paraphrase(CAPTION, model(server))


def test_no_server_is_told() -> None:
    with Server(("127.0.0.1", 0), Handler) as closed:
        config = model(closed)
    with pytest.raises(DataError, match=r"cannot be reached .*check paraphrase\.url"):
        paraphrase(CAPTION, config)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "localhost:80", "model": "m"}, "must begin with http"),
        ({"url": "http://a"}, "go together"),
        ({"model": "m"}, "go together"),
        ({"timeout": 0.0}, "must be above 0"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Config(**options)
