"""The expectations of an answer, and the words for each way to miss them.

Rule 1: the worst news first: status, headers, size, body, and at last the time.
Rule 2: an answer that shows nothing about the site (it limits or challenges our probes) is `Unknown`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.redactor import Redactor
from watchdog.adapters.signals.json_path import ABSENT, JsonPath
from watchdog.adapters.signals.options import SUCCESS, AnswerOptions, Ranges
from watchdog.adapters.signals.pattern import SEARCHED_CHARACTERS, Pattern, TooSlow
from watchdog.adapters.signals.probe_http import Answer
from watchdog.adapters.signals.probe_options.conditions import Condition
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown, Unread

GATEWAY_STATUSES = (502, 504)
"""Statuses by which a proxy says that it got no answer from the application, or none in time (RFC 9110, 15.6)."""
# Only charsets whose decoders are linear: the server chooses this name (idna, say, takes quadratic time).
_CHARSET = re.compile(
    r"charset=\"?(utf-?8|utf-?16(?:le|be)?|us-ascii|iso-8859-\d{1,2}|windows-125\d|shift_jis|euc-jp|euc-kr|gbk|gb18030|big5|koi8-r)\b",
    re.IGNORECASE,
)

_NOTHING_TO_HIDE = Redactor()


@dataclass(frozen=True, slots=True)
class Expectations:
    """Everything one signal expects of an answer. Seconds; None or empty: not expected."""

    statuses: Ranges = SUCCESS
    contains: str | None = None
    matches: Pattern | None = None
    json_values: Sequence[tuple[JsonPath, object]] = ()
    conditions: Sequence[tuple[JsonPath, Condition]] = ()
    header: Mapping[str, str] = field(default_factory=dict)
    header_patterns: Mapping[str, Pattern] = field(default_factory=dict)
    max_body: int = 1024 * 1024
    max_latency_seconds: float | None = None
    redactor: Redactor = field(default_factory=Redactor)

    @classmethod
    def of(
        cls, options: AnswerOptions, max_latency_seconds: float | None = None, redactor: Redactor | None = None
    ) -> "Expectations":
        """Return the expectations that the options state."""
        return cls(
            statuses=options.status,
            contains=options.contains,
            matches=Pattern(options.matches) if options.matches is not None else None,
            json_values=tuple((JsonPath.parse(path), value) for path, value in options.json_values.items()),
            conditions=tuple((JsonPath.parse(path), one) for path, one in options.expect.json_conditions.items()),
            header=options.header,
            header_patterns={name: Pattern(text) for name, text in options.expect.headers.items()},
            max_body=options.max_body,
            max_latency_seconds=max_latency_seconds,
            redactor=redactor or Redactor(),
        )

    def accepts(self, status: int) -> bool:
        """Return whether the status is among those expected."""
        return any(low <= status <= high for low, high in self.statuses)

    @property
    def has_expressions(self) -> bool:
        """Return whether a regular expression is among them, which is not tried on the event loop."""
        in_json = any(one.matches is not None for _, one in self.conditions)
        return self.matches is not None or bool(self.header_patterns) or in_json

    def judge(self, answer: Answer, total_seconds: float) -> Reading:
        """Return the reading of an answer. With a regular expression (`matches`), call it outside the event loop."""
        return (
            self.judge_head(answer)
            or self._judge_expressions(self._judge_header_patterns, answer)
            or self._judge_body(answer)
            or self._judge_latency(total_seconds)
            or Good(f"HTTP {answer.status}")
        )

    def judge_head(self, answer: Answer) -> Reading | None:
        """Return the verdict of status, headers and size, or None if they pass. Does not read the body."""
        return self._judge_status(answer) or self._judge_headers(answer) or self._judge_size(answer)

    def _judge_status(self, answer: Answer) -> Reading | None:
        if self.accepts(answer.status):
            return None
        # Rate limit and bot check come from the edge and hit only us: visitors
        # may be served well, so neither is evidence.
        if answer.status == 429:
            why = "the site limits our probes: HTTP 429 (let it admit our User-Agent, or probe less often)"
            return Unknown(why, Unread.TURNED_AWAY)
        if answer.headers.get("cf-mitigated", "").lower() == "challenge":
            why = f"the site's edge challenges our probes: HTTP {answer.status} (let it admit our User-Agent)"
            return Unknown(why, Unread.TURNED_AWAY)
        proxy = answer.status in GATEWAY_STATUSES
        return Bad(f"HTTP {answer.status}", FailureKind.GATEWAY if proxy else FailureKind.STATUS)

    def _judge_headers(self, answer: Answer) -> Bad | None:
        for name, text in self.header.items():
            value = answer.headers.get(name)
            if value is None:
                return Bad(f"header {plain(name, 60)} is missing", FailureKind.HEADER)
            if text not in value:
                shown = plain(self.redactor(value), 60)
                why = f'header {plain(name, 60)} is "{shown}", expected "{plain(text, 60)}" in it'
                return Bad(why, FailureKind.HEADER)
        return None

    def _judge_size(self, answer: Answer) -> Bad | None:
        if not answer.too_large:
            return None
        return Bad(f"body larger than {self.max_body / 1024:,.0f} KiB (limit max_body)", FailureKind.TOO_LARGE)

    def _judge_body(self, answer: Answer) -> Reading | None:
        if self.contains is None and self.matches is None and not (self.json_values or self.conditions):
            return None
        # We asked for an uncompressed body. A missing word in a body that we cannot decode proves nothing.
        if answer.coding:
            coding = plain(self.redactor(answer.coding), 30)
            why = f'the body cannot be read: it came as "{coding}", we asked for identity'
            return Unknown(why, Unread.SHAPE)
        text = decoded(answer)
        if self.contains is not None and self.contains not in text:
            return Bad(f'body lacks "{plain(self.contains, 80)}"', FailureKind.BODY)
        return self._judge_match(text) or self._judge_json(text)

    def _judge_match(self, text: str) -> Reading | None:
        try:
            if self.matches is None or self.matches.finds(text[:SEARCHED_CHARACTERS]):
                return None
        # An expression that is too slow is a fault of the configuration, so the page stays unjudged.
        except TooSlow as error:
            return Unknown(str(error))
        return Bad(f"body does not match /{plain(self.matches.text, 80)}/", FailureKind.BODY)

    def _judge_expressions(self, judge: Callable[[Any], Bad | None], what: Any) -> Reading | None:
        """Judge by regular expressions; one that is too slow is a fault of the configuration: nothing is known."""
        try:
            return judge(what)
        except TooSlow as error:
            return Unknown(str(error))

    def _judge_header_patterns(self, answer: Answer) -> Bad | None:
        for name, pattern in self.header_patterns.items():
            value = answer.headers.get(name)
            if value is None:
                return Bad(f"header {plain(name, 60)} is missing", FailureKind.HEADER)
            if not pattern.finds(value):
                shown = plain(self.redactor(value), 60)
                why = f'header {plain(name, 60)} is "{shown}", expected /{plain(pattern.text, 60)}/'
                return Bad(why, FailureKind.HEADER)
        return None

    def _judge_conditions(self, document: Any) -> Bad | None:
        for path, condition in self.conditions:
            found = path.find(document)
            if expected := condition.missed(found, _equal):
                why = f"{plain(path.text, 60)} is {_show(found, self.redactor)}, expected {expected}"
                return Bad(why, FailureKind.BODY)
        return None

    def _judge_json(self, text: str) -> Reading | None:
        if not (self.json_values or self.conditions):
            return None
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return Bad("body is not JSON", FailureKind.BODY)
        for path, expected in self.json_values:
            found = path.find(document)
            if not _equal(found, expected):
                why = f"{plain(path.text, 60)} is {_show(found, self.redactor)}, expected {_show(expected)}"
                return Bad(why, FailureKind.BODY)
        return self._judge_expressions(self._judge_conditions, document)

    def _judge_latency(self, total_seconds: float) -> Bad | None:
        limit = self.max_latency_seconds
        if limit is None or total_seconds <= limit:
            return None
        return Bad(f"answered in {total_seconds:.2f} s (limit {limit:.2f} s)", FailureKind.SLOW)


def decoded(answer: Answer) -> str:
    """Return the body as text, by the charset that its header names."""
    match = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        return answer.body.decode(match[1] if match else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return answer.body.decode("utf-8", "replace")


def _equal(found: Any, expected: Any) -> bool:
    """Compare as JSON does: true is not 1."""
    return isinstance(found, bool) == isinstance(expected, bool) and bool(found == expected)


def _show(value: Any, redactor: Redactor = _NOTHING_TO_HIDE) -> str:
    if value is ABSENT:
        return "absent"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return plain(redactor(json.dumps(value, ensure_ascii=False)), 60)
