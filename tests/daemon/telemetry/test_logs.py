"""Log lines: nothing forged, nothing leaked, always readable by a machine."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from watchdog.daemon.telemetry import logs

SECRET = "hunter2-pa/ss word"
EVIL = 'x\n{"event": "forged"}\r\x1b[2J\x9b31m\u202ereversed\u2028next\x00'


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """Put the process's logging back as pytest had it."""
    root = logging.getLogger()
    handlers, level, before = list(root.handlers), root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def configured(*, json: bool | None = True, level: str = "INFO") -> io.StringIO:
    """Configure logging into a buffer that knows one secret."""
    stream = io.StringIO()
    logs.configure(json=json, level=level, redact=lambda: [SECRET, "ab"], stream=stream)
    return stream


def test_a_line_is_one_json_object_with_time_level_and_values() -> None:
    """What was given by name comes out by name, nested values too."""
    stream = configured()
    logs.get_logger("watchdog.test").info("probe failed", service="api", nested={"a": [1, None, True]}, share=0.3)
    line = json.loads(stream.getvalue())
    assert line["event"] == "probe failed"
    assert (line["level"], line["logger"], line["service"]) == ("info", "watchdog.test", "api")
    assert line["nested"] == {"a": [1, None, True]} and line["share"] == 0.3 and line["timestamp"].endswith("Z")


@pytest.mark.parametrize("as_json", [True, False])
def test_foreign_text_cannot_forge_lines_or_drive_the_terminal(as_json: bool) -> None:
    """Values, keys, events, nested values, exception texts: one line each, no control or bidi character left."""
    stream = configured(json=as_json)
    logger = logs.get_logger()
    logger.info(EVIL, text=EVIL, deep={EVIL: [EVIL]}, **{"bad\nkey": 1}, raw=EVIL.encode())
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert not [character for character in text[:-1] if logs.neutralise(character) != character]
    assert "forged" in text, "made harmless, not lost"


def test_an_exception_is_one_line_in_json_and_marked_lines_on_a_terminal() -> None:
    """A traceback with an evil text: JSON stays one object; on a terminal each line carries our margin."""
    for as_json in (True, False):
        stream = configured(json=as_json)
        try:
            raise ValueError(EVIL + SECRET)
        except ValueError:
            logs.get_logger().exception("it broke")
        text = stream.getvalue()
        assert SECRET not in text and "ValueError" in text and "\x1b" not in text
        if as_json:
            assert json.loads(text)["exception"].startswith("Traceback")
        else:
            assert all(line.startswith("  | ") for line in text.strip("\n").split("\n")[1:])


@pytest.mark.parametrize(
    ("text", "gone", "left"),
    [
        (f"key {SECRET} refused", SECRET, "key *** refused"),
        ("GET /?q=hunter2-pa%2Fss%20word", "hunter2", "***"),
        ("postgres://bob:pw1@db/x?sslmode=require", "pw1", "postgres://***@db/x?sslmode=require"),
        ("https://x.test/a?api_key=k123&b=2#f", "k123", "https://x.test/a?api_key=***&b=2#f"),
        ("https://x.test/a?b=2&pass=t0k;userPwd=t1k&author=me", "t1k", "?b=2&pass=***;userPwd=***&author=me"),
        ("https://x.test/back?code=c0de&codec=1", "c0de", "?code=***&codec=1"),
        ("https://x.test/a?access_token=t0k", "t0k", "access_token=***"),
        ("Authorization: Bearer abcdefghij.klm", "abcdefghij", "Bearer ***"),
        ("Authorization: Basic Ym9iOnB3MTIz", "Ym9iOnB3MTIz", "Basic ***"),
        ("about a cab", "???", "about a cab"),
    ],
)
def test_secrets_are_starred(text: str, gone: str, left: str) -> None:
    """Known values, percent-encoded too, URL users, query tokens, credentials; a two-letter secret garbles nothing."""
    stream = configured()
    logs.get_logger().warning("it was refused", text=text, deep=[{"inner": text}])
    line = json.loads(stream.getvalue())
    assert left in line["text"] and left in line["deep"][0]["inner"] and gone not in stream.getvalue()


