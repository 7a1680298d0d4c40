"""What people and files bring: configuration, secrets, quantities, commands, store, recordings, histories, texts."""

import gzip
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.adapters.notifiers.letters import notice
from tests.fuzz.kinds import Parser, json_of, split, text_of, tried
from tests.settings.texts import ALL_SECRETS
from watchdog.adapters.notifiers import slack, slack_message, ticket_markdown, tickets, webhook_body
from watchdog.adapters.notifiers.email import Email, EmailOptions
from watchdog.adapters.notifiers.smtp import Mailbox, MailServer
from watchdog.adapters.options import parse_url
from watchdog.adapters.pagers.pagerduty import alert_key
from watchdog.adapters.recordings.recording_reader import judgement_of, runs_of
from watchdog.adapters.redactor import Redactor
from watchdog.adapters.signals.content_security.policy import judged
from watchdog.adapters.signals.expectations import Expectations
from watchdog.adapters.signals.journeys.course import Stopped, request_of, take
from watchdog.adapters.signals.journeys.session import Session
from watchdog.adapters.signals.journeys.steps import Step
from watchdog.adapters.signals.json_path import JsonPath
from watchdog.adapters.signals.options import check_url, parse_statuses
from watchdog.adapters.signals.pattern import Pattern, TooSlow
from watchdog.adapters.signals.probe_http import Answer
from watchdog.adapters.signals.probe_http import inflate as inflated
from watchdog.adapters.signals.redirects import _location
from watchdog.adapters.signals.served_version import VersionPlace, named_version
from watchdog.adapters.ssrf_transport import shared_context
from watchdog.adapters.stores import check_url as check_store
from watchdog.adapters.stores import codec, postgres_peers, shown_url, stored_prose
from watchdog.adapters.stores.sql import _arguments
from watchdog.app.commands.scenarios import read_scenario
from watchdog.cli.time_argument import parse_moment as parse_past
from watchdog.console.command_service import Invalid, arguments_of
from watchdog.daemon.approvals.chat_commands import typed_arguments
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.commands.human_command import InvalidRequest
from watchdog.domain.errors import ConfigurationError, Permanent
from watchdog.domain.notices import Link
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.units import parse_duration, parse_rate, parse_size, parse_time
from watchdog.replay.imports import IMPORTERS, Wanted
from watchdog.replay.imports.deploys_csv import deploys_of
from watchdog.settings.load.load import load
from watchdog.settings.load.secrets import read_dotenv, read_secrets, unknown_variables
from watchdog.settings.other_tools import configuration_from
from watchdog.settings.rules.recurrence import parse_moment, parse_turn, parse_weekly
from watchdog.settings.schema.urls import http_url
from watchdog.settings.text.first_channels import FirstChannels

NOW = 1_800_000_000.0
FOLDER = Path(tempfile.mkdtemp(prefix="watchdog-fuzz-"))
CODECS = (codec.EVENTS, codec.EFFECTS, codec.STATES, codec.INCIDENTS, codec.SERVICES, codec.FLEETS, codec.SHAREDS)
SIGNALS = {"prometheus": "http", "upptime": "http", "csv": "http", "sentry": "sentry"}
SITE = httpx.URL("https://www.acme.example/shop/login?next=%2Fcart")
STEPS = tuple(
    Step.model_validate({"name": "s", **step})
    for step in (
        {"submit": {}},
        {"submit": {"user": "probe"}, "take": {"token": {"field": "csrf"}}},
        {"path": "/cart/${token}", "headers": {"x-token": "${token}"}, "take": {"token": {"regex": "id=([^ ]+)"}}},
        {"path": "/a?b=${token}", "method": "POST", "body": {"a": "${token}"}, "take": {"token": {"json": "$.id"}}},
        {"path": "/${token}", "take": {"token": {"cookie": "session"}}},
    )
)
"""Each takes a value, and sends it."""
EXPECTED = Expectations(
    contains="</html>",
    json_values=((JsonPath.parse('$.checks[0]["a b"].ok'), True), (JsonPath.parse("$[-1]"), 1)),
    header={"x-a": "b"},
)


def _file(name: str, data: bytes) -> Path:
    path = FOLDER / name
    path.write_bytes(data)
    return path


def configuration(data: bytes) -> object:
    """Load it as each command and each reload does."""
    return str(load(_file("watchdog.yaml", data), ALL_SECRETS, FOLDER).policy.services)


