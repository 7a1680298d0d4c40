"""Our own errors on the wire: a real HTTP server takes Sentry's envelopes."""

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import sentry_sdk

from watchdog.daemon.telemetry import error_reporting, own_errors
from watchdog.domain.errors import Permanent

SECRET = "hunter2-key"


class Ingest:
    """A Sentry ingestion endpoint on loopback that keeps the events it was sent; it may answer with a redirect."""

    def __init__(self) -> None:
        self.answer: tuple[int, str] = (200, "")
        self.asked = 0
        self.events: list[dict[str, Any]] = []
        self.raw: list[str] = []
        ingest = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                ingest.take(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
                self.do_GET()

            def do_GET(self) -> None:
                ingest.asked += 1
                status, location = ingest.answer
                self.send_response(status)
                self.send_header("location", location)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server.server_port}/7"

    def take(self, body: bytes) -> None:
        self.raw.append(body.decode())
        for line in body.decode().splitlines():
            item = json.loads(line)
            if "exception" in item:
                self.events.append(item)


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    """Run the endpoint; whatever happens, reporting is off afterwards."""
    endpoint = Ingest()
    yield endpoint
    error_reporting.stop()
    endpoint.server.shutdown()
    endpoint.server.server_close()


def failure(text: str) -> Exception:
    """Return a raised exception whose frames hold a secret in a local variable."""
    headers = {"authorization": f"Bearer {SECRET}-local"}
    try:
        raise ValueError(text + headers["authorization"][:0])
    except ValueError as error:
        return error


def test_an_error_arrives_without_any_secret(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type, place and scrubbed text arrive; locals, host, breadcrumbs, the target's SENTRY_* variables do not."""
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "the-targets")
    monkeypatch.setenv("SENTRY_RELEASE", "the-targets-release")
    error_reporting.start(ingest.dsn, "1.2.3", redact=lambda: [SECRET])
    sentry_sdk.add_breadcrumb(category="httplib", message=f"GET https://hooks.test/{SECRET}")
    error_reporting.report(failure(f"cannot reach https://bob:pw123@x.test/{SECRET}?token=t0ken"))
    error_reporting.stop()
    (event,) = ingest.events
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "ValueError" and exception["value"] == "cannot reach https://***@x.test/***?token=***"
    assert exception["stacktrace"]["frames"][-1]["function"] == "failure"
    assert (event["release"], event["environment"]) == ("render-watchdog@1.2.3", "watchdog")
    everything = "".join(ingest.raw)
    for leak in (SECRET, "pw123", "t0ken", '"vars"', "hooks.test", "the-targets"):
        assert leak not in everything, leak
    assert not event.get("server_name")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(ingest: Ingest, status: int) -> None:
    """Nobody judged where it leads, and the event with its key would go there."""
    elsewhere = Ingest()
    ingest.answer = (status, elsewhere.dsn.replace("public@", "") + "/envelope/")
    error_reporting.start(ingest.dsn, "1", redact=tuple)
    error_reporting.report(failure("boom"))
    error_reporting.stop()
    elsewhere.server.shutdown()
    elsewhere.server.server_close()
    assert (ingest.asked, elsewhere.asked) == (1, 0)


def test_without_a_dsn_nothing_is_sent(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when the target's own DSN lies in the environment."""
    monkeypatch.setenv("SENTRY_DSN", ingest.dsn)
    for none in (None, ""):
        own_errors.start(none, "1", redact=tuple)
        own_errors.report(failure("boom"))
    sentry_sdk.flush(2)
    assert ingest.raw == []


def test_a_failing_loop_is_a_few_events(ingest: Ingest) -> None:
    """A hundred alike are twenty; another kind still gets through."""
    error_reporting.start(ingest.dsn, "1", redact=tuple)
    for _ in range(100):
        error_reporting.report(failure("again"))
        sentry_sdk.flush(2)
    error_reporting.report(KeyError("other"))
    error_reporting.stop()
    kinds = [event["exception"]["values"][-1]["type"] for event in ingest.events]
    assert (kinds.count("ValueError"), kinds.count("KeyError")) == (error_reporting.ALIKE_MAX, 1)


def test_the_whole_process_sends_a_bounded_number() -> None:
    """A thousand events, then none, whatever their kind."""
    scrubber = error_reporting.Scrubber(tuple)
    sent = [
        scrubber({"exception": {"values": [{"type": f"E{number}"}]}}, {})  # type: ignore[typeddict-item]
        for number in range(error_reporting.EVENTS_MAX + 50)
    ]
    assert sum(event is not None for event in sent) == error_reporting.EVENTS_MAX


@pytest.mark.parametrize("dsn", ["not a dsn", "ftp://hunter2@x/1", "http://x.test"])
def test_a_wrong_dsn_says_what_to_do_and_not_what_it_was(dsn: str) -> None:
    """The message names the variable and repeats nothing."""
    with pytest.raises(Permanent, match="WATCHDOG_SENTRY_DSN") as caught:
        error_reporting.start(dsn, "1", redact=tuple)
    assert dsn not in str(caught.value)
    error_reporting.stop()