def test_libraries_speak_through_the_same_chain_and_only_of_warnings() -> None:
    """httpx's request lines are silent; a warning is redacted, harmless, and not the `event`."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what a library set for itself counts no more
    stream = configured(level="DEBUG")
    logging.getLogger("httpx").info("HTTP Request: GET https://hooks.test/%s", SECRET)
    logging.getLogger("httpcore.connection").debug("connect")
    logging.getLogger("uvicorn.access").info("GET /metrics")
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    assert stream.getvalue() == ""
    logging.getLogger("uvicorn.error").warning("bad request %s %s", SECRET, EVIL)
    line = json.loads(stream.getvalue())
    assert line["event"] == "library message" and line["text"].startswith("bad request *** x\\n")
    assert line["logger"] == "uvicorn.error"


def test_the_level_is_obeyed_and_long_texts_are_cut() -> None:
    """Below the level nothing is written; a megabyte is not written whole."""
    stream = configured(level="WARNING")
    logs.get_logger().info("not this")
    logs.get_logger().warning("this", text="y" * 1_000_000)
    line = json.loads(stream.getvalue())
    assert line["event"] == "this" and len(line["text"]) <= logs.TEXT_MAX_CHARACTERS + 1


def test_a_full_disk_costs_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Writing to /dev/full neither raises nor prints the line elsewhere; NaN stays JSON."""
    survived = False
    with contextlib.suppress(OSError), open("/dev/full", "w", buffering=1) as full:  # closing it fails as well
        logs.configure(json=True, redact=lambda: [SECRET], stream=full)
        logs.get_logger().info("lost", text=SECRET)
        survived = True
    assert survived and capsys.readouterr() == ("", "")
    stream = configured()
    logs.get_logger().info("odd numbers", value=float("nan"))
    assert "NaN" not in stream.getvalue() and json.loads(stream.getvalue())["value"] == "nan"


def test_a_terminal_gets_readable_lines_without_being_asked() -> None:
    """`json=None` looks at the stream."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    logs.configure(stream=terminal)
    logs.get_logger().info("hello there", service="api")
    assert "hello there" in terminal.getvalue() and not terminal.getvalue().startswith("{")
    plain = configured(json=None)
    logs.get_logger().info("hello there")
    assert json.loads(plain.getvalue())["event"] == "hello there"


def test_of_a_secret_that_holds_another_nothing_is_left() -> None:
    """A token that also stands in an address: the whole address is replaced, not only the token in it."""
    token, address = "0123456789abcdef", "0123456789abcdef-of-the-heartbeat"
    assert logs.scrub(f"GET {address}", logs.known_forms([token, address])) == "GET ***"


@pytest.mark.parametrize(
    ("secret", "said", "written"),
    [
        ("https://hooks.example/services/T0/B0/0123456789abcdef", "POST /services/T0/B0/0123456789abcdef", "POST"),
        ("https://hc.example/0b6f5d1e-1111-2222-3333-444455556666", "/0b6f5d1e-1111-2222-3333-444455556666 is", "is"),
        ("postgresql://bob:pass%2Fw@db.example/watchdog", "no password pass/w for watchdog", "for watchdog"),
        ("https://0123456789abcdef@sentry.example/1", "key 0123456789abcdef of 1", "of 1"),
    ],
)
def test_parts_of_a_secret_address_are_secret(secret: str, said: str, written: str) -> None:
    """A library repeats the path, or the password, without the rest; ordinary words of an address stay."""
    clean = logs.scrub(said, logs.known_forms([secret]))
    assert "***" in clean and written in clean
    assert not any(word in clean for word in ("0123456789abcdef", "0b6f5d1e", "pass/w"))
