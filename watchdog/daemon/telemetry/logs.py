"""Logs: one JSON object a line on stdout, readable lines on a terminal.

Rule 1: `event` is a lower-case fact without values (tests/test_log_events.py); what varies is a field beside it.
Rule 2: every string is redacted, made harmless (no control characters, no bidi tricks) and bounded before it is
written; JSONRenderer alone would escape them, the console renderer would not.
Rule 3: libraries log through the same processors, and the chatty ones (whose lines hold URLs) warnings only.
"""

import logging
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO
from urllib.parse import quote, unquote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from watchdog.domain.texts.secret_shapes import names_secret

TEXT_MAX_CHARACTERS = 4_000
EXCEPTION_MAX_CHARACTERS = 16_000
_DEPTH_MAX = 6
_ITEMS_MAX = 100
_SECRET_MIN_CHARACTERS = 4
_PART_MIN_CHARACTERS = 16
"""Shorter parts of an address are words like `services`, not keys."""
_QUIET = ("httpx", "httpcore", "uvicorn", "sqlalchemy", "aiosqlite", "asyncio", "alembic", "urllib3", "sentry_sdk")

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: terminals obey them, and a newline forges a line
    "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"  # line separators, bidi marks, overrides, isolates
    "\ud800-\udfff]"  # lone surrogates: not writable as UTF-8
)
_USERINFO = re.compile(r"(?<=://)[^\s/@?#]{1,1000}@")
_QUERY = re.compile(r"([?&;]([\w.\-]{1,200})=)[^\s&;#\"']+")
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=\-]{8,}")

Redact = Callable[[], Sequence[str]]
"""Returns the secret values known now; called for each line, so that a reload counts at once."""


def configure(
    *,
    level: str = "INFO",
    json: bool | None = None,
    redact: Redact = tuple,
    stream: TextIO | None = None,
) -> None:
    """Send the daemon's and the libraries' logs to `stream` (stdout); `json` None: JSON unless it is a terminal."""
    out = sys.stdout if stream is None else stream
    as_json = not out.isatty() if json is None else json
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        # After the tracebacks became text, and before any renderer: all values pass it.
        Cleaner(redact, keep_lines=not as_json),
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=out.isatty()),
    ]
    handler = _Lossy(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*before, move_foreign_text], processors=after)
    )
    root = logging.getLogger()
    # Instead of any earlier handler: each line is written once.
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [], True
        logger.setLevel(logging.WARNING)
    # Children of these libraries may have handlers and levels of their own.
    for name, child in list(logging.root.manager.loggerDict.items()):
        if isinstance(child, logging.Logger) and name.partition(".")[0] in _QUIET and "." in name:
            child.handlers[:], child.propagate = [], True
            child.setLevel(logging.NOTSET)
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


class _Lossy(logging.StreamHandler[TextIO]):
    """A full disk or a closed pipe costs log lines, never the daemon; the default would print secrets to stderr."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Lose the line."""


def get_logger(name: str = "watchdog") -> structlog.typing.FilteringBoundLogger:
    """Return a logger; its methods take the daemon's event and values by name."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return logger


def move_foreign_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Move a library's message to `text`: `event` is the daemon's own."""
    return {**event, "event": "library message", "text": event.get("event", "")}


class Cleaner:
    """The processor that makes every value safe to write. `keep_lines` keeps a traceback readable on a terminal."""

    def __init__(self, redact: Redact, *, keep_lines: bool = False) -> None:
        self._redact = redact
        self._keep_lines = keep_lines

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """Clean a whole log line."""
        secrets = known_forms(self._redact())
        return {
            neutralise(str(key)): self._exception(value, secrets)
            if key in ("exception", "stack") and isinstance(value, str)
            else _clean(value, secrets, 0)
            for key, value in event.items()
        }

    def _exception(self, text: str, secrets: Sequence[str]) -> str:
        # Scrubbed before it is cut: half a secret would no longer be recognised.
        text = scrub(text, secrets)[-EXCEPTION_MAX_CHARACTERS:]
        if not self._keep_lines:
            return neutralise(text)
        return "\n".join("  | " + neutralise(line) for line in text.split("\n"))


def known_forms(secrets: Sequence[str]) -> tuple[str, ...]:
    """Return the secrets as they may appear (plain, percent-encoded, parts of an address), longest first.

    Very short ones are left out.
    """
    parts = {part for secret in secrets if "://" in secret for part in _parts(secret)}
    long = {secret for secret in (*secrets, *parts) if len(secret) >= _SECRET_MIN_CHARACTERS}
    # Longest first: a secret that contains another one is replaced whole.
    return tuple(sorted(long | {quote(secret, safe="") for secret in long}, key=len, reverse=True))


def _parts(address: str) -> Iterator[str]:
    """Yield the secret parts of a secret address: a library may print its path, or its password, alone."""
    place, _, path = address.partition("://")[2].partition("/")
    user, _, password = place.rpartition("@")[0].partition(":")
    words = re.split(r"[/?#&=:@]", path)
    yield from (unquote(word) for word in (user, *words) if len(word) >= _PART_MIN_CHARACTERS)
    yield unquote(password)


def scrub(text: str, secrets: Sequence[str]) -> str:
    """Replace secrets, user names and passwords in URLs, and query tokens by ***."""
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _USERINFO.sub("***@", text)
    text = _QUERY.sub(_hide_value, text)
    return _SCHEME.sub(r"\1 ***", text)


def _hide_value(parameter: re.Match[str]) -> str:
    # `code`: what a sign-in of OAuth is exchanged for.
    return f"{parameter[1]}***" if names_secret(parameter[2]) or parameter[2].lower() == "code" else parameter[0]


def neutralise(text: str) -> str:
    """Write control characters, line breaks and bidi tricks out as escapes."""
    return _UNSAFE.sub(lambda match: repr(match[0])[1:-1], text)


def _clean(value: Any, secrets: Sequence[str], depth: int) -> Any:
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value  # NaN and infinity are no JSON: they become text
    if depth < _DEPTH_MAX and isinstance(value, Mapping):
        pairs = list(value.items())[:_ITEMS_MAX]
        return {_text(key, secrets): _clean(each, secrets, depth + 1) for key, each in pairs}
    if depth < _DEPTH_MAX and isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(each, secrets, depth + 1) for each in list(value)[:_ITEMS_MAX]]
    return _text(value, secrets)


def _text(value: Any, secrets: Sequence[str]) -> str:
    # Cut twice: scrubbing a text of megabytes would stall the loop, and may shorten the text.
    text = scrub(str(value)[: 4 * TEXT_MAX_CHARACTERS], secrets)
    cut = "…" if len(text) > TEXT_MAX_CHARACTERS else ""
    return neutralise(text[:TEXT_MAX_CHARACTERS]) + cut