def scenario(data: bytes) -> object:
    """Load it as a fault class of the laboratory."""
    return read_scenario(_file("scenario.yaml", data), FOLDER).name


def dotenv(data: bytes) -> object:
    """Read the secrets of a file beside the configuration, and what is said of names that are not known."""
    folder = FOLDER / "env"
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_bytes(data)
    values, wrong, unread = read_dotenv(folder)
    secrets, mistakes = read_secrets(values)
    return [list(map(str, (*wrong, *mistakes, *unread))), unknown_variables(values), len(secrets)]


def _each(parsers: Mapping[str, Any], value: object) -> list[object]:
    """Return what each makes of a value; a ValueError is an answer."""
    return [tried(ValueError, parse, value) for parse in parsers.values()]


def quantities(data: bytes) -> object:
    """Read a text, and what it may mean as JSON, as each kind of quantity."""
    parsers = {"duration": parse_duration, "size": parse_size, "rate": parse_rate, "time": parse_time}
    parsers |= {"statuses": parse_statuses, "weekly": lambda one: parse_weekly(str(one))}
    words = {"turn": parse_turn, "moment": parse_moment, "past": lambda one: parse_past(one, NOW)}
    return [_each({**parsers, **words}, text_of(data)), _each(parsers, json_of(data))]


def addresses(data: bytes) -> object:
    """Read an address as that of a site, a vendor, a store; and as where a redirect leads."""
    kinds = {"any": parse_url, "probe": check_url, "vendor": http_url, "store": check_store}
    text = text_of(data)
    onward = _location(
        httpx.URL("https://www.acme.example/a/b?c"),
        Answer(302, httpx.Headers([(b"location", data.replace(b"\n", b"").replace(b"\r", b""))]), b"", "127.0.0.1"),
    )
    found = [str(one) for one in _each(kinds, text)]
    return [found, str(onward), shown_url(text), postgres_peers(text)]


def expression(data: bytes) -> object:
    """Take a regular expression, and try it on what follows it."""
    first, page = split(data, 2)
    return tried(TooSlow, Pattern(text_of(first)).finds, text_of(page))


def probe_answer(data: bytes) -> object:
    """Judge a probe's answer: status, a header, body, and the version that it names."""
    status, head, body = split(data, 3)
    headers = httpx.Headers([(b"x-a", head), (b"content-type", head), (b"x-commit", head)])
    answer = Answer(int(status) if status in (b"200", b"429", b"503") else 200, headers, body, "127.0.0.1")
    places = (VersionPlace(header="x-commit"), VersionPlace(json_path="$.version"))
    return [
        EXPECTED.judge(answer, 0.1),
        Expectations(json_values=EXPECTED.json_values).judge(answer, 0.1),
        *(named_version(answer, place) for place in places),
    ]


def page(data: bytes) -> object:
    """Weigh the policy of a header against what a page names, as `csp` does."""
    policy, text = split(data, 2)
    return [directive for _, directive in judged(text_of(text), SITE, [text_of(policy)])[1]]


def journey(data: bytes) -> object:
    """Take an answer's cookies (a line each) and its page, carry values on, and make the next request of them."""
    cookies, text = split(data, 2)
    session = Session(NOW, Redactor())
    headers = httpx.Headers([(b"content-type", cookies[:200]), *((b"set-cookie", one) for one in cookies.split(b"\n"))])
    session.page = Answer(200, headers, text, "127.0.0.1")
    session.took(SITE, session.page)
    found: list[object] = []
    for step in STEPS:
        try:
            take(step, session)
            url, request = request_of(step, SITE, session, {})
        except Stopped as stopped:
            found.append(stopped.reading.why)
            continue
        sent = session.sent(url, request)
        # What cannot be sent would look like a fault of ours.
        httpx.Request(sent.method, url, headers=dict(sent.headers), content=sent.body)
        found.append([str(url), sent.headers, sent.body])
    return [found, session.redactor(text_of(text[:1000]))]


def inflate(data: bytes) -> object:
    from zlib import error as not_zipped

    try:
        return inflated(data, 64 * 1024)
    except not_zipped:
        return b""


def command(data: bytes) -> object:
    """Give every command what a form, a body or a line of chat says."""
    subject, given = split(data, 2)
    said, found = json_of(given), list[object]()
    fields = said if isinstance(said, dict) else {"seconds": text_of(given)}
    for row in ROWS:
        found.append(tried(InvalidRequest, typed_arguments, row, text_of(data).split()[:60]))
        found.append(tried(Invalid, arguments_of, row, text_of(subject), fields))
    return json.dumps(found, allow_nan=False)


def stored(data: bytes) -> object:
    """Read a text as every kind of value that the store holds, and as a command's arguments."""
    text = text_of(data)
    found = [tried(Permanent, lambda one=one: one.encode(one.decode(text))) for one in CODECS]
    stored_prose.note(NOW, "web", "web-1", "NOTIFIED", text)
    stored_prose.action_row(1, "web-1", "web", "rollback", "failed", NOW, NOW, "k", text)
    return [found, _arguments(text)]


def recording(data: bytes) -> object:
    """Read a recording of these lines, and a file of these bytes."""
    path = _file("run-1.jsonl.gz", gzip.compress(data, 1))
    found = [len(list(reader)) for run in runs_of([path]) for reader in run]
    raw = _file("run-2.jsonl.gz", data)
    return [found, judgement_of(path), judgement_of(raw), *(len(list(one)) for run in runs_of([raw]) for one in run)]


def imported(data: bytes) -> object:
    """Read a file as each kind of history, and as a list of deploys."""
    path, found = _file("history", data), list[object]()
    for name, read in IMPORTERS.items():
        for kind in {SIGNALS[name], "latency"} if name in ("prometheus", "csv") else {SIGNALS[name]}:
            try:
                history = read([path], Wanted("web", SignalPolicy("home", kind)))
                found.append([len(history.observed), history.every_seconds, history.notes])
            except ConfigurationError as error:
                found.append(str(error))
    return [found, tried(ConfigurationError, lambda: len(deploys_of(path, 60.0)))]


def other_tools(data: bytes) -> object:
    """Make a configuration of a file as each other tool has it, by its content."""
    return configuration_from([_file("foreign", data)], FirstChannels()).text


def notices(data: bytes) -> object:
    """Send a notice of these foreign words: by mail, to Slack, as a ticket, as JSON, to a pager."""
    words = text_of(data)
    lines = tuple(words.splitlines())
    told = notice(title=words, lines=lines, details=lines, links=(Link(words, words),), incident=words[:200])
    options = EmailOptions.model_validate({"smtp": "h:25", "from": "a@b.example", "to": ["c@b.example"]})
    box = Mailbox(MailServer("h", 25, "none", shared_context()))
    mail = Email(options, box)._mail(told, None).as_bytes()
    box.close()
    chat = webhook_body.filled({"text": "$title $news $details $facts $links"}, told)
    body = json.dumps([slack_message.message(told), webhook_body.as_json(told), chat]).encode("ascii")
    return [mail, body, ticket_markdown.opening(told), ticket_markdown.comment(told), alert_key(told.dedup_key)]


def references(data: bytes) -> object:
    return [slack._known(text_of(data)), tickets._known(text_of(data))]


OURS: dict[str, Parser] = {
    "configuration": Parser(configuration, (ConfigurationError,), longest=32 * 1024, most=8000, times=40),
    "scenario": Parser(scenario, (ConfigurationError,), longest=16 * 1024, most=8000, times=20),
    "dotenv": Parser(dotenv, most=20_000),
    "quantities": Parser(quantities, longest=16 * 1024, times=2),
    "addresses": Parser(addresses, longest=16 * 1024, most=8000, times=12),
    "expression": Parser(expression, (ValueError,), longest=8 * 1024),
    "probe-answer": Parser(probe_answer, longest=256 * 1024),
    "page": Parser(page, (TooSlow,), longest=256 * 1024, most=200_000),
    # A byte that is no character is nine in a form; each step sends all the cookies.
    "journey": Parser(journey, longest=256 * 1024, most=200_000, times=60),
    "inflate": Parser(inflate, most=64 * 1024 + 10),
    "command": Parser(command, longest=16 * 1024, most=60_000, times=2),
    "stored": Parser(stored, most=20_000, times=40),
    "recording": Parser(recording, (ConfigurationError,)),
    "imported": Parser(imported, longest=16 * 1024),
    "other-tools": Parser(other_tools, (ValueError,), longest=16 * 1024, most=8000, times=20),
    # Five texts hold each line twice, as news and as detail, and mail and JSON write six characters for two bytes.
    "notices": Parser(notices, longest=32 * 1024, most=200_000, times=30),
    "references": Parser(references, most=400, times=2),
}
"""Each by its name."""
